"""The browser's copy of the device token."""

from django.http import HttpRequest, HttpResponse

DEVICE_COOKIE = "otc_device"
# What browsers grant at most; every registration that issues a token starts it anew.
MAX_AGE_SECONDS = 400 * 24 * 3600


def device_token_of(request: HttpRequest) -> str | None:
    """The device token that the browser presents, if any."""
    return request.COOKIES.get(DEVICE_COOKIE) or None


def keep_device_token(response: HttpResponse, token: str) -> None:
    """Have the browser keep the token where no script can read it."""
    response.set_cookie(
        DEVICE_COOKIE,
        token,
        max_age=MAX_AGE_SECONDS,
        path="/",
        secure=True,
        httponly=True,
        samesite="Lax",
    )
