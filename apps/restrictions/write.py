"""The part of the one write that forbids: a live restriction is widened, never doubled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.core.ids import uuid7


@dataclass(frozen=True, slots=True)
class Imposition:
    """A restriction to be: on whom, what, how long, why, and what lifts it."""

    subject: int
    ability: str
    kind: str
    reason: str
    user_sentence: str
    lifts_by: str = "STAFF"
    cap_usd: Decimal | None = None
    until: datetime | None = None
    step: str = ""


PARTS = (
    # What is over but not swept yet ends here: it must not lend the new one its reason or its cap.
    """ro AS (
  UPDATE restrictions_restriction r SET lifted_at = :at::timestamptz, lifted_for = 'time is up'
  FROM unnest(:rs_subject::bigint[], :rs_ability::text[], :rs_kind::text[], :rs_lift::uuid[])
       AS s(subject, ability, kind, event)
  WHERE r.subject_id = s.subject AND r.ability = s.ability AND r.kind = s.kind
    AND r.lifted_at IS NULL AND r.until <= :at::timestamptz
  RETURNING r.id, r.subject_id, r.ability, r.kind, s.event
)""",
    """rl AS (
  INSERT INTO events_event (id, at, kind, client_id, user_id, data)
  SELECT ro.event, :at::timestamptz, 'restriction.lifted', :client::bigint, :user::bigint,
    jsonb_build_object('restriction', ro.id, 'subject', ro.subject_id::text,
      'ability', ro.ability, 'kind', ro.kind, 'by', 'TIME')
  FROM ro
)""",
    """rs AS (
  INSERT INTO restrictions_restriction AS r (id, subject_id, ability, kind, cap_usd, lifts_by,
    until, reason, user_sentence, cause, step, imposed_at, lifted_for)
  SELECT s.id, s.subject, s.ability, s.kind, s.cap, s.lifts_by, s.until, s.reason, s.sentence,
    :cause::uuid, s.step, :at::timestamptz, ''
  FROM unnest(:rs_id::uuid[], :rs_subject::bigint[], :rs_ability::text[], :rs_kind::text[],
       :rs_cap::numeric[], :rs_lifts_by::text[], :rs_until::timestamptz[], :rs_reason::text[],
       :rs_sentence::text[], :rs_step::text[])
       AS s(id, subject, ability, kind, cap, lifts_by, until, reason, sentence, step)
  WHERE (SELECT count(*) FROM ro) >= 0  -- only after the old ones have ended
  ORDER BY s.subject, s.ability, s.kind
  ON CONFLICT (subject_id, ability, kind) WHERE lifted_at IS NULL DO UPDATE SET
    -- No end is the latest end; of two caps the lower holds.
    until = CASE WHEN r.until IS NULL OR excluded.until IS NULL THEN NULL
                 ELSE greatest(r.until, excluded.until) END,
    -- A face check shortens neither what staff hold nor what has its time to run.
    lifts_by = CASE WHEN 'STAFF' IN (r.lifts_by, excluded.lifts_by) THEN 'STAFF'
                    WHEN r.until IS NULL OR excluded.until IS NULL THEN 'FACE'
                    WHEN 'TIME' IN (r.lifts_by, excluded.lifts_by) THEN 'TIME'
                    ELSE 'FACE' END,
    cap_usd = least(r.cap_usd, excluded.cap_usd),
    step = CASE WHEN excluded.step = '' THEN r.step ELSE excluded.step END
)""",
    """re AS (
  INSERT INTO events_event (id, at, kind, client_id, user_id, data)
  SELECT s.event, :at::timestamptz, 'restriction.imposed', :client::bigint, :user::bigint,
    jsonb_build_object('subject', s.subject::text, 'ability', s.ability, 'kind', s.kind,
      'reason', s.reason, 'cause', :cause::uuid, 'until', s.until, 'cap_usd', s.cap::text)
  FROM unnest(:rs_event::uuid[], :rs_subject::bigint[], :rs_ability::text[], :rs_kind::text[],
       :rs_reason::text[], :rs_until::timestamptz[], :rs_cap::numeric[])
       AS s(event, subject, ability, kind, reason, until, cap)
)""",
)


def params(
    impositions: Sequence[Imposition], *, cause: UUID | None, at: datetime
) -> dict[str, Any]:
    """Return the parameters of PARTS; they share `at`, `client` and `user` with the event's."""
    return {
        "cause": cause,
        "rs_id": [uuid7(at) for _ in impositions],
        "rs_event": [uuid7(at) for _ in impositions],
        "rs_lift": [uuid7(at) for _ in impositions],
        "rs_subject": [i.subject for i in impositions],
        "rs_ability": [i.ability for i in impositions],
        "rs_kind": [i.kind for i in impositions],
        "rs_cap": [i.cap_usd for i in impositions],
        "rs_lifts_by": [i.lifts_by for i in impositions],
        "rs_until": [i.until for i in impositions],
        "rs_reason": [i.reason for i in impositions],
        "rs_sentence": [i.user_sentence for i in impositions],
        "rs_step": [i.step for i in impositions],
    }
