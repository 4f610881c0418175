"""The registry: which acts are counted for whom, and which links are kept.

A stream is a named predicate over events; its `when` is an expression of the rule language, so
that one text is evaluated on an event online and on columns offline. Numbers are for ever: they are
part of the stored keys. See docs/decisions/0002-velocity.md.
"""

from dataclasses import dataclass
from functools import cache

from apps.risk.vocabulary import KIND_OF_ROLE, KINDS, Role


@dataclass(frozen=True, slots=True)
class Stream:
    """Events of `kinds` (None: all) for which `when` holds, counted for the entity in `role`."""

    number: int
    name: str
    role: Role
    kinds: tuple[str, ...] | None
    doc: str
    when: str | None = None
    #: False where only the totals of a whole life are ever asked for: no points are kept.
    windowed: bool = True


@dataclass(frozen=True, slots=True)
class Relation:
    """Partners in role `b` of the entity in role `a`, met by events of `kinds`.

    Two relations share each stored link: an odd number reads it as it was written, the even number
    after it from the other end (the view risk_link shows both).
    """

    number: int
    name: str
    a: Role
    b: Role
    kinds: tuple[str, ...] | None
    doc: str

    @property
    def is_stored(self) -> bool:
        """True for the relation under which the link is written."""
        return self.number % 2 == 1


U, C, D = Role.USER, Role.CP, Role.DEVICE
DEALS = ("order.created", "withdrawal.requested")
REPORTS = ("chargeback.reported", "freeze.reported")

STREAMS: tuple[Stream, ...] = (
    Stream(1, "acts", U, None, "everything the user did"),
    Stream(2, "signins", U, ("signin.succeeded",), "sign-ins"),
    Stream(3, "failures", U, ("signin.failed",), "failed sign-ins"),
    Stream(4, "orders", U, ("order.created",), "orders opened"),
    Stream(5, "bought", U, ("order.completed",), "purchases completed", "side == 'buy'"),
    Stream(6, "sold", U, ("order.completed",), "sales completed", "side == 'sell'"),
    Stream(7, "cancelled", U, ("order.cancelled",), "orders cancelled"),
    Stream(8, "paid", U, ("order.paid",), "orders marked as paid"),
    Stream(9, "reverted", U, ("order.paid_reverted",), "paid marks taken back"),
    Stream(10, "released", U, ("order.released",), "releases"),
    Stream(11, "appeals", U, ("appeal.opened",), "appeals opened"),
    Stream(12, "faults", U, ("appeal.decided",), "appeals lost", "at_fault"),
    Stream(13, "reports", U, REPORTS, "chargebacks and freezes reported against the user"),
    Stream(14, "deposits", U, ("deposit.confirmed",), "deposits"),
    Stream(15, "withdrawals", U, ("withdrawal.requested",), "withdrawals asked for"),
    Stream(16, "security", U, ("security.changed",), "security settings changed"),
    Stream(17, "payees", U, ("account.added",), "payment accounts added"),
    Stream(18, "wallets", U, ("address.added",), "crypto addresses added"),
    Stream(
        19,
        "edged",
        U,
        DEALS,
        "orders and withdrawals of 800 to 999.99 USD (just below a limit)",
        "amount_usd >= 800 and amount_usd < 1000",
    ),
    Stream(20, "rounds", U, ("order.created",), "orders of a round amount", "round_amount"),
    Stream(21, "facefails", U, ("face.failed",), "failed face checks"),
    Stream(22, "facepasses", U, ("face.passed",), "passed face checks"),
    Stream(
        23,
        "located",
        U,
        None,
        "acts with a known place",
        "known(lat) and known(lon)",
        windowed=False,
    ),
    Stream(24, "edits", U, ("ad.published", "ad.edited"), "ads published or edited"),
    Stream(
        25,
        "slow",
        U,
        ("order.released",),
        "releases later than 15 minutes",
        "released_after_s > 900",
    ),
    Stream(
        26,
        "spoofs",
        U,
        ("face.failed",),
        "failed face checks that look like an attack with a picture, a mask or software",
        "face_attack != 'OTHER_PERSON' and face_certainty >= 0.5",
    ),
    Stream(27, "faceholds", U, ("face.held",), "face checks left to a human"),
    Stream(28, "newfaces", U, ("face.enrolled",), "faces set up", windowed=False),
    Stream(30, "received", C, ("order.created",), "orders opened with the counterparty"),
    Stream(31, "against", C, ("appeal.opened",), "appeals against the counterparty"),
    Stream(32, "rated", C, ("rating.given",), "ratings received"),
    Stream(33, "praised", C, ("rating.given",), "positive ratings received", "rating_positive"),
    Stream(
        34,
        "inflated",
        C,
        ("rating.given",),
        "positive ratings received from fresh or linked accounts",
        "rating_positive and rater_fresh",
    ),
    Stream(35, "accused", C, ("user.reported",), "reports of others about the user's conduct"),
    *(
        Stream(
            40 + band,
            f"band{band}",
            U,
            None,
            f"acts between {3 * band} and {3 * band + 3} h",
            f"hour_band == {band}",
            windowed=False,
        )
        for band in range(8)
    ),
    Stream(60, "acts", D, None, "acts from the device"),
    Stream(61, "failures", D, ("signin.failed",), "failed sign-ins from the device"),
    Stream(62, "orders", D, DEALS, "orders and withdrawals from the device"),
    Stream(70, "acts", Role.IP, None, "acts from the address"),
    Stream(71, "failures", Role.IP, ("signin.failed",), "failed sign-ins from the address"),
    Stream(72, "signups", Role.IP, ("user.registered",), "registrations from the address"),
    Stream(80, "signups", Role.SUBNET, ("user.registered",), "registrations from the subnet"),
    Stream(81, "failures", Role.SUBNET, ("signin.failed",), "failed sign-ins from the subnet"),
    Stream(
        90,
        "orders",
        Role.ACCOUNT,
        ("order.created", "order.paid", "account.added"),
        "uses of the payment account",
    ),
    Stream(91, "reports", Role.ACCOUNT, REPORTS, "chargebacks and freezes of the account"),
    Stream(
        100,
        "withdrawals",
        Role.ADDRESS,
        ("withdrawal.requested", "address.added"),
        "uses of the crypto address",
    ),
    Stream(110, "orders", Role.PAIR, ("order.created",), "orders between the two"),
)

RELATIONS: tuple[Relation, ...] = (
    Relation(1, "user_devices", U, D, None, "devices of the user"),
    Relation(2, "device_users", D, U, None, "users of the device"),
    Relation(3, "user_ips", U, Role.IP, None, "network addresses of the user"),
    Relation(4, "ip_users", Role.IP, U, None, "users of the network address"),
    Relation(5, "user_accounts", U, Role.ACCOUNT, None, "payment accounts of the user"),
    Relation(6, "account_users", Role.ACCOUNT, U, None, "users of the payment account"),
    Relation(7, "user_addresses", U, Role.ADDRESS, None, "crypto addresses of the user"),
    Relation(8, "address_users", Role.ADDRESS, U, None, "users of the crypto address"),
    Relation(9, "user_cps", U, C, ("order.created",), "counterparties of the user"),
    Relation(10, "cp_users", C, U, ("order.created",), "users who dealt with the counterparty"),
)

STREAM_BY_NUMBER = {stream.number: stream for stream in STREAMS}
RELATION_BY_NAME = {relation.name: relation for relation in RELATIONS}
#: The relations under which links are written.
LINKS: tuple[Relation, ...] = tuple(r for r in RELATIONS if r.is_stored)


@cache
def stream_for(*, role: Role, name: str) -> Stream:
    """Return the stream of that name kept for the entity kind that stands in `role`."""
    kind = KIND_OF_ROLE[role]
    for stream in STREAMS:
        if stream.name == name and KIND_OF_ROLE[stream.role] == kind:
            return stream
    raise LookupError(f"no stream {name!r} is kept for a {kind}")


def _check() -> None:
    for stream in STREAMS:
        unknown = set(stream.kinds or ()) - set(KINDS)
        if unknown:
            raise LookupError(f"stream {stream.name!r} names unknown kinds {sorted(unknown)}")


_check()
