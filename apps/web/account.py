"""A person's own account."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.users import second_factor
from apps.web.pages import page, trader


@page
def account(request: HttpRequest) -> HttpResponse:
    """Who one is here, and what protects the account."""
    ready = second_factor.is_set_up(trader(request))
    return render(request, "account/home.html", {"second_factor": ready})
