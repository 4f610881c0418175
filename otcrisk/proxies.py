"""The address a request comes from, when proxies of ours stand in between."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase


class RealAddress:
    """Put the client's address into REMOTE_ADDR, so that nobody else ever reads X-Forwarded-For.

    Each of our TRUSTED_PROXIES appends the address it was called from; what stands further left was written by
    whoever called the outermost one and is not believed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.TRUSTED_PROXIES:
            hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
            if len(hops) >= settings.TRUSTED_PROXIES:
                request.META["REMOTE_ADDR"] = hops[-settings.TRUSTED_PROXIES]
        return self.get_response(request)
