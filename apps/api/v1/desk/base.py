"""What the views for people share: a session, deeds done once, lists that are cheap to poll."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import wraps
from io import BytesIO
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from rest_framework import serializers as s
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.api.strict_json import StrictJSONParser
from apps.api.v1.base import checked
from apps.core import clock
from apps.core.errors import Refused
from apps.core.idempotency import idempotent
from apps.core.problems import refusal
from apps.core.throttle import BucketThrottle
from apps.flows.request_facts import Channel, RequestFacts, facts_of
from apps.users import second_factor
from apps.users.authentication import BrowserSessionAuthentication, SessionTokenAuthentication
from apps.users.models import User

OF_PAGES = ("cursor", "limit")
CONFIRM = "CONFIRM_IDENTITY"
#: Where one shows again who one is, by channel.
REAUTHENTICATE = {
    Channel.APP: "/_allauth/app/v1/auth/",
    Channel.BROWSER: "/_allauth/browser/v1/auth/",
}


class TraderThrottle(BucketThrottle):
    """One bucket per person for what they look at."""

    scope = "desk"


class DeedThrottle(BucketThrottle):
    """And one, smaller, for what they do."""

    scope = "desk.deed"
    rate_per_s = 5.0
    burst = 30.0

    def allow_request(self, request: Any, view: Any) -> bool:
        return request.method == "GET" or super().allow_request(request, view)


class IsTrader(BasePermission):
    """Somebody of ours has signed in."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, User) and request.user.is_active


class DeskView(APIView):
    """A view for people: an app's session token, or a browser's session with its CSRF token."""

    authentication_classes = [SessionTokenAuthentication, BrowserSessionAuthentication]
    permission_classes = [IsTrader]
    throttle_classes = [TraderThrottle, DeedThrottle]
    parser_classes = [StrictJSONParser]

    @property
    def actor(self) -> User:
        """Who asks."""
        user = self.request.user
        assert isinstance(user, User)
        return user

    @property
    def at(self) -> datetime:
        """When: read once."""
        if not hasattr(self, "_at"):
            self._at = clock.now()
        return self._at

    @property
    def session(self) -> Any:
        """The session in which they ask: the token's, or the browser's."""
        return self.request.auth or self.request.session

    @property
    def channel(self) -> Channel:
        """How they ask."""
        return Channel.APP if self.request.auth else Channel.BROWSER

    @property
    def facts(self) -> RequestFacts:
        """What their request tells the engine."""
        return replace(
            facts_of(self.request, user=self.actor),
            client=str(self.channel),
            second_factor=second_factor.was_used(session=self.session, user=self.actor),
        )

    @property
    def confirmed(self) -> bool:
        """Whether they have shown again who they are in the last minutes."""
        return second_factor.was_confirmed(session=self.session, user=self.actor)

    def said(self, serializer: type[s.Serializer[Any]]) -> dict[str, Any]:
        """The body, checked: 422 field by field, and for every field that is not known."""
        return checked(serializer(data=self.request.data))

    def asked(self, serializer: type[s.Serializer[Any]]) -> dict[str, Any]:
        """The query's parameters, checked likewise; those of pages are left to the pages."""
        given = self.request.query_params.dict()
        if hasattr(self, "pagination_class"):
            given = {name: value for name, value in given.items() if name not in OF_PAGES}
        return checked(serializer(data=given))

    def refused(self, refused: Refused) -> HttpResponse:
        """A refusal; where a proof is missing, with the address to give it at."""
        more = None
        if refused.code == CONFIRM:
            has_factor = second_factor.is_set_up(self.actor)
            more = {
                "confirm": {
                    "with": "SECOND_FACTOR" if has_factor else "PASSWORD",
                    "url": REAUTHENTICATE[self.channel]
                    + ("2fa/reauthenticate" if has_factor else "reauthenticate"),
                }
            }
        return refusal(self.request, refused, more)


View = Callable[..., HttpResponseBase]


def deed(method: View) -> View:
    """A POST that moves something: its Idempotency-Key is required, and it is done once.

    What was recorded and then refused (a BLOCK) is answered the same when it is sent again.
    """

    @wraps(method)
    def told(view: DeskView, request: Request, **kwargs: Any) -> HttpResponseBase:
        try:
            return method(view, request, **kwargs)
        except Refused as refused:
            return view.refused(refused)

    wrapped: View = idempotent(required=True)(told)
    wrapped.is_deed = True  # type: ignore[attr-defined]
    return wrapped


def file_deed(method: View) -> View:
    """The same for a body that is a file: read whole, but no sooner than we know whose it is."""
    done = deed(method)

    @wraps(done)
    def read(view: DeskView, request: Request, **kwargs: Any) -> HttpResponseBase:
        raw: Any = request._request
        if not hasattr(raw, "_body"):
            # Django keeps fewer bytes in memory; the view's max_body has bounded these.
            raw._body = raw.read()
            raw._stream = BytesIO(raw._body)
        return done(view, request, **kwargs)

    return read


def polled(request: Request, data: Any) -> HttpResponse:
    """An answer that is asked for again and again: 304 while it is the same as last time."""
    return tagged(request, JSONRenderer().render(data), content_type="application/json")


def tagged(request: Request, body: bytes, *, content_type: str) -> HttpResponse:
    """These bytes under an ETag, or 304 to whoever has them already."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if known == ["*"] or tag in [one.removeprefix("W/") for one in known]:
        answer = HttpResponse(status=304)
    else:
        answer = HttpResponse(body, content_type=content_type)
    answer["ETag"] = tag
    answer["Cache-Control"] = "private, no-cache"
    patch_vary_headers(answer, ["Cookie", "X-Session-Token"])
    return answer


def listed(view: DeskView, rows: Any, words: Callable[[list[Any]], list[Mapping[str, Any]]]) -> Any:
    """One page of rows, newest first, in words; polled."""
    pages = view.pagination_class()  # type: ignore[attr-defined]
    page = pages.paginate_queryset(rows, view.request, view=view) or []
    return polled(view.request, pages.get_paginated_response(words(page)).data)
