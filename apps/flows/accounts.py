"""What people do with their own accounts: sign up, sign in, fail to, change what protects them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.core.ids import uuid7
from apps.events.act import Act, Party
from apps.flows import devices
from apps.flows.judge import judge
from apps.flows.request_facts import RequestFacts
from apps.restrictions import services as restrictions
from apps.risk import live
from apps.risk.sentences import for_user
from apps.users.models import DESK, User


@dataclass(frozen=True, slots=True)
class Answer:
    """How a sign-in or sign-up goes on: the engine's outcome, and a sentence for the person."""

    outcome: str
    user_sentence: str = ""


def registered(*, user: User, request_facts: RequestFacts, at: datetime) -> Answer:
    """A person has signed up; BLOCK leaves the account without a session."""
    facts = devices.recognised(user=user, request_facts=request_facts, at=at)
    return _judge(_act("user.registered", user, facts, at))


def sign_in(*, user: User, request_facts: RequestFacts, at: datetime) -> Answer:
    """A person has shown every factor; BLOCK: no session, STEP_UP: one more proof first."""
    facts = devices.recognised(user=user, request_facts=request_facts, at=at)
    return _judge(_act("signin.succeeded", user, facts, at))


def signed_in(*, user: User, request_facts: RequestFacts, at: datetime, proven: bool) -> None:
    """The session begins: from now on this device is one of the person's own.

    `proven` says that the proof was given which a STEP_UP asked for: what waited for it is lifted.
    """
    devices.seen(user=user, request_facts=request_facts, at=at)
    if proven:
        restrictions.satisfy_sign_in(user=user.entity_id, at=at)


def sign_in_failed(
    *, user: User | None, request_facts: RequestFacts, at: datetime, why: str
) -> None:
    """Somebody failed to sign in (`why`: password, second_factor, email_code); maybe to nobody."""
    _judge(_act("signin.failed", user, request_facts, at, why=why))


def security_changed(*, user: User, request_facts: RequestFacts, at: datetime, change: str) -> None:
    """A person changed a password, totp, passkey, recovery or email."""
    _judge(_act("security.changed", user, request_facts, at, change=change))


def _act(kind: str, user: User | None, facts: RequestFacts, at: datetime, **data: Any) -> Act:
    person = Party("user", DESK, str(user.id)) if user else None
    said: dict[str, Any] = {"session_verified": facts.second_factor, "channel": facts.client}
    said |= {**facts.device_signals, **data}
    if user and user.kyc_country:
        said["kyc_country"] = user.kyc_country
    return Act(
        id=uuid7(at),
        at=at,
        kind=kind,
        scope=DESK,
        user=person,
        actor=person,
        device=Party("device", DESK, str(facts.device_id)) if facts.device_id else None,
        ip=Party("ip", "", facts.ip) if facts.ip else None,
        data=said,
    )


def _judge(act: Act) -> Answer:
    verdict = judge(act).judgement
    if verdict is None:
        raise LookupError("an act with a fresh id was judged before")
    policy = live.compiled(verdict.policy) if verdict.policy else None
    return Answer(verdict.verdict.outcome, for_user(policy, verdict.verdict))
