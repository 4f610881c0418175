"""What people do with their own accounts: sign up, sign in, fail to, change what protects them."""

from dataclasses import dataclass
from datetime import datetime

from apps.events.act import Act
from apps.flows import devices, own_acts
from apps.flows.judge import judge
from apps.flows.request_facts import RequestFacts
from apps.restrictions import services as restrictions
from apps.risk import live
from apps.risk.sentences import for_user
from apps.users.models import User


@dataclass(frozen=True, slots=True)
class Answer:
    """How a sign-in or sign-up goes on: the engine's outcome, and a sentence for the person."""

    outcome: str
    user_sentence: str = ""


def registered(*, user: User, request_facts: RequestFacts, at: datetime) -> Answer:
    """A person has signed up; BLOCK leaves the account without a session."""
    facts = devices.recognised(user=user, request_facts=request_facts, at=at)
    return _judge(own_acts.act("user.registered", user=user, request_facts=facts, at=at))


def sign_in(*, user: User, request_facts: RequestFacts, at: datetime) -> Answer:
    """A person has shown every factor; BLOCK: no session, STEP_UP: one more proof first."""
    facts = devices.recognised(user=user, request_facts=request_facts, at=at)
    return _judge(own_acts.act("signin.succeeded", user=user, request_facts=facts, at=at))


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
    _judge(own_acts.act("signin.failed", user=user, request_facts=request_facts, at=at, why=why))


def security_changed(
    *, user: User, request_facts: RequestFacts, at: datetime, change: str, how: str = "CHANGED"
) -> None:
    """A person changed a password, totp, passkey, recovery or email: ADDED, CHANGED, REMOVED."""
    _judge(
        own_acts.act(
            "security.changed",
            user=user,
            request_facts=request_facts,
            at=at,
            change=change,
            how=how,
        )
    )


def _judge(act: Act) -> Answer:
    verdict = judge(act).judgement
    if verdict is None:
        raise LookupError("an act with a fresh id was judged before")
    policy = live.compiled(verdict.policy) if verdict.policy else None
    return Answer(verdict.verdict.outcome, for_user(policy, verdict.verdict))
