"""Disputes about orders: what is claimed, what is shown, who decides, and what it costs whom."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.core.fields import EncryptedTextField
from apps.core.ids import uuid7
from apps.core.machines import starts, transitions
from apps.trades import states
from apps.trades.models.catalogue import money
from apps.trades.models.orders import Order
from apps.trades.models.talk import Attachment


class AppealKind(models.TextChoices):
    LIVE = "LIVE", "while the order is open"
    POST = "POST", "after it has ended"


class AppealReason(models.TextChoices):
    PAID_NOT_RELEASED = "PAID_NOT_RELEASED", "I paid, the seller does not release"
    CLAIMED_PAID_NOT_RECEIVED = "CLAIMED_PAID_NOT_RECEIVED", "marked as paid, nothing arrived"
    PAID_BUT_CANCELLED = "PAID_BUT_CANCELLED", "I paid, the order was cancelled or expired"
    RELEASED_NOT_RECEIVED = "RELEASED_NOT_RECEIVED", "I released, the money is not there"
    THIRD_PARTY_PAYMENT = "THIRD_PARTY_PAYMENT", "somebody else paid"
    AMOUNT_MISMATCH = "AMOUNT_MISMATCH", "the amount is not right"
    BANK_FROZEN = "BANK_FROZEN", "my bank account was frozen"
    CHARGEBACK_OR_RECALL = "CHARGEBACK_OR_RECALL", "the payment was taken back"
    FAKE_RECEIPT = "FAKE_RECEIPT", "the receipt is fake"
    OFF_PLATFORM = "OFF_PLATFORM", "I was asked to deal outside of the desk"
    ABUSE = "ABUSE", "threats or insults"
    BANK_PROBLEM = "BANK_PROBLEM", "a problem at the bank"
    NO_REPLY = "NO_REPLY", "the other side does not answer"
    USABILITY = "USABILITY", "I made a mistake"
    OTHER = "OTHER", "something else"


class AppealOutcome(models.TextChoices):
    RELEASE = "RELEASE", "the buyer gets the crypto"
    REFUND = "REFUND", "the seller gets the crypto back"
    SPLIT = "SPLIT", "it is divided"
    NO_ACTION = "NO_ACTION", "nothing is moved"


class EvidenceKind(models.TextChoices):
    SCREENSHOT = "SCREENSHOT", "a picture of the screen"
    VIDEO = "VIDEO", "a video of the screen"
    BANK_STATEMENT = "BANK_STATEMENT", "a statement of the bank"
    ID = "ID", "an identity document"
    CALL = "CALL", "a call"
    OTHER = "OTHER", "something else"


class Verdict(models.TextChoices):
    GENUINE = "GENUINE", "genuine"
    DOUBTFUL = "DOUBTFUL", "doubtful"
    FAKE = "FAKE", "fake"


class RulingStage(models.TextChoices):
    PENDING = "PENDING", "waits for a second person"
    STANDS = "STANDS", "stands"
    SENT_BACK = "SENT_BACK", "sent back"
    DROPPED = "DROPPED", "overtaken by the parties"


class Fault(models.TextChoices):
    BUYER = "BUYER", "the buyer"
    SELLER = "SELLER", "the seller"
    BOTH = "BOTH", "both"
    NOBODY = "NOBODY", "nobody"


class Appeal(models.Model):
    """One dispute about one order, from its opening to its end.

    Opened by a party, by the clock or by the risk system; decided by the agent who took it, above a
    limit with a second person. `kind` POST leaves the order as it ended and may hold what is there.
    The outcome is the one that stands: what is only proposed is a Ruling.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="appeals")
    kind = models.CharField(max_length=4, choices=AppealKind)
    opener = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="Nobody: the clock or the risk system.",
    )  # fmt: skip
    reason = models.CharField(max_length=26, choices=AppealReason)
    statement = EncryptedTextField(null=True)
    received = money(null=True, help_text="AMOUNT_MISMATCH: what of the fiat arrived.")
    state = models.CharField(max_length=11, choices=states.AppealState)
    opened_at = models.DateTimeField()
    # The end of the phase that the appeal is in; the clock moves it on.
    phase_until = models.DateTimeField(null=True)
    decide_by = models.DateTimeField(help_text="When a first decision is due.")
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    taken_at = models.DateTimeField(null=True)

    outcome = models.CharField(max_length=9, choices=AppealOutcome, blank=True)
    outcome_reason = models.CharField(max_length=26, choices=AppealReason, blank=True)
    fault = models.CharField(max_length=6, choices=Fault, blank=True)
    is_malicious = models.BooleanField(default=False, help_text="It was raised in bad faith.")
    buyer_amount = money(null=True, help_text="SPLIT: what of the escrow the buyer gets.")
    seller_amount = money(null=True)
    finding = EncryptedTextField(null=True, help_text="The agent's words to both parties.")
    penalties = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    needs_approval = models.BooleanField(default=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True)
    carried_out_at = models.DateTimeField(null=True)

    objection_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    objection = EncryptedTextField(null=True)
    objected_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order"],
                condition=~Q(state__in=["CLOSED", "WITHDRAWN"]),
                name="one_open_appeal",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("decided_by")),
                name="appeal_approved_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(carried_out_at=None)
                | Q(needs_approval=False)
                | Q(approved_by__isnull=False),
                name="appeal_carried_out_once_approved",
            ),
            models.CheckConstraint(
                condition=~Q(state="DECIDED")
                | Q(outcome__gt="", decided_by__isnull=False)
                & (Q(needs_approval=False) | Q(approved_by__isnull=False)),
                name="appeal_decided_by_enough_people",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="SPLIT") | Q(buyer_amount__gte=0, seller_amount__gte=0),
                name="appeal_split_has_amounts",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "phase_until"],
                name="appeal_due",
                condition=~Q(state__in=["CLOSED", "WITHDRAWN"]),
            )
        ]
        triggers = [
            transitions(states.APPEAL, "state"),
            starts(states.APPEAL, "state"),
            pgtrigger.ReadOnly(
                name="appeal_is_of_one_order",
                fields=["order", "kind", "opener", "reason", "opened_at"],
            ),
            pgtrigger.Protect(name="appeal_stays_on_record", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.id}"


class Ruling(models.Model):
    """What an agent would decide, and who agreed: the first, and the one after an objection.

    Below the limits it stands at once; above them a second person lets it stand or sends it back.
    Written by flows.appeals; its terms are final.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    appeal = models.ForeignKey(Appeal, on_delete=models.PROTECT, related_name="rulings")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=9, choices=AppealOutcome)
    reason = models.CharField(max_length=26, choices=AppealReason)
    fault = models.CharField(max_length=6, choices=Fault)
    is_malicious = models.BooleanField(default=False)
    buyer_amount = money(null=True)
    seller_amount = money(null=True)
    finding = EncryptedTextField(help_text="The agent's words to both parties.")
    after_objection = models.BooleanField(default=False)
    needs_approval = models.BooleanField()
    stage = models.CharField(max_length=9, choices=RulingStage)
    second = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    second_at = models.DateTimeField(null=True)
    note = EncryptedTextField(null=True, help_text="Why it was sent back.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appeal"], condition=Q(stage="PENDING"), name="one_pending_ruling"
            ),
            models.CheckConstraint(
                condition=Q(second=None) | ~Q(second=F("by")), name="ruling_second_is_another"
            ),
            models.CheckConstraint(
                condition=~Q(stage="STANDS") | Q(needs_approval=False) | Q(second__isnull=False),
                name="ruling_stands_once_approved",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="SPLIT") | Q(buyer_amount__gte=0, seller_amount__gte=0),
                name="ruling_split_has_amounts",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="ruling_is_final",
                fields=[
                    "appeal", "by", "at", "outcome", "reason", "fault", "is_malicious",
                    "buyer_amount", "seller_amount", "after_objection", "needs_approval",
                ],
            ),
            pgtrigger.Protect(
                name="ruling_words_are_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.finding IS DISTINCT FROM NEW.finding"),
            ),
            pgtrigger.Protect(name="ruling_stays_on_record", operation=pgtrigger.Delete),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.outcome} {self.id}"


class Evidence(models.Model):
    """Something that a party shows in an appeal, or that the agent asked for.

    `words` are those of whoever made the row: the party's, or what the agent asks; then `answer`
    has the party's.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    appeal = models.ForeignKey(Appeal, on_delete=models.PROTECT, related_name="evidence")
    party = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    what = models.CharField(max_length=14, choices=EvidenceKind)
    words = EncryptedTextField(null=True)
    answer = EncryptedTextField(null=True)
    due_at = models.DateTimeField(null=True)
    attachment = models.ForeignKey(
        Attachment, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField()
    shown_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=10, choices=Verdict, blank=True)
    judged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name_plural = "evidence"
        indexes = [models.Index(fields=["appeal", "id"], name="evidence_of_appeal")]
        triggers = [
            pgtrigger.ReadOnly(
                name="evidence_is_somebodys",
                fields=["appeal", "party", "asked_by", "what", "due_at", "at"],
            ),
            pgtrigger.Protect(
                name="evidence_is_shown_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__shown_at__isnull=False)
                & (
                    pgtrigger.Q(old__attachment__df=pgtrigger.F("new__attachment"))
                    | pgtrigger.Q(old__shown_at__df=pgtrigger.F("new__shown_at"))
                ),
            ),
            pgtrigger.Protect(name="evidence_stays_on_record", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.what


class Penalty(models.Model):
    """A line of the published matrix: what a fault costs the first time, the second, and so on."""

    code = models.CharField(max_length=30, primary_key=True)
    name = models.CharField(max_length=80)
    sentence = models.CharField(max_length=300, help_text="What the person is told.")
    reasons = ArrayField(models.CharField(max_length=26), help_text="Of appeals that it follows.")
    falls_on = models.CharField(max_length=9, help_text="BUYER, SELLER or APPELLANT.")
    # One per offence within memory_days, the last repeats: {kind, abilities, hours, cap_usd}.
    steps = models.JSONField()
    memory_days = models.PositiveSmallIntegerField(default=90)
    source = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "penalties"

    def __str__(self) -> str:
        return self.name
