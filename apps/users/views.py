"""The admin's door."""

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse


@login_not_required
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """The admin has no sign-in of its own: one goes through the door that is watched."""
    if request.user.is_authenticated:
        # Sent here although signed in: not staff. Sending them back would go on for ever.
        raise PermissionDenied
    return redirect(f"{reverse('account_login')}?{request.GET.urlencode()}")
