"""What goes in and what comes out, field by field: the source of the API's document."""

from rest_framework import serializers as s

from apps.flows.webhooks import EVERYTHING, PUSHED_KINDS, TOLD_KINDS
from apps.restrictions.models import Ability, Kind, LiftedBy
from apps.risk.models import Result
from apps.risk.policy_settings import BANDS
from apps.risk.vocabulary import CHECKPOINTS

USD = "US dollars as text, such as 1250.75."
ROLES = ("user", "cp", "device", "ip", "subnet", "account", "address", "pair")
STATES = ("HIT", "MISS", "UNKNOWN", "SNOOZED", "ERROR")


class ReasonOut(s.Serializer):
    code = s.CharField(help_text="Stable machine code.")
    share = s.FloatField(help_text="Its share of the score.")
    sentence = s.CharField(help_text="For your analysts; never for the user.")


class ImposedOut(s.Serializer):
    on = s.ChoiceField(choices=ROLES, help_text="On which of the act's entities it falls.")
    ability = s.ChoiceField(choices=Ability.choices)
    kind = s.ChoiceField(choices=Kind.choices)
    until = s.DateTimeField(allow_null=True)
    cap_usd = s.CharField(allow_null=True, help_text=USD)


class StepUpOut(s.Serializer):
    required = s.BooleanField(  # type: ignore[assignment]
        help_text="Ask for a live face before the act goes on."
    )
    random = s.BooleanField(help_text="Drawn at random; the act itself gave no cause.")


class UserRiskOut(s.Serializer):
    value = s.IntegerField(allow_null=True, help_text="The user's score after this, 0 to 1000.")
    moved = s.IntegerField(allow_null=True, help_text="By how much this moved it.")


class DecisionOut(s.Serializer):
    decision_id = s.UUIDField()
    event_id = s.UUIDField()
    outcome = s.ChoiceField(choices=Result.choices)
    score = s.IntegerField(min_value=0, max_value=1000)
    band = s.ChoiceField(choices=BANDS)
    reasons = ReasonOut(many=True, help_text="Weightiest first.")
    user_message = s.CharField(help_text="What may be shown to the user.")
    restrictions = ImposedOut(many=True, help_text="What this decision forbids from now on.")
    step_up = StepUpOut()
    user_risk = UserRiskOut()
    degraded = s.BooleanField(help_text="The engine could not judge; its fail-safe decided.")
    policy_version = s.IntegerField(allow_null=True)
    feature_set = s.IntegerField(help_text="Version of the list of features.")
    took_ms = s.FloatField(help_text="Milliseconds that the engine took.")


class RestrictionFactOut(s.Serializer):
    restriction_id = s.UUIDField(allow_null=True)
    subject = s.DictField(child=s.CharField(allow_null=True), allow_null=True)
    ability = s.CharField()
    kind = s.CharField()
    reason = s.CharField(allow_null=True)
    until = s.DateTimeField(allow_null=True)
    cap_usd = s.CharField(allow_null=True)
    decision_id = s.UUIDField(allow_null=True)
    by = s.CharField(allow_null=True)


class ActOut(s.Serializer):
    event_id = s.UUIDField()
    id = s.CharField(allow_null=True, help_text="The sender's own id.")
    kind = s.CharField()
    at = s.DateTimeField(help_text="When it arrived here.")
    occurred_at = s.DateTimeField(allow_null=True)
    user = s.CharField(allow_null=True)
    counterparty = s.CharField(allow_null=True)
    device = s.CharField(allow_null=True)
    ip = s.CharField(allow_null=True)
    address = s.CharField(allow_null=True)
    amount_usd = s.CharField(allow_null=True, help_text=USD)
    order = s.CharField(allow_null=True)
    signals = s.DictField()


class ReviewOut(s.Serializer):
    decision_id = s.UUIDField()
    outcome = s.ChoiceField(choices=Result.choices)
    reasons = s.ListField(child=s.CharField())
    at = s.DateTimeField()


class WholeDecisionOut(DecisionOut):
    at = s.DateTimeField()
    checkpoint = s.ChoiceField(choices=tuple(CHECKPOINTS))
    act = ActOut()
    features = s.DictField(
        child=s.FloatField(allow_null=True), help_text="By name; null is unknown."
    )
    rules = s.DictField(child=s.ChoiceField(choices=STATES), help_text="State by rule code.")
    reviews = ReviewOut(many=True, help_text="What staff decided in its stead, oldest first.")


class RestrictionOut(s.Serializer):
    id = s.UUIDField()
    subject = s.DictField(child=s.CharField(allow_null=True), help_text="Its kind and ref.")
    ability = s.ChoiceField(choices=Ability.choices)
    kind = s.ChoiceField(choices=Kind.choices)
    cap_usd = s.CharField(allow_null=True, help_text=USD)
    until = s.DateTimeField(allow_null=True, help_text="null: until it is lifted.")
    lifts_by = s.ChoiceField(choices=LiftedBy.choices)
    reason = s.CharField()
    user_message = s.CharField()
    decision_id = s.UUIDField(allow_null=True)
    imposed_at = s.DateTimeField()
    lifted_at = s.DateTimeField(allow_null=True)
    lifted_for = s.CharField()


class LiftIn(s.Serializer):
    reason = s.CharField(
        min_length=3, max_length=200, help_text="Why, for the record; no personal data."
    )


class RestrictionsQuery(s.Serializer):
    user = s.CharField(required=False, max_length=80, help_text="Only this user's.")
    state = s.ChoiceField(
        choices=("live", "ended", "all"), default="live", help_text="Default: what is in force."
    )


class MoveOut(s.Serializer):
    at = s.DateTimeField()
    value = s.IntegerField(help_text="The score after it.")
    moved = s.IntegerField()
    kind = s.CharField(help_text="The kind of act, or what else moved it.")
    decision_id = s.UUIDField(allow_null=True)
    reasons = s.ListField(child=s.CharField())


class PersonRiskOut(s.Serializer):
    user = s.CharField()
    value = s.IntegerField(min_value=0, max_value=1000, help_text="Now, decay included.")
    band = s.ChoiceField(choices=BANDS)
    as_of = s.DateTimeField()
    trend = MoveOut(many=True, help_text="The latest twenty moves, newest first.")
    restrictions = RestrictionOut(many=True, help_text="What is in force.")


class RejectedOut(s.Serializer):
    line = s.IntegerField(help_text="Counted from 1.")
    id = s.CharField(allow_null=True)
    code = s.CharField()
    detail = s.CharField()
    errors = s.DictField(  # type: ignore[assignment]
        child=s.ListField(child=s.CharField()), required=False
    )


class RecordedOut(s.Serializer):
    accepted = s.IntegerField()
    duplicates = s.IntegerField(help_text="Recorded before under the same id, with the same body.")
    rejected = RejectedOut(many=True)


class DeviceOut(s.Serializer):
    device_id = s.UUIDField(help_text="Send it as `device` of an act.")
    token = s.CharField(
        allow_null=True,
        help_text="Hand it to the device. null: it keeps the one it has. Never repeated.",
    )
    is_new = s.BooleanField()
    matched_by = s.CharField()
    similarity = s.FloatField(allow_null=True)
    suspicion = s.CharField(allow_null=True)
    signals = s.DictField(child=s.BooleanField(), help_text="Send them as `signals` of an act.")


class DeviceIn(s.Serializer):
    user = s.CharField(required=False, allow_null=True, max_length=80)
    ip = s.IPAddressField(required=False, allow_null=True)
    platform = s.ChoiceField(choices=("WEB", "IOS", "ANDROID", "OTHER"))
    attributes = s.DictField(required=False, help_text="See docs/devices.md.")
    abilities = s.DictField(child=s.BooleanField(), required=False)
    integrity = s.DictField(child=s.BooleanField(), required=False)
    attestation = s.DictField(required=False)
    token = s.CharField(required=False, allow_null=True, max_length=100)


class WebhookIn(s.Serializer):
    url = s.CharField(max_length=500, help_text="https, on a public address.")
    kinds = s.ListField(
        child=s.ChoiceField(choices=tuple(dict.fromkeys((EVERYTHING, *TOLD_KINDS, *PUSHED_KINDS)))),
        min_length=1,
        max_length=60,
        help_text="message.sent, order.* and face.* of the desk itself: only for its backend.",
    )


class WebhookOut(s.Serializer):
    id = s.UUIDField()
    url = s.CharField()
    kinds = s.ListField(child=s.CharField())
    created_at = s.DateTimeField()
    disabled_at = s.DateTimeField(allow_null=True, help_text="It had answered 410 Gone.")


class NewWebhookOut(WebhookOut):
    secret = s.CharField(
        allow_null=True, help_text="Signs what we send. Shown once: null in a repeated answer."
    )


class DeliveryOut(s.Serializer):
    id = s.UUIDField(help_text="The header webhook-id.")
    event_id = s.UUIDField()
    kind = s.CharField(source="event.kind")
    status = s.CharField()
    attempts = s.IntegerField()
    next_at = s.DateTimeField(allow_null=True)
    last_at = s.DateTimeField(allow_null=True)
    last_status = s.IntegerField(allow_null=True)
    last_error = s.CharField()
