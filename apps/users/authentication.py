"""Who asks the API: an app by its session token, a browser by its session; the rules of pages."""

from typing import Any

from allauth.headless.contrib.rest_framework.authentication import XSessionTokenAuthentication
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from apps.users import second_factor
from apps.users.models import User


class SessionTokenAuthentication(XSessionTokenAuthentication):
    """The person of a session token; staff only with a second factor in that session."""

    def authenticate(self, request: Request) -> tuple[User, Any] | None:
        if not self.get_session_token(request):
            return None
        found = super().authenticate(request)
        if found is None:
            raise AuthenticationFailed("This session has ended. Sign in again.", "SESSION_ENDED")
        user, session = found
        if not user.is_active:
            raise AuthenticationFailed("This account is closed.", "ACCOUNT_CLOSED")
        if user.is_staff and not second_factor.opens_console(session=session, user=user):
            raise PermissionDenied("Staff need a second factor.", "SECOND_FACTOR_REQUIRED")
        return user, session

    def authenticate_header(self, request: Request) -> str:
        return "X-Session-Token"


class BrowserSessionAuthentication(SessionAuthentication):
    """The person of a browser's session; what is not a GET needs the CSRF token in its header."""

    def enforce_csrf(self, request: Request) -> None:
        # Django would look for the token in a form too, and so read a body that is none: whoever
        # wants the bytes of it (the idempotency key's digest, a file) would come too late.
        plain: Any = request._request
        plain._post, plain._files = QueryDict(), MultiValueDict()
        super().enforce_csrf(plain)
