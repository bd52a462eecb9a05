"""What an operator says when they finish or expire a key."""

from django import forms


class InterventionForm(forms.Form):
    reason = forms.CharField(label="Why", max_length=200, help_text="Kept with your name.")
