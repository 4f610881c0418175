"""An app from its first day on: it signs up and trades with another phone, over HTTP."""

import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from apps.trades.models import Order
from apps.users.models import User
from tests.phones import Phones, hold_to_document
from tests.signing_in import PASSWORD, QUICK_HASHERS, code_for
from tests.stories.test_desk_api import session_of

SIGN_IN = "/_allauth/app/v1"


@dataclass
class App:
    """One installation of the app: a base address and, once signed in, a session token."""

    url: str
    http: requests.Session = field(default_factory=requests.Session)
    token: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    def headers(self, **more: str) -> dict[str, str]:
        token = {"X-Session-Token": self.token} if self.token else {}
        return {"User-Agent": "ExampleApp/1.0 okhttp/4.12", **token, **more}

    def auth(self, path: str, body: Any = None, method: str = "POST") -> requests.Response:
        """A call of the sign-in half."""
        answer = self.http.request(
            method, f"{self.url}{SIGN_IN}{path}", json=body, headers=self.headers(), timeout=30
        )
        told = answer.json()
        self.token = told.get("meta", {}).get("session_token") or self.token
        return answer

    def get(self, path: str) -> requests.Response:
        """A poll: with the tag of the last answer."""
        tag = {"If-None-Match": self.tags[path]} if path in self.tags else {}
        answer = self.http.get(f"{self.url}/api/v1{path}", headers=self.headers(**tag), timeout=30)
        held(answer, "GET", path, None)
        self.tags[path] = answer.headers.get("ETag", "")
        return answer

    def post(self, path: str, body: Any = None, key: str = "") -> requests.Response:
        """A deed, under a new key or this one."""
        headers = self.headers(**{"Idempotency-Key": key or str(uuid4())})
        answer = self.http.post(f"{self.url}/api/v1{path}", json=body, headers=headers, timeout=30)
        held(answer, "POST", path, body)
        return answer


def held(answer: Any, method: str, path: str, body: Any) -> None:
    hold_to_document(method, f"/api/v1{path}", body, answer)


@pytest.fixture
def desk(committed_phones: Phones, settings: Any) -> Phones:
    """A desk on which people may sign up, and of which no guard looks at this test's machine."""
    settings.ACCOUNT_RATE_LIMITS = False
    settings.PASSWORD_HASHERS = QUICK_HASHERS
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"
    return committed_phones


def signed_up(url: str, name: str) -> tuple[App, User]:
    """Somebody installs the app and signs up; the desk then verifies who they are."""
    app = App(url)
    email = f"{name}@example.org"
    answer = app.auth("/auth/signup", {"email": email, "password": PASSWORD, "display_name": name})
    assert answer.status_code == 200, answer.text
    user = User.objects.get(email=email)
    user.kyc_level, user.kyc_country, user.legal_name = 3, "DE", f"{name.title()} Example"
    user.save()
    EmailAddress.objects.filter(user=user).update(verified=True)
    return app, user


def with_second_factor(app: App) -> str:
    """The person sets up an authenticator app; its secret."""
    assert app.auth("/auth/reauthenticate", {"password": PASSWORD}).status_code == 200
    secret = str(app.auth("/account/authenticators/totp", method="GET").json()["meta"]["secret"])
    answer = app.auth("/account/authenticators/totp", {"code": code_for(secret)})
    assert answer.status_code == 200, answer.text
    return secret


def test_two_phones_trade_from_signing_up_to_the_release(desk: Phones, live_server: Any) -> None:
    bob, _ = signed_up(live_server.url, "bob")
    alice, seller = signed_up(live_server.url, "alice")
    desk.desk.people["alice"] = seller
    desk.desk.merchant("alice")
    desk.desk.funds("alice")
    secret = with_second_factor(alice)

    said = {"rail": "sepa_instant", "holder": "Alice Example", "number": "DE02120300000000202051"}
    own = alice.post("/accounts", said).json()["id"]
    ad = alice.post(
        "/ads",
        {
            "side": "SELL", "asset": "USDT-TRC20", "fiat": "EUR", "price_type": "FIXED",
            "price": "0.93", "quantity": "1000", "min_fiat": "10", "max_fiat": "900",
            "window_min": 30, "rails": [{"rail": "sepa_instant", "account": own}],
        },
    )  # fmt: skip
    assert ad.status_code == 201, ad.text

    said = {"rail": "sepa_instant", "holder": "Bob Example", "number": "DE02500105170137075030"}
    paying = bob.post("/accounts", said).json()["id"]
    market = bob.get("/market?asset=USDT-TRC20&fiat=EUR&side=SELL&amount=93").json()
    offer = market["offers"][0]
    wish = {
        "ad": offer["ad"], "rail": "sepa_instant", "fiat_amount": "93", "account": paying,
        "price": offer["price"],
    }  # fmt: skip
    key = str(uuid4())
    first, retried = bob.post("/orders", wish, key), bob.post("/orders", wish, key)
    assert first.status_code == 201, first.text
    assert (retried.json(), retried.headers["Idempotent-Replayed"]) == (first.json(), "true")
    assert Order.objects.count() == 1

    here = f"/orders/{first.json()['order']['id']}"
    assert [bob.get(here).status_code for _ in range(3)] == [200, 304, 304]
    assert alice.get(here).json()["role"] == "SELLER"
    assert bob.post(f"{here}/messages", {"text": "Sent."}).status_code == 201
    assert bob.get(here).status_code == 200
    lines = alice.get(f"{here}/messages?after=1").json()["lines"]
    assert [(line["sender"], line["text"]) for line in lines] == [("PARTNER", "Sent.")]
    assert bob.post(f"{here}/pay", {}).json()["order"]["status"] == "PAID"

    # A second phone of hers signs in with both factors, and needs to confirm nothing again so soon.
    tablet = App(live_server.url)
    tablet.auth("/auth/login", {"email": seller.email, "password": PASSWORD})
    login = tablet.auth("/auth/2fa/authenticate", {"code": another(secret)})
    assert login.status_code == 200, login.text
    assert tablet.get("/me").json()["confirmed"] is True
    looked = {"arrived": True, "from_named_payer": True, "in_full": True}
    done = tablet.post(f"{here}/release", looked)
    assert done.status_code == 200, done.text
    assert done.json()["order"]["status"] == "COMPLETED"
    assert alice.get(here).json()["status"] == "COMPLETED"
    balances = {one["asset"]: one["available"] for one in bob.get("/wallet/balances").json()}
    assert balances["USDT-TRC20"] == "100"

    sessions = {one["is_current"]: one["id"] for one in alice.get("/me/sessions").json()}
    ended = alice.auth("/auth/sessions", {"sessions": [sessions[False]]}, method="DELETE")
    assert ended.status_code == 200, ended.text
    assert tablet.get("/me").status_code == 401


def test_a_stale_session_confirms_and_then_releases(desk: Phones, live_server: Any) -> None:
    order = desk.desk.order(step="PAID")
    user = User.objects.get(pk=order.seller_id)
    user.set_password(PASSWORD)
    user.save()
    app = App(live_server.url)
    app.auth("/auth/login", {"email": user.email, "password": PASSWORD})
    session = session_of(app.token)
    session["account_authentication_methods"] = []
    session.save()
    looked = {"arrived": True, "from_named_payer": True, "in_full": True}
    refused = app.post(f"/orders/{order.pk}/release", looked)
    assert refused.json()["code"] == "CONFIRM_IDENTITY"
    where = refused.json()["confirm"]
    assert where == {"with": "PASSWORD", "url": f"{SIGN_IN}/auth/reauthenticate"}
    confirmed = app.auth(where["url"].removeprefix(SIGN_IN), {"password": PASSWORD})
    assert confirmed.status_code == 200, confirmed.text
    assert app.post(f"/orders/{order.pk}/release", looked).status_code == 200


def another(secret: str) -> str:
    """The next code: each works once."""
    used = int(time.time()) // 30
    while int(time.time()) // 30 == used:
        time.sleep(0.5)
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))
