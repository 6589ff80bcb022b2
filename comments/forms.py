"""A comment as a person types it."""

from django import forms

from common.guarded import NO_PATIENTS, GuardedForm


class CommentForm(GuardedForm):
    text = forms.CharField(
        label="Your comment",
        max_length=2000,
        help_text=f"@ and a name tells that person. {NO_PATIENTS}",
        widget=forms.Textarea(attrs={"rows": 2, "data-mention": "", "autocomplete": "off"}),
        error_messages={"required": "Write something first."},
    )
