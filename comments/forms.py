"""What somebody types when they open a discussion or say something in one."""

import re
import unicodedata
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from comments.models import APPEAL_MAX, BODY_MAX, COMMENT_MAX, TITLE_MAX, VERDICT_MAX, Act, Report

# Marks that turn the direction of what follows: in a title they would rewrite the page around it.
DIRECTION = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
MARKS_MAX = 4
TICKED = re.compile(r"[1-9][0-9]{0,17}(\.[0-9a-f]{16})?\Z", re.ASCII)
ROW_KEY = re.compile(r"[1-9][0-9]{0,17}\Z", re.ASCII)


def readable(text: str) -> str:
    """Return the text; raise ValidationError for what would break the page of others."""
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise ValidationError("Some of these characters are only halves. Type them again.")
    if DIRECTION & set(text):
        raise ValidationError("Leave out the hidden marks that turn the direction of the text.")
    row = 0
    for sign in text:
        row = row + 1 if unicodedata.combining(sign) else 0
        if row > MARKS_MAX:
            raise ValidationError("Too many marks are stacked on one letter.")
    if not any(sign.isprintable() and not sign.isspace() for sign in text):
        raise ValidationError("Say something that can be seen.")
    return text


class SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """A list of files that came with a form; none is an empty list."""

    widget = SeveralFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        single = super().clean
        return [single(each, initial) for each in data or []]


class AttachForm(forms.Form):
    """Files for what is being written: new ones, and some that the person has already; at most `most` together."""

    sent = SeveralFilesField(required=False, allow_empty_file=True, max_length=None)
    kept = forms.TypedMultipleChoiceField(required=False, coerce=int)

    def __init__(self, data: QueryDict | None, sent: Any, *, most: int) -> None:
        super().__init__(data, sent)
        self.most = most
        ticked = data.getlist("kept")[: most + 1] if data else []
        field = cast(forms.TypedMultipleChoiceField, self.fields["kept"])
        field.choices = [(each, each) for each in ticked if ROW_KEY.match(each)]

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        if len(found.get("sent") or []) + len(found.get("kept") or []) > self.most:
            self.add_error("sent", f"At most {self.most} files can be attached.")
        return found


class DiscussionWordsForm(forms.Form):
    """What a discussion says."""

    title = forms.CharField(max_length=TITLE_MAX, help_text="What it is about, in a few words.")
    body = forms.CharField(
        label="Text",
        max_length=BODY_MAX,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text="Markdown: *emphasis*, lists, links, tables, code.",
    )

    def clean_title(self) -> str:
        title = str(self.cleaned_data["title"])
        if any(unicodedata.category(sign) == "Cc" for sign in title):
            raise ValidationError("A title is one line.")
        return readable(title)

    def clean_body(self) -> str:
        return readable(str(self.cleaned_data["body"]))


class DiscussionForm(DiscussionWordsForm):
    tags = forms.CharField(
        required=False,
        max_length=1000,
        widget=forms.TextInput(attrs={"data-tag-field": "", "list": "tags-in-use", "autocomplete": "off"}),
        help_text="At most ten, with commas between them: what others may look for.",
    )


class CommentForm(forms.Form):
    body = forms.CharField(
        label="Your words",
        max_length=COMMENT_MAX,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Markdown: *emphasis*, lists, links, tables, code, @name.",
    )
    parent = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # A page can hold several of these forms.
        kwargs.setdefault("auto_id", "id_comment_%s")
        super().__init__(*args, **kwargs)

    def clean_body(self) -> str:
        return readable(str(self.cleaned_data["body"]))


class FollowForm(forms.Form):
    follow = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])
    back = forms.ChoiceField(required=False, choices=[("followed", "followed")])


class VoteForm(forms.Form):
    vote = forms.ChoiceField(choices=[("up", "up"), ("down", "down"), ("none", "none")])


class ReportForm(forms.Form):
    reason = forms.ChoiceField(choices=Report.Reason.choices, widget=forms.RadioSelect)
    note = forms.CharField(
        label="Anything to add?", required=False, max_length=VERDICT_MAX, help_text="Only moderators read it."
    )

    def clean_note(self) -> str:
        note = str(self.cleaned_data["note"])
        return readable(note) if note else ""


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=VERDICT_MAX)

    def clean_reason(self) -> str:
        return readable(str(self.cleaned_data["reason"]))


ACTS = [(kind, kind) for kind in ("hide", "remove", "restore", "keep")]


class ActForm(ReasonForm):
    """What a moderator does to a comment or a discussion; a hidden or removed comment shows the reason to everybody."""

    kind = forms.ChoiceField(choices=ACTS)
    # The mark of what they read.
    seen = forms.CharField(required=False, max_length=16)


def _ticked(value: str) -> tuple[int, str]:
    key, _, seen = value.partition(".")
    return int(key), seen


class ManyActsForm(ReasonForm):
    """The same act for everything that was ticked: keys, each with the mark of what was read, `12.0123456789abcdef`."""

    MOST = 100

    kind = forms.ChoiceField(choices=ACTS)
    comments = forms.TypedMultipleChoiceField(coerce=_ticked, required=False)
    discussions = forms.TypedMultipleChoiceField(coerce=_ticked, required=False)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        for name in ("comments", "discussions"):
            ticked = data.getlist(name)[: self.MOST]
            field = cast(forms.TypedMultipleChoiceField, self.fields[name])
            field.choices = [(each, each) for each in ticked if TICKED.match(each)]

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        if not self.errors and not (found["comments"] or found["discussions"]):
            self.add_error("comments", "Tick at least one.")
        return found


class ThreadActForm(ReasonForm):
    kind = forms.ChoiceField(choices=[(kind, kind) for kind in ("lock", "unlock", "before", "after")])


class PinForm(ReasonForm):
    kind = forms.ChoiceField(choices=[(Act.Kind.PIN, "pin"), (Act.Kind.UNPIN, "unpin")])


class AuthorActForm(ReasonForm):
    """What a moderator does about who wrote something."""

    kind = forms.ChoiceField(choices=[(kind, kind) for kind in (Act.Kind.WARN, Act.Kind.MUTE, Act.Kind.LIMIT)])
    days = forms.IntegerField(required=False, min_value=1, max_value=365)

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("kind") in (Act.Kind.MUTE, Act.Kind.LIMIT) and not self.cleaned_data.get("days"):
            self.add_error("days", "For how many days?")
        return self.cleaned_data


class AppealForm(forms.Form):
    text = forms.CharField(
        label="What should be seen otherwise?", max_length=APPEAL_MAX, widget=forms.Textarea(attrs={"rows": 4})
    )

    def clean_text(self) -> str:
        return readable(str(self.cleaned_data["text"]))


class DecisionForm(forms.Form):
    granted = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])
    answer = forms.CharField(max_length=VERDICT_MAX)

    def clean_answer(self) -> str:
        return readable(str(self.cleaned_data["answer"]))
