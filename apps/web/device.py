"""Where static/js/device.js says which machine this is, before and after somebody signed in."""

import math

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from apps.core import clock
from apps.core.errors import Refused
from apps.core.problems import refusal
from apps.core.throttle import BucketThrottle
from apps.devices import submission
from apps.devices.cookies import device_token_of, keep_device_token
from apps.flows import devices
from apps.flows.request_facts import facts_of
from apps.users.models import User


class RegistrationThrottle(BucketThrottle):
    """One page load asks once; many people may share an address."""

    scope = "web.device"
    rate_per_s = 1.0
    burst = 30.0


@login_not_required
@require_POST
def register(request: HttpRequest) -> HttpResponse:
    """204 and, for a device that has none, its token in a cookie that no script can read."""
    try:
        in_turn(request, RegistrationThrottle())
        said = submission.read(_body(request))
        user = request.user if isinstance(request.user, User) else None
        registration = devices.register(
            said=said,
            presented_token=device_token_of(request),
            user=user,
            request_facts=facts_of(request, user=user),
            at=clock.now(),
        )
    except Refused as refused:
        return refusal(request, refused)
    response = HttpResponse(status=204)
    if registration.token:
        keep_device_token(response, registration.token)
    return response


def in_turn(request: HttpRequest, throttle: BucketThrottle) -> None:
    """Refused when this address asks too often."""
    if not throttle.allow_request(request, None):
        raise Refused(
            "TOO_MANY_REQUESTS",
            429,
            "Too many requests: wait, then try again.",
            retry_after=math.ceil(throttle.waiting),
        )


def _body(request: HttpRequest) -> bytes:
    # Refused before a byte of it is read.
    if int(request.META.get("CONTENT_LENGTH") or 0) > submission.MOST_BYTES:
        raise Refused(
            submission.SUBMISSION_TOO_LARGE,
            413,
            f"A device description has at most {submission.MOST_BYTES} bytes.",
        )
    return request.body
