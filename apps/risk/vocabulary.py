"""The words of an act: kinds, checkpoints, roles, and the facts that a sender may hand in.

Pure data: the API validates against it, streams and rules are written in it.
"""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What an entity is in an event."""

    USER = "user"
    CP = "cp"
    DEVICE = "device"
    IP = "ip"
    SUBNET = "subnet"
    ACCOUNT = "account"
    ADDRESS = "address"
    PAIR = "pair"


ROLES: tuple[Role, ...] = tuple(Role)

#: The entity kind that stands in each role.
KIND_OF_ROLE = {role: ("user" if role is Role.CP else str(role)) for role in Role}

#: Every kind of act, and the checkpoint that judges it (None: recorded, not judged).
KINDS: dict[str, str | None] = {
    "user.registered": "CPL",
    "signin.succeeded": "CPL",
    "signin.failed": "CPL",
    "security.changed": "CPL",
    "device.registered": "CPL",
    "account.added": "CPL",
    "ad.published": "CP0",
    "ad.edited": "CP0",
    "order.created": "CP1",
    "order.paid": "CP2",
    "order.released": "CP3",
    "appeal.opened": "CP4",
    "chargeback.reported": "CP4",
    "freeze.reported": "CP4",
    "withdrawal.requested": "CP5",
    "address.added": "CP5",
    "face.passed": "CP6",
    "face.failed": "CP6",
    "face.held": "CP6",
    "face.enrolled": "CP6",
    "order.paid_reverted": None,
    "order.completed": None,
    "order.cancelled": None,
    "order.expired": None,
    "appeal.decided": None,
    "deposit.confirmed": None,
    "withdrawal.completed": None,
    "rating.given": None,
    "user.reported": None,
}

CHECKPOINTS: dict[str, str] = {
    "CPL": "Sign-in, device, security",
    "CP0": "Ad",
    "CP1": "Order",
    "CP2": "Marked as paid",
    "CP3": "Release",
    "CP4": "Appeal or report",
    "CP5": "Withdrawal, new address",
    "CP6": "Face check",
}


#: What a face check may look like instead of its person (ISO/IEC 30107-3: species of instruments).
FACE_ATTACKS = (
    "PRINT",
    "BENT",
    "CUT_OUT",
    "SCREEN",
    "RIGID_MASK",
    "SILICONE_MASK",
    "SWAP",
    "INJECTED",
    "OTHER_PERSON",
)


@dataclass(frozen=True, slots=True)
class Signal:
    """A fact that the sender knows and the engine can't: name, type, unit, bounds, meaning."""

    name: str
    type: str  # "number" | "bool" | "text"
    unit: str
    doc: str
    low: float = 0.0
    high: float = 1e12
    choices: tuple[str, ...] = ()


def _bools(**docs: str) -> tuple[Signal, ...]:
    return tuple(Signal(name, "bool", "yes/no", doc) for name, doc in docs.items())


SIGNALS: tuple[Signal, ...] = (
    Signal("side", "text", "code", "The user buys or sells crypto.", choices=("buy", "sell")),
    Signal("rail", "text", "code", "Payment rail, such as sepa_instant, paypal, alipay."),
    Signal("asset", "text", "code", "Crypto asset, such as BTC or USDT-TRC20."),
    Signal("country", "text", "ISO 3166", "Country of the address on the network."),
    Signal("kyc_country", "text", "ISO 3166", "Country of the identity document."),
    Signal("bank_country", "text", "ISO 3166", "Country of the payment account."),
    Signal("change", "text", "code", "What changed: password, totp, phone, email, sim, recovery."),
    Signal("lat", "number", "degrees", "Latitude of the network address.", -90, 90),
    Signal("lon", "number", "degrees", "Longitude of the network address.", -180, 180),
    Signal("utc_offset_h", "number", "hours", "The user's offset from UTC.", -12, 14),
    Signal(
        "ip_risk", "number", "0-100", "Risk of the network address by an intelligence feed.", 0, 100
    ),
    Signal("name_similarity", "number", "0-1", "Payer's name against the verified name.", 0, 1),
    Signal(
        "price_deviation",
        "number",
        "ratio",
        "Ad price against the index: 0.05 is 5 % above.",
        -1,
        100,
    ),
    Signal("limit_usd", "number", "usd", "The user's own limit for this act now."),
    Signal("balance_usd", "number", "usd", "The user's balance before this act."),
    Signal("declared_income_usd", "number", "usd", "Monthly income that the user declared."),
    Signal("paid_after_s", "number", "seconds", "From order to 'I have paid'."),
    Signal("released_after_s", "number", "seconds", "From 'I have paid' to release."),
    Signal("payment_ratio", "number", "ratio", "Amount received over amount due.", 0, 1000),
    Signal(
        "exposure_severe", "number", "0-1", "Share of funds directly from severe categories.", 0, 1
    ),
    Signal(
        "exposure_indirect_severe",
        "number",
        "0-1",
        "Share of funds from severe categories through others.",
        0,
        1,
    ),
    Signal("exposure_high", "number", "0-1", "Share of funds from high-risk categories.", 0, 1),
    Signal("behaviour_z", "number", "sigma", "Typing and touch against the user's own.", 0, 100),
    Signal(
        "receipt_distance",
        "number",
        "bits",
        "Image distance to the nearest earlier receipt.",
        0,
        64,
    ),
    Signal(
        "open_orders_same_amount",
        "number",
        "count",
        "Other open orders of this seller with the same amount.",
        0,
        1000,
    ),
    Signal(
        "cp_positive_share",
        "number",
        "0-1",
        "Positive share of the counterparty's latest ratings, weighted.",
        0,
        1,
    ),
    Signal("cp_rating_weight", "number", "count", "Weight of the ratings behind that share."),
    Signal(
        "face_attack",
        "text",
        "code",
        "What a face check looks like that is no living, present owner.",
        choices=FACE_ATTACKS,
    ),
    Signal("face_certainty", "number", "0-1", "How sure that is.", 0, 1),
    Signal(
        "face_purpose",
        "text",
        "code",
        "What a face check was for.",
        choices=("ENROL", "RENEW", "VERIFY"),
    ),
    Signal(
        "face_match",
        "number",
        "ratio",
        "Distance of the face to the known one over the largest that passes.",
        0,
        100,
    ),
    Signal("face_waiting_usd", "number", "usd", "The largest amount that waits for this check."),
    Signal("cp_completion", "number", "0-1", "Share of its orders of 30 days it completed.", 0, 1),
    *_bools(
        emulator="The app runs in an emulator.",
        rooted="The phone is rooted or jailbroken.",
        hooked="The app is hooked or instrumented.",
        virtual_camera="A virtual camera is present.",
        repackaged="The app is not the one we published.",
        attested="The device's attestation was verified.",
        remote_control="The screen is shared or controlled from elsewhere.",
        on_call="The user is in a phone call.",
        tor="The address is a Tor exit.",
        vpn="The address is a VPN or a data centre.",
        sim_changed="The SIM changed within 24 hours.",
        kyc_reused="Identity data are already used by another user.",
        face_of_banned="The face matches a banned person's.",
        face_with_flashes="The face check showed colours and measured their reflection.",
        face_with_depth="The face check measured depth or infrared.",
        face_device_changed="The face check comes from another device than the last one passed.",
        sensors_missing="A sensor that the device is known to have was not used.",
        operator_mismatch="Somebody else than the account's owner was before the camera.",
        payer_confirmed="The seller confirms that the named payer paid.",
        declared_account="The money came from the declared account.",
        receipt_tampered="A receipt shows hard signs of editing.",
        contact_in_ad="The ad carries a contact handle, link or QR code.",
        poses_as_support="The public nickname or ad poses as the platform's support.",
        crypto_in_reference="The bank reference on a receipt handed in names crypto.",
        payee_changed="The payment account changed after the order was taken.",
        reversible_rail="Payments of this rail can be recalled.",
        merchant="The user is a registered merchant.",
        sanctioned_address="The address is on a sanctions list.",
        scam_address="The address is on a scam list.",
        lookalike_address="The address looks like one of the user's own.",
        travel_rule_complete="Originator and beneficiary data are complete.",
        at_fault="The decided appeal or report went against this user.",
        session_verified="The session has a second factor.",
        rating_positive="The rating is positive.",
        rater_fresh="The rater's account is under 14 days old, or linked to the rated one.",
    ),
)

SIGNAL_BY_NAME = {signal.name: signal for signal in SIGNALS}
