"""The part of the one write that keeps a judgement: decision, standing, nearness to a ban."""

import math
from collections.abc import Sequence
from typing import Any

from apps.core.sql import Reals
from apps.risk import live
from apps.risk.decide import Judgement

PARTS = (
    """dc AS (
  INSERT INTO risk_decision (id, event_id, at, maker, checkpoint, outcome, score, band, reasons,
    weights, "values", hits, feature_set, policy, degraded, drawn, standing, moved, took_us)
  SELECT :id::uuid, :id::uuid, :at::timestamptz, 'ENGINE', :checkpoint::text, :outcome::text,
    :score::smallint, :band::smallint, :reasons::text[], :weights::real[], :values::real[],
    :hits::bytea, :feature_set::smallint, :policy::int, :degraded::boolean, :drawn::boolean,
    :standing::smallint, :moved::smallint, :took_us::int
  WHERE :checkpoint::text IS NOT NULL
)""",
    """st AS (
  INSERT INTO risk_standing (user_id, value, at, floor, band)
  SELECT :user::bigint, :standing_value::float8, :at::timestamptz, 0,
    least(4, floor(:standing_value::float8 / 200))::smallint
  WHERE :standing_value::float8 IS NOT NULL AND :user::bigint IS NOT NULL
  ON CONFLICT (user_id) DO UPDATE SET value = excluded.value, at = excluded.at,
    band = excluded.band
)""",
)

#: Written only where an act brings a ban nearer to somebody.
LINK_PARTS = (
    """px AS (
  INSERT INTO risk_proximity AS x (entity, hops, via)
  SELECT p.entity, p.hops, p.via
  FROM unnest(:px_entity::bigint[], :px_hops::smallint[], :px_via::bigint[])
       AS p(entity, hops, via)
  ORDER BY p.entity
  ON CONFLICT (entity) DO UPDATE SET hops = excluded.hops, via = excluded.via
    WHERE excluded.hops < x.hops
)""",
)


#: Not judged: the columns of a decision stay unwritten.
NOTHING: dict[str, Any] = dict.fromkeys(
    (
        "checkpoint",
        "outcome",
        "score",
        "band",
        "hits",
        "feature_set",
        "policy",
        "degraded",
        "drawn",
        "standing",
        "moved",
        "took_us",
        "standing_value",
    )
) | {
    "reasons": [],
    "weights": Reals(()),
    "values": Reals(()),
}


def params(judgement: Judgement) -> dict[str, Any]:
    """Return the parameters of PARTS for one judgement."""
    verdict, move = judgement.verdict, judgement.move
    return {
        "checkpoint": judgement.checkpoint,
        "outcome": verdict.outcome,
        "score": verdict.score,
        "band": verdict.band,
        "reasons": [reason.code for reason in verdict.reasons],
        "weights": Reals([reason.weight for reason in verdict.reasons]),
        "values": Reals(judgement.values),
        "hits": bytes(judgement.states),
        "feature_set": live.feature_set(),
        "policy": judgement.policy,
        "degraded": verdict.degraded,
        "drawn": verdict.drawn,
        "standing": round(move.value),
        "moved": round(move.moved),
        "took_us": judgement.took_us,
        "standing_value": None if verdict.degraded else move.value,
    }


def link_params(nearer: Sequence[tuple[int, int, int]]) -> dict[str, Any]:
    """Return the parameters of LINK_PARTS."""
    return {
        "px_entity": [entity for entity, _, _ in nearer],
        "px_hops": [hops for _, hops, _ in nearer],
        "px_via": [via for _, _, via in nearer],
    }


def nearer(judgement: Judgement) -> list[tuple[int, int, int]]:
    """Return (entity, hops, nearest known neighbour) where this act brings a ban nearer.

    Strong links alone carry it: device, payment account, crypto address; up to four hops.
    """
    hops, ids = judgement.hops, judgement.act.ids
    if not hops or "user" not in ids:
        return []
    strong = [role for role in ("device", "account", "address") if role in ids]
    own = hops.get("user", math.inf)
    through = min(strong, key=lambda role: hops.get(role, math.inf), default="")
    found = []
    best = min(own, 1 + hops.get(through, math.inf)) if through else own
    if best < own and best <= MAX_HOPS:
        found.append((ids["user"], int(best), ids[through]))
    for role in strong:
        if best + 1 < hops.get(role, math.inf) and best + 1 <= MAX_HOPS:
            found.append((ids[role], int(best + 1), ids["user"]))
    return found


MAX_HOPS = 4
