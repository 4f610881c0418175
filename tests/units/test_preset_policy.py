"""The preset policy, rule by rule: one situation in which it fires, and a near one in which not."""

import math
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from apps.risk.models import Rule as RuleRow
from apps.risk.policy import Verdict, conclude, score_of, step_up_odds
from apps.risk.policy_settings import OUTCOMES, SEVERITY
from apps.risk.row import NAMES, VOCABULARY
from apps.risk.rules import State, errors
from apps.risk.vocabulary import CHECKPOINTS, KINDS
from tests.preset import CHOICES, RULES, policy, states


def verdict(checkpoint: str, facts: dict[str, Any], *, ability: str | None) -> Verdict:
    """What the preset says where only these facts are known, and nothing is drawn."""
    return conclude(
        policy=policy(),
        checkpoint=checkpoint,
        ability=ability,
        states=list(states(checkpoint, facts).values()),
        steady=False,
        amount_usd=float(facts.get("amount_usd", math.nan)),
        spent_today_usd=math.nan,
        hours_since_face=math.nan,
        forbidden=(),
        draw=1.0,
    )


BUY = {"kind": "order.created", "side": "buy", "amount_usd": 300}
SELL = {"kind": "order.created", "side": "sell", "amount_usd": 300}
RELEASE = {"kind": "order.released", "amount_usd": 300}
OUT = {"kind": "withdrawal.requested", "amount_usd": 300}
SIGN_IN = {"kind": "signin.succeeded"}
SIGN_UP = {"kind": "user.registered"}
FAILED = {"kind": "face.failed"}
PASSED = {"kind": "face.passed"}
SPOOF = FAILED | {"face_attack": "PRINT", "face_certainty": 0.8}
MADE = FAILED | {"face_attack": "SILICONE_MASK", "face_certainty": 0.6}
ESTABLISHED = {"user_age_hours": 5000}
MERCHANT = {"merchant": True}

# code, checkpoint, the facts under which it fires, and what is different where it does not.
CASES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("BLOCKED_LIST", "CP5", OUT | {"on_blocked_list": True}, {"on_blocked_list": False}),
    ("BLOCKED_LIST_OPEN_DEAL", "CP3", {"on_blocked_list": True}, {"on_blocked_list": False}),
    ("WATCHED_LIST", "CP1", BUY | {"on_watched_list": True}, {"on_watched_list": False}),
    ("LINKED_TO_BAN", "CP1", {"hops_to_ban": 2}, {"hops_to_ban": 3}),
    ("NEAR_A_BAN", "CP1", {"hops_to_ban": 4}, {"hops_to_ban": 2}),
    ("COUNTERPARTY_NEAR_BAN", "CP1", {"cp_hops_to_ban": 2}, {"cp_hops_to_ban": 3}),
    ("DEVICE_SHARED", "CP1", {"device_users_30d": 3}, {"device_users_30d": 2,
     "device_uses_by_user": 9}),
    ("DEVICE_SHARED", "CPL", {"device_users_30d": 2, "device_uses_by_user": 0},
     {"device_users_30d": 1}),
    ("IDENTITY_REUSED", "CPL", {"kyc_reused": True}, {"kyc_reused": False}),
    ("FACE_OF_BANNED", "CP6", {"face_of_banned": True}, {"face_of_banned": False}),
    ("FACE_BY_TAMPERED_DEVICE", "CP6", {"virtual_camera": True}, {"virtual_camera": False,
     "emulator": False, "hooked": False, "repackaged": False, "rooted": True}),
    ("FACE_FAILED_AGAIN", "CP6", FAILED | {"face_failures_24h": 4}, {"kind": "face.passed"}),
    ("FACE_FAILED_AGAIN", "CP6", FAILED | {"face_failures_24h": 4}, {"face_failures_24h": 3}),
    ("FACE_SPOOF", "CP6", SPOOF, {"face_certainty": 0.79}),
    ("FACE_SPOOF", "CP6", SPOOF | {"face_attack": "BENT"}, {"kind": "face.passed"}),
    ("FACE_SPOOF", "CP6", SPOOF | {"face_attack": "SCREEN"}, {"face_attack": "RIGID_MASK"}),
    ("FACE_AFTER_SPOOF", "CP6", SPOOF, {"face_certainty": 0.79}),
    ("FACE_SPOOF_MADE", "CP6", MADE, {"face_certainty": 0.59}),
    ("FACE_SPOOF_MADE", "CP6", MADE | {"face_attack": "SWAP"}, {"face_attack": "PRINT"}),
    ("FACE_SPOOF_MADE", "CP6", MADE | {"kind": "face.held"}, {"face_attack": "OTHER_PERSON"}),
    ("FACE_SPOOF_AGAIN", "CP6", SPOOF | {"face_spoofs_90d": 1}, {"face_spoofs_90d": 0}),
    ("FACE_SPOOF_AGAIN", "CP6", SPOOF | {"face_spoofs_90d": 1}, {"face_attack": "OTHER_PERSON"}),
    ("FACE_HELD", "CP6", {"kind": "face.held"}, {"kind": "face.failed"}),
    ("FACE_OF_ANOTHER", "CP6", FAILED | {"operator_mismatch": True, "face_certainty": 0.7},
     {"face_certainty": 0.69}),
    ("FACE_OF_ANOTHER", "CP6", FAILED | {"operator_mismatch": True}, {"operator_mismatch": False}),
    ("FACE_BARELY_LIKE", "CP6", PASSED | {"face_match": 0.9, "behaviour_break": 3.1},
     {"behaviour_break": 3}),
    ("FACE_BARELY_LIKE", "CP6", PASSED | {"face_match": 0.9, "behaviour_break": 3.1},
     {"face_match": 0.89}),
    ("FACE_SENSORS_MISSING", "CP6", PASSED | {"sensors_missing": True},
     {"sensors_missing": False}),
    ("FACE_ON_ANOTHER_DEVICE", "CP6", PASSED | {"face_device_changed": True,
     "device_known_to_user_hours": 23}, {"device_known_to_user_hours": 24}),
    ("FACE_PLAIN_FOR_MUCH", "CP6", PASSED | {"face_waiting_usd": 10000, "face_with_depth": False},
     {"face_waiting_usd": 9999, "face_with_flashes": True}),
    ("FACE_PLAIN_FOR_MUCH", "CP6", PASSED | {"face_waiting_usd": 10000, "face_with_depth": False},
     {"face_with_depth": True, "face_with_flashes": True}),
    ("FACE_PLAIN_FOR_MUCH", "CP6", PASSED | {"face_waiting_usd": 1000, "face_with_flashes": False},
     {"face_waiting_usd": 999}),
    ("NEW_FACE_LARGE", "CP5", OUT | {"hours_since_new_face": 71, "withdrawal_size_z": 1.3},
     {"hours_since_new_face": 72}),
    ("NEW_FACE_LARGE", "CP5", OUT | {"hours_since_new_face": 71, "withdrawal_balance_share": 0.51},
     {"withdrawal_balance_share": 0.5, "withdrawal_size_z": 1.2}),
    ("APP_TAMPERED", "CP5", {"hooked": True}, {"hooked": False, "repackaged": False}),
    ("EMULATOR", "CP1", {"emulator": True}, {"emulator": False}),
    ("PHONE_ROOTED", "CP1", {"rooted": True}, {"rooted": False}),
    ("ATTESTATION_FAILED", "CP1", {"attested": False}, {"attested": True}),
    ("SIGNUP_BURST", "CPL", SIGN_UP | {"subnet_signups_1h": 5}, {"subnet_signups_1h": 4}),
    ("SIGNUP_BURST", "CPL", SIGN_UP | {"subnet_signups_1h": 5}, SIGN_IN),
    ("NETWORK_RISK", "CP1", {"address_quality": 75, "ip_known_to_user_hours": 0},
     {"ip_known_to_user_hours": 24}),
    ("NETWORK_RISK", "CP1", {"address_quality": 75, "ip_known_to_user_hours": 0},
     {"address_quality": 74}),
    ("TOR", "CPL", {"tor": True}, {"tor": False}),
    ("COUNTRY_DIFFERS", "CP1", {"country": "FR", "kyc_country": "DE",
     "ip_known_to_user_hours": 1}, {"country": "DE"}),
    ("BANK_COUNTRY_DIFFERS", "CPL", {"bank_country": "FR", "kyc_country": "DE"},
     {"bank_country": "DE"}),
    ("IMPOSSIBLE_TRAVEL", "CPL", {"travel_speed": 901, "travel_km": 3000}, {"travel_speed": 900}),
    ("IMPOSSIBLE_TRAVEL", "CPL", {"travel_speed": 901, "travel_km": 3000}, {"travel_km": 60}),
    ("DORMANT_SIGN_IN", "CPL", SIGN_IN | {"hours_since_login": 1440, "device_uses_by_user": 0},
     {"device_uses_by_user": 1}),
    ("DORMANT_SIGN_IN", "CPL", SIGN_IN | {"hours_since_login": 1440, "device_uses_by_user": 0},
     {"hours_since_login": 1439}),
    ("DORMANT_THEN_ACTIVE", "CP1", BUY | {"hours_since_order": 1500, "amount_usd": 300,
     "device_known_to_user_hours": 1, "order_mean_usd": 100, "account_known_to_user_hours": 900},
     {"amount_usd": 299}),
    ("DORMANT_THEN_ACTIVE", "CP1", BUY | {"hours_since_order": 1500,
     "device_known_to_user_hours": 1, "account_known_to_user_hours": 0},
     {"device_known_to_user_hours": 72}),
    ("COOL_DOWN_24H", "CPL", {"kind": "security.changed", "change": "totp"}, {"change": "phone"}),
    ("COOL_DOWN_24H", "CPL", {"kind": "security.changed"}, SIGN_IN),
    ("COOL_DOWN_72H", "CPL", {"kind": "security.changed", "change": "sim"},
     {"change": "password"}),
    ("NEW_DEVICE_THEN_MOVE", "CP5", ESTABLISHED | {"device_known_to_user_hours": 0.5},
     {"device_known_to_user_hours": 1}),
    ("NEW_DEVICE_THEN_MOVE", "CP5", ESTABLISHED | {"device_known_to_user_hours": 0.5},
     {"user_age_hours": 3}),
    ("NEW_DEVICE_THEN_SELL", "CP1", SELL | ESTABLISHED | {"device_known_to_user_hours": 0}, BUY),
    ("NEW_DEVICE_THEN_SELL", "CP3", RELEASE | ESTABLISHED | {"device_known_to_user_hours": 0},
     {"device_known_to_user_hours": 2}),
    ("NEW_DEVICE_THEN_PAYEE", "CPL", ESTABLISHED | {"kind": "account.added",
     "device_known_to_user_hours": 0}, SIGN_IN),
    ("MANY_DEVICES", "CP1", {"user_devices_24h": 4}, {"user_devices_24h": 3}),
    ("SIM_SWAP", "CPL", {"kind": "security.changed", "sim_changed": True}, SIGN_IN | {
     "device_known_to_user_hours": 500, "hours_since_security_change": 500}),
    ("SIM_SWAP_THEN_MOVE", "CP5", OUT | {"sim_changed": True, "device_known_to_user_hours": 2},
     {"sim_changed": False}),
    ("SIM_SWAP_THEN_MOVE", "CP1", SELL | {"sim_changed": True, "device_known_to_user_hours": 2},
     BUY),
    ("CREDENTIAL_STUFFING", "CPL", {"kind": "signin.failed", "ip_login_failures_10m": 9},
     {"ip_login_failures_10m": 8}),
    ("STUFFED_SUBNET", "CPL", SIGN_IN | {"subnet_login_failures_10m": 30,
     "ip_known_to_user_hours": 0}, {"ip_known_to_user_hours": 700}),
    ("BRUTE_FORCED", "CPL", SIGN_IN | {"login_failures_10m": 5}, {"login_failures_10m": 4}),
    ("NEW_PAYEE_LARGE_SALE", "CP1", SELL | {"hours_since_payee_added": 3, "order_size_z": 2},
     {"order_size_z": 1.6}),
    ("NEW_PAYEE_LARGE_SALE", "CP1", SELL | {"hours_since_payee_added": 3, "order_size_z": 2},
     {"hours_since_payee_added": 24}),
    ("BEHAVIOUR_BREAK", "CP3", {"behaviour_break": 4.1, "order_size_z": 0},
     {"behaviour_break": 4}),
    ("BEHAVIOUR_BREAK", "CP5", {"order_size_z": 3.5, "usual_hour_share": 0.01,
     "user_acts_ever": 200, "behaviour_break": 1}, {"usual_hour_share": 0.02}),
    ("BEHAVIOUR_BREAK", "CPL", SIGN_IN | {"behaviour_break": 4.1, "order_size_z": 0},
     {"behaviour_break": 4}),
    ("OPERATOR_MISMATCH", "CPL", SIGN_IN | {"behaviour_break": 5.1, "device_uses_by_user": 50},
     {"behaviour_break": 5, "face_failures_24h": 0}),
    ("OPERATOR_MISMATCH", "CP3", RELEASE | {"behaviour_break": 5.1, "device_uses_by_user": 50},
     {"device_uses_by_user": 49, "face_failures_24h": 0}),
    ("OPERATOR_MISMATCH", "CP5", OUT | {"behaviour_break": 3.1, "face_failures_24h": 1},
     {"face_failures_24h": 0, "device_uses_by_user": 900}),
    ("OPERATOR_MISMATCH", "CP6", FAILED | {"behaviour_break": 3.1}, {"behaviour_break": 3}),
    ("OPERATOR_MISMATCH", "CP6", FAILED | {"behaviour_break": 6, "device_uses_by_user": 99},
     {"kind": "face.passed"}),
    ("TOO_FAST_FOR_HANDS", "CP1", {"user_acts_1m": 30}, {"user_acts_1m": 29}),
    ("AD_PRICE_OFF", "CP0", {"price_deviation": -0.06}, {"price_deviation": -0.05}),
    ("AD_PRICE_OUTLIER", "CP0", {"price_deviation": 0.11}, {"price_deviation": 0.1}),
    ("CONTACT_IN_AD", "CP0", {"contact_in_ad": True}, {"contact_in_ad": False}),
    ("POSES_AS_SUPPORT", "CP0", {"poses_as_support": True}, {"poses_as_support": False}),
    ("AD_NOT_ELIGIBLE", "CP0", {"user_age_hours": 719, "received_ever": 0}, MERCHANT),
    ("AD_NOT_ELIGIBLE", "CP0", {"user_age_hours": 719, "received_ever": 0}, {"user_age_hours": 800,
     "completed_ever": 20, "completion_30d": 0.8, "partners_30d": 10}),
    ("AD_NOT_ELIGIBLE", "CP0", {"partners_30d": 3, "received_ever": 9}, {"received_ever": 10}),
    ("PAYEE_CHANGED", "CP2", {"payee_changed": True}, {"payee_changed": False}),
    ("AD_CHURN", "CP0", {"ad_edits_1h": 15}, {"ad_edits_1h": 14}),
    ("METRICS_DECAY", "CP1", {"orders_30d": 10, "completion_30d": 0.79}, {"orders_30d": 9}),
    ("METRICS_DECAY", "CP1", MERCHANT | {"orders_30d": 10, "completion_30d": 0.85},
     {"merchant": False}),
    ("SLOW_RELEASES", "CP0", {"releases_30d": 20, "slow_release_share": 0.25},
     {"slow_release_share": 0.2}),
    ("REPUTATION_FARMING", "CP0", {"orders_7d": 10, "partners_7d": 3, "order_mean_usd_30d": 20},
     {"partners_7d": 4}),
    ("RATING_INFLATION", "CP0", {"praised_30d": 10, "inflated_share_30d": 0.8},
     {"inflated_share_30d": 0.79}),
    ("RATING_INFLATION", "CP0", {"praised_30d": 10, "inflated_share_30d": 0.8},
     {"praised_30d": 9}),
    ("PAYER_NAME_DIFFERS", "CP2", {"name_similarity": 0.84}, {"name_similarity": 0.85}),
    ("NOT_DECLARED_ACCOUNT", "CP2", {"declared_account": False}, {"declared_account": True}),
    ("RELEASE_PAYER_DIFFERS", "CP3", {"payer_confirmed": False}, {"payer_confirmed": True,
     "name_similarity": 0.9, "declared_account": True}),
    ("PAYMENT_ACCOUNT_SHARED", "CP2", {"account_users_90d": 2}, {"account_users_90d": 1,
     "account_uses_by_user": 7}),
    ("PAYMENT_ACCOUNT_SHARED", "CPL", {"account_users_90d": 1, "account_uses_by_user": 0},
     {"account_users_90d": 0}),
    ("RELEASE_AMOUNT_DIFFERS", "CP3", {"payment_ratio": 0.98}, {"payment_ratio": 0.995}),
    ("REVERSIBLE_YOUNG", "CP1", BUY | {"reversible_young_account_hours": 700, "amount_usd": 501},
     {"amount_usd": 500}),
    ("REVERSIBLE_YOUNG", "CP1", BUY | {"reversible_young_account_hours": 700, "amount_usd": 501},
     {"side": "sell"}),
    ("REVERSIBLE_MATURING", "CP1", BUY | {"reversible_young_account_hours": 720,
     "amount_usd": 2600}, {"reversible_young_account_hours": 1440}),
    ("ORDER_VELOCITY", "CP1", {"orders_24h": 10}, {"orders_24h": 9}),
    ("ORDER_VELOCITY", "CP1", {"orders_24h": 10}, MERCHANT),
    ("VOLUME_BURST", "CP1", BUY | {"orders_30d": 10, "order_volume_burst": 5.1,
     "order_usd_24h": 700}, {"order_usd_24h": 600}),
    ("LARGE_FIRST_TRADE", "CP1", {"orders_ever": 2, "limit_use": 0.8}, {"orders_ever": 3}),
    ("STRUCTURING", "CP1", BUY | {"just_below_limit_48h": 2, "amount_usd": 950},
     {"amount_usd": 1000}),
    ("STRUCTURING", "CP5", OUT | {"just_below_limit_48h": 2, "amount_usd": 950},
     {"just_below_limit_48h": 1}),
    ("ROUND_AMOUNTS", "CP1", {"round_orders_7d": 5, "partners_7d": 3, "round_amount": True},
     {"round_amount": False}),
    ("PAID_TOO_FAST", "CP2", {"seconds_to_paid": 44}, {"seconds_to_paid": 45}),
    ("FALSE_PAID", "CP1", BUY | {"hours_since_fault": 23}, SELL),
    ("FALSE_PAID", "CP1", BUY | {"hours_since_fault": 23}, {"hours_since_fault": 24}),
    ("FALSE_PAID_AGAIN", "CP1", {"faults_90d": 3, "hours_since_fault": 5}, {"faults_90d": 2}),
    ("RECEIPT_REUSED", "CP2", {"receipt_distance": 6}, {"receipt_distance": 7}),
    ("RECEIPT_TAMPERED", "CP4", {"receipt_tampered": True}, {"receipt_tampered": False}),
    ("RELEASE_ON_BAD_RECEIPT", "CP3", {"receipt_tampered": True}, {"receipt_tampered": False,
     "receipt_distance": 30}),
    ("TWIN_ORDERS", "CP3", {"open_orders_same_amount": 1}, {"open_orders_same_amount": 0}),
    ("CANCEL_ABUSE", "CP1", {"completed_ever": 3, "cancelled_24h": 4}, {"cancelled_24h": 3}),
    ("CANCEL_ABUSE", "CP1", {"completed_ever": 2, "cancelled_24h": 6}, {"cancelled_24h": 5}),
    ("CRYPTO_IN_REFERENCE", "CP2", {"crypto_in_reference": True}, {"crypto_in_reference": False}),
    ("NIGHT_LARGE", "CP1", {"local_hour": 2, "order_size_z": 2}, {"local_hour": 5}),
    ("NEVER_THE_SAME_PARTNER", "CP1", {"orders_30d": 20, "new_partner_share_30d": 1},
     {"orders_30d": 19}),
    ("CLOSED_PAIR", "CP1", {"orders_30d": 5, "pair_share_30d": 0.6}, {"pair_share_30d": 0.59}),
    ("CLOSED_PAIR_ONE_DEVICE", "CP1", {"orders_30d": 5, "pair_share_30d": 0.6,
     "device_users_30d": 2}, {"device_users_30d": 1}),
    ("HASTY_RELEASE", "CP3", {"seconds_to_release": 59, "pair_orders_ever": 1,
     "release_size_z": 1}, {"pair_orders_ever": 2}),
    ("HASTY_RELEASE", "CP3", {"seconds_to_release": 59, "pair_orders_ever": 1,
     "release_size_z": 1}, {"release_size_z": 0.5}),
    ("APPEALS_OFTEN", "CP1", {"appeals_30d": 3}, {"appeals_30d": 2, "faults_90d": 1}),
    ("COUNTERPARTY_AT_FAULT", "CP1", {"cp_faults_90d": 2}, {"cp_faults_90d": 1,
     "cp_reports_ever": 0}),
    ("COUNTERPARTY_APPEALED", "CP1", {"cp_received_ever": 20, "cp_appeal_share": 0.15},
     {"cp_received_ever": 19}),
    ("REPORTED", "CP4", {"kind": "freeze.reported"}, {"kind": "appeal.opened"}),
    ("REPORTED_BEFORE", "CP5", {"reports_ever": 1}, {"reports_ever": 0}),
    ("ACCOUNT_REPORTED", "CP1", {"account_reports_ever": 1}, {"account_reports_ever": 0}),
    ("PAID_UNDO_LOOP", "CP2", {"paid_reverted_24h": 2}, {"paid_reverted_24h": 1}),
    ("COACHED", "CP5", {"on_call": True}, {"on_call": False, "remote_control": False}),
    ("PASS_THROUGH", "CP5", {"pass_through_1h": 0.8, "inflow_usd_48h": 500, "user_age_hours": 700},
     {"pass_through_1h": 0.79}),
    ("PASS_THROUGH", "CP5", {"pass_through_1h": 0.8, "inflow_usd_48h": 500, "user_age_hours": 700},
     {"user_age_hours": 720, "partners_24h": 2}),
    ("PASS_THROUGH_48H", "CP5", {"pass_through_48h": 0.9, "inflow_usd_48h": 1000},
     {"inflow_usd_48h": 999}),
    ("UNREGISTERED_DEALER", "CP1", {"volume_usd_30d": 50001}, {"volume_usd_30d": 50000,
     "partners_30d": 60}),
    ("UNREGISTERED_DEALER", "CP1", {"partners_30d": 61}, MERCHANT),
    ("FAN_IN", "CP5", {"partners_24h": 10, "user_addresses_30d": 2, "pass_through_48h": 0.8},
     {"user_addresses_30d": 3}),
    ("ABOVE_INCOME", "CP1", {"income_multiple_30d": 3.1}, {"income_multiple_30d": 3}),
    ("TAINTED_CASH_OUT", "CP1", SELL | {"exposure_high": 0.01, "deposit_usd_48h": 400},
     {"deposit_usd_48h": 500}),
    ("TAINTED_CASH_OUT", "CP1", SELL | {"exposure_high": 0.01, "deposit_usd_48h": 400},
     {"exposure_high": 0.0}),
    ("VICTIM_PATTERN", "CP5", OUT | {"user_age_hours": 500, "withdrawals_30d": 2,
     "withdrawal_peak_usd": 200, "user_addresses_30d": 1, "address_uses_by_user": 2,
     "pass_through_48h": 0.9}, {"withdrawal_peak_usd": 300}),
    ("SANCTIONED_ADDRESS", "CP5", {"sanctioned_address": True}, {"sanctioned_address": False}),
    ("SEVERE_EXPOSURE", "CP5", {"exposure_severe": 0.001}, {"exposure_severe": 0}),
    ("INDIRECT_EXPOSURE", "CP5", {"exposure_high": 0.25}, {"exposure_high": 0.24,
     "exposure_indirect_severe": 0.09}),
    ("NEW_ADDRESS_LARGE", "CP5", OUT | {"address_known_to_user_hours": 0,
     "withdrawal_balance_share": 0.51}, {"address_known_to_user_hours": 24}),
    ("NEW_ADDRESS_LARGE", "CP5", OUT | {"address_known_to_user_hours": 0,
     "withdrawal_size_z": 1.3}, {"withdrawal_size_z": 1.2, "withdrawal_balance_share": 0.5}),
    ("LOOKALIKE_ADDRESS", "CP5", {"lookalike_address": True}, {"lookalike_address": False}),
    ("ADDRESS_SHARED", "CP5", {"address_users_90d": 1, "address_uses_by_user": 0},
     {"address_uses_by_user": 1}),
    ("ADDRESS_OF_MANY", "CP5", {"address_users_90d": 5, "user_age_hours": 100},
     {"address_users_90d": 4}),
    ("SCAM_ADDRESS", "CP5", {"scam_address": True}, {"scam_address": False}),
    ("TRAVEL_RULE", "CP5", OUT | {"amount_usd": 1000, "travel_rule_complete": False},
     {"amount_usd": 999}),
    ("TRAVEL_RULE", "CP5", OUT | {"amount_usd": 1000, "travel_rule_complete": False},
     {"travel_rule_complete": True}),
    ("SPLIT_WITHDRAWALS", "CP5", OUT | {"withdrawals_24h": 2, "withdrawal_usd_24h": 800,
     "address_uses_by_user": 3}, {"withdrawal_usd_24h": 600}),
    ("SPLIT_WITHDRAWALS", "CP5", OUT | {"withdrawals_24h": 2, "withdrawal_usd_24h": 800,
     "address_uses_by_user": 3}, {"withdrawals_24h": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "checkpoint", "facts", "_near"), CASES)
def test_fires(code: str, checkpoint: str, facts: dict[str, Any], _near: dict[str, Any]) -> None:
    assert states(checkpoint, facts)[code] == State.HIT


@pytest.mark.parametrize(("code", "checkpoint", "facts", "near"), CASES)
def test_does_not_fire_nearby(
    code: str, checkpoint: str, facts: dict[str, Any], near: dict[str, Any]
) -> None:
    assert states(checkpoint, facts | near)[code] == State.MISS


def test_every_rule_has_its_pair() -> None:
    assert {case[0] for case in CASES} == set(RULES)


@pytest.mark.parametrize("code", RULES)
def test_a_rule_says_whom_it_is_about_and_where_it_comes_from(code: str) -> None:
    rule = RULES[code]
    assert re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+|[A-Z]{3,}", code)
    assert re.fullmatch(r"R\d\d", rule["signal"])
    assert set(rule["typology"].split(", ")) <= {
        "TP", "TR", "CB", "FR", "ATO", "MM", "ST", "DM", "WT", "BE", "PB", "AP", "MI", "CO"
    }  # fmt: skip
    assert "(S" in rule["source"] or "(O)" in rule["source"]
    assert rule["checkpoints"]
    assert set(rule["checkpoints"]) <= set(CHECKPOINTS)
    for name in ("code", "signal", "typology", "source", "analyst_sentence", "user_sentence"):
        most = getattr(RuleRow._meta.get_field(name), "max_length", 0)
        assert 0 < len(rule[name]) <= most
        assert rule[name] == rule[name].strip()
    assert rule["analyst_sentence"].endswith(".")
    assert rule["user_sentence"].endswith((".", "?"))


@pytest.mark.parametrize("code", RULES)
def test_a_rule_is_sound(code: str) -> None:
    rule = RULES[code]
    assert errors(rule["expression"], VOCABULARY, choices=CHOICES) == []
    assert 0 <= rule["points"] <= 950
    assert rule["at_least"] in ("", *OUTCOMES)
    # What bypasses the score leaves no way around a person.
    assert not rule["hard"] or rule["at_least"] in ("REVIEW", "BLOCK")
    # A rule without points that forces nothing is there for its measure.
    assert rule["points"] or rule["at_least"] or rule.get("measure")


@pytest.mark.parametrize("code", [c for c, rule in RULES.items() if rule["points"]])
def test_what_the_user_reads_teaches_no_threshold(code: str) -> None:
    rule = RULES[code]
    numbers = set(re.findall(r"\d[\d.]*", rule["expression"]))
    assert not numbers & set(re.findall(r"\d[\d.]*", rule["user_sentence"]))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_a_rule_that_fires_brings_its_outcome(
    case: tuple[str, str, dict[str, Any], dict[str, Any]],
) -> None:
    code, checkpoint, facts, _ = case
    said = verdict(checkpoint, facts, ability=None)
    assert code in {reason.code for reason in said.reasons}
    assert SEVERITY[said.outcome] >= SEVERITY[RULES[code]["at_least"] or "ALLOW"]


def test_no_single_mild_sign_stops_anybody() -> None:
    for code, checkpoint, facts, _ in CASES:
        fired = {c for c, state in states(checkpoint, facts).items() if state == State.HIT}
        if all(not RULES[c]["at_least"] for c in fired):
            assert verdict(checkpoint, facts, ability=None).outcome == "ALLOW", code


def test_mild_signs_together_ask_for_a_face() -> None:
    signs = {"rooted": True, "attested": False, "user_devices_24h": 5, "country": "FR",
             "kyc_country": "DE", "ip_known_to_user_hours": 0}  # fmt: skip
    said = verdict("CP1", BUY | signs, ability="take_buy")
    assert said.outcome == "STEP_UP"
    assert all(not reason.forces for reason in said.reasons)
    assert round(sum(reason.weight for reason in said.reasons)) == said.score


def test_of_whom_nothing_is_known_only_reports_and_doubtful_faces_are_held() -> None:
    said = {
        kind: verdict(checkpoint, {"kind": kind}, ability=None).outcome
        for kind, checkpoint in KINDS.items()
        if checkpoint
    }
    held = {kind for kind, outcome in said.items() if outcome != "ALLOW"}
    assert held == {"chargeback.reported", "freeze.reported", "face.held"}


def test_sanctions_have_no_step_up_path_and_cannot_be_snoozed() -> None:
    row = [1.0 if name == "sanctioned_address" else math.nan for name in NAMES]
    found, _ = policy().evaluate(
        checkpoint="CP5", row=row, snoozed={"SANCTIONED_ADDRESS", "SCAM_ADDRESS"}
    )
    rules = [rule.code for rule in policy().by_checkpoint["CP5"]]
    assert found[rules.index("SANCTIONED_ADDRESS")] == State.HIT
    said = verdict("CP5", OUT | {"sanctioned_address": True}, ability="withdraw")
    assert said.outcome == "BLOCK"
    assert [(due.measure.kind, due.measure.lifts_by) for due in said.measures] == [
        ("HOLD", "STAFF")
    ]


def test_whoever_is_deceived_is_stopped_and_not_accused() -> None:
    for fact in ("lookalike_address", "scam_address", "on_call"):
        said = verdict("CP5", OUT | {fact: True}, ability="withdraw")
        assert (said.outcome, said.score) == ("BLOCK", 0)


def test_the_ladder_looks_no_further_back_than_its_shortest_step_lasts() -> None:
    """Or one offence would climb it twice."""
    backwards = {
        "cancelled_24h": 24,
        "hours_since_fault": 24,
        "contact_in_ad": 0,
        "face_certainty": 0,
    }
    climbing = {
        code: rule
        for code, rule in RULES.items()
        if rule.get("measure", {}).get("kind") == "LADDER"
    }
    assert set(climbing) == {
        "CONTACT_IN_AD",
        "FALSE_PAID_AGAIN",
        "CANCEL_ABUSE",
        "FACE_SPOOF",
        "FACE_SPOOF_AGAIN",
    }
    for rule in climbing.values():
        assert any(name in rule["expression"] for name in backwards)
    steps = policy().settings.ladder
    assert min(step.measure.hours for step in steps if step.measure and step.measure.hours) == 24


def test_every_step_at_which_a_rule_enters_the_ladder_is_one() -> None:
    names = {step.name for step in policy().settings.ladder}
    begin = {rule["measure"].get("step", "") for rule in RULES.values() if rule.get("measure")}
    assert begin - {""} == {"LIMIT", "SUSPEND_24H"}
    assert begin - {""} < names


def test_one_plain_failure_has_no_consequence_and_the_fifth_is_for_people() -> None:
    plain = {"face_attack": "PRINT", "face_certainty": 0.3}
    once = verdict("CP6", FAILED | plain | {"face_failures_24h": 0}, ability=None)
    assert (once.outcome, once.measures, once.score) == ("ALLOW", (), 0)
    fifth = verdict("CP6", FAILED | plain | {"face_failures_24h": 4}, ability=None)
    assert fifth.outcome == "REVIEW"
    assert [due.measure.kind for due in fifth.measures] == ["HOLD"]


def test_a_banned_persons_face_is_for_a_human_and_never_blocks_by_itself() -> None:
    for kind in ("face.passed", "face.enrolled", "face.held"):
        said = verdict("CP6", {"kind": kind, "face_of_banned": True}, ability=None)
        assert said.outcome == "REVIEW"


# ------------------------------------------------------------------------- docs/policy.md

PAGE = (Path(settings.BASE_DIR) / "docs" / "policy.md").read_text()


def table(heading: str) -> list[list[str]]:
    """The rows of the first table below a heading, without its head."""
    lines = PAGE.split(f"## {heading}\n")[1].splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[first + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def test_the_page_scores_as_the_engine_does() -> None:
    rows = table("Points and score")
    assert len(rows) >= 5
    for points, score in rows:
        assert round(score_of([int(p) for p in re.findall(r"\d+", points)])[0]) == int(score)


def test_the_page_names_the_thresholds_of_the_preset() -> None:
    rows = table("Thresholds")
    assert {row[0] for row in rows} == set(CHECKPOINTS)
    for checkpoint, *cells in rows:
        preset = policy().settings.thresholds[checkpoint].model_dump().values()
        told = [1001 if cell == "–" else int(cell) for cell in cells]
        # A dash also stands where a milder outcome shares its bound with a more severe one.
        for bound, cell, above in zip(preset, told, [*list(preset)[1:], 1001], strict=True):
            assert bound == cell or (cell == 1001 and bound == above)


def test_the_page_tells_the_odds_of_the_preset() -> None:
    for score, chance, steady in table("Random face checks"):
        for told, is_steady in ((chance, False), (steady, True)):
            odds = step_up_odds(
                settings=policy().settings,
                checkpoint="CP1",
                score=float(score),
                steady=is_steady,
                hours_since_face=math.nan,
            )
            assert float(told.removesuffix(" %")) == pytest.approx(100 * odds, rel=0.06)


def test_the_page_counts_the_rules() -> None:
    assert f"its {len(RULES)} rules" in PAGE
