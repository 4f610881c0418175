"""Where static/js/rhythm.js tells how somebody types and touches, before and after they sign in."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from apps.core import clock
from apps.core.errors import Refused
from apps.core.problems import refusal
from apps.core.throttle import BucketThrottle
from apps.devices import habits
from apps.devices.cookies import device_token_of
from apps.flows import devices
from apps.users.models import User
from apps.web.device import in_turn


class RhythmThrottle(BucketThrottle):
    """A page tells at most twenty times; many people may share an address."""

    scope = "web.rhythm"
    rate_per_s = 2.0
    burst = 60.0


@login_not_required
@require_POST
def tell(request: HttpRequest) -> HttpResponse:
    """204, whether or not the device is known: nothing is told in return."""
    try:
        in_turn(request, RhythmThrottle())
        if int(request.META.get("CONTENT_LENGTH") or 0) > habits.MOST_BYTES:
            raise Refused("RHYTHM_TOO_LARGE", 413, "A summary is small.")
        devices.behaved(
            view=habits.read(request.body),
            presented_token=device_token_of(request),
            user=request.user if isinstance(request.user, User) else None,
            at=clock.now(),
        )
    except Refused as refused:
        return refusal(request, refused)
    return HttpResponse(status=204)
