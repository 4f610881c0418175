"""What sign-up asks beyond e-mail and password."""

import re

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.users.models import User

# Letters of any script, digits, and single signs between them.
NICKNAME = re.compile(r"[^\W_]+(?:[ ._-][^\W_]+)*")


class Nickname(forms.Form):
    """The name by which other traders know the person; optional."""

    display_name = forms.CharField(
        label=_("Nickname"),
        required=False,
        min_length=3,
        max_length=40,
        help_text=_("Other traders see it. Leave it empty to get one made for you."),
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )

    def clean_display_name(self) -> str:
        name: str = self.cleaned_data["display_name"].strip()
        if name and not NICKNAME.fullmatch(name):
            raise forms.ValidationError(
                _("Use letters and digits, with single spaces, dots or dashes between them.")
            )
        return name

    def signup(self, request: HttpRequest, user: User) -> None:
        """Called by allauth once the person is saved."""
        user.display_name = self.cleaned_data["display_name"]
        user.save(update_fields=["display_name"])
