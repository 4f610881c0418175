"""The part of the one write that records an act: its event, its entities, the sender's own id."""

import json
from typing import Any

from apps.events.act import Act

#: Parts of the common table expression that apps.flows.judge assembles.
ENTITY_PARTS = (
    """ent AS (
  INSERT INTO events_entity (id, kind, scope, ref, first_at)
  SELECT e.id, e.kind, e.scope, e.ref, :at::timestamptz
  FROM unnest(:ent_id::bigint[], :ent_kind::text[], :ent_scope::text[], :ent_ref::text[])
       AS e(id, kind, scope, ref)
  ORDER BY e.id ON CONFLICT (id) DO NOTHING
)""",
)
PARTS = (
    """ev AS (
  INSERT INTO events_event (id, at, occurred_at, kind, client_id, ref, actor_id, user_id, device_id,
    ip_id, subnet_id, account_id, address_id, counterparty_id, amount_usd, data, request_id)
  VALUES (:id::uuid, :at::timestamptz, :occurred_at::timestamptz, :kind::text, :client::bigint,
    :ref::text, :actor::bigint, :user::bigint, :device::bigint, :ip::bigint, :subnet::bigint,
    :account::bigint, :address::bigint, :cp::bigint, :amount_usd::numeric, :data::jsonb,
    :request_id::text)
)""",
    """ik AS (
  INSERT INTO events_ingestkey (client, ref, event, digest, at)
  SELECT :client::bigint, :ref::text, :id::uuid, :digest::bytea, :at::timestamptz
  WHERE :client::bigint IS NOT NULL AND :ref::text IS NOT NULL
)""",
)


def params(act: Act) -> dict[str, Any]:
    """Return the parameters of PARTS for one act."""
    ids = act.ids
    return {
        "id": act.id,
        "at": act.at,
        "occurred_at": act.occurred_at,
        "kind": act.kind,
        "client": act.client and act.client.id,
        "ref": act.ref,
        "actor": act.actor and act.actor.id,
        **{role: ids.get(role) for role in _COLUMNS},
        "amount_usd": act.amount_usd,
        "data": json.dumps(act.data, separators=(",", ":")),
        "request_id": act.request_id,
        "digest": act.digest,
    }


def entity_params(act: Act) -> dict[str, Any]:
    """Return the parameters of ENTITY_PARTS: everything that the act names."""
    named = [p for p in (*act.parties.values(), act.client, act.actor, *act.about) if p]
    return {
        "ent_id": [p.id for p in named],
        "ent_kind": [p.kind for p in named],
        "ent_scope": [p.scope for p in named],
        "ent_ref": [p.ref for p in named],
    }


_COLUMNS = ("user", "device", "ip", "subnet", "account", "address", "cp")
