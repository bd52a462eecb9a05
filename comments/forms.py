"""What somebody types when they open a discussion."""

import unicodedata

from django import forms
from django.core.exceptions import ValidationError

from comments.models import BODY_MAX, TITLE_MAX

# Marks that turn the direction of what follows: in a title they would rewrite the page around it.
DIRECTION = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
MARKS_MAX = 4


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


class DiscussionForm(forms.Form):
    title = forms.CharField(max_length=TITLE_MAX, help_text="What it is about, in a few words.")
    body = forms.CharField(
        label="Text",
        max_length=BODY_MAX,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text="Markdown: *emphasis*, lists, links, tables, code.",
    )

    tags = forms.CharField(
        required=False,
        max_length=1000,
        widget=forms.TextInput(attrs={"data-tag-field": "", "list": "tags-in-use", "autocomplete": "off"}),
        help_text="At most ten, with commas between them: what others may look for.",
    )

    def clean_title(self) -> str:
        title = str(self.cleaned_data["title"])
        if any(unicodedata.category(sign) == "Cc" for sign in title):
            raise ValidationError("A title is one line.")
        return readable(title)

    def clean_body(self) -> str:
        return readable(str(self.cleaned_data["body"]))
