"""What a press of a reaction's button sends."""

from django import forms

from likes import kinds


class ReactionForm(forms.Form):
    kind = forms.ChoiceField(
        choices=[(kind.slug, kind.word) for kind in kinds.ALL.values()],
        error_messages={"invalid_choice": "There is no such reaction."},
    )
    next = forms.CharField(required=False, max_length=2000)


class NoticeForm(forms.Form):
    mails = forms.ChoiceField(choices=[("on", "on"), ("off", "off")])
