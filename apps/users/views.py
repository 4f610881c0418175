"""Where one arrives after signing in, and the admin's door."""

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from apps.users import second_factor
from apps.users.models import User


def home(request: HttpRequest) -> HttpResponse:
    """Staff go on to the console, everybody else sees their own account."""
    user = request.user
    if isinstance(user, User) and user.is_staff:
        return redirect("console:home")
    ready = isinstance(user, User) and second_factor.is_set_up(user)
    return render(request, "account/home.html", {"second_factor": ready})


@login_not_required
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """The admin has no sign-in of its own: one goes through the door that is watched."""
    if request.user.is_authenticated:
        # Sent here although signed in: not staff. Sending them back would go on for ever.
        raise PermissionDenied
    return redirect(f"{reverse('account_login')}?{request.GET.urlencode()}")
