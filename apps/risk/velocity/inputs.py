"""What features may ask for, by name: `user_orders_n_24h`, `device_users_distinct_30d`.

A feature names its inputs as parameters; this module says what each name means, and so which heads,
windows and links one read has to fetch. The grammar:

    <role>_<stream>_<what>[_<window>]   what: n count · usd sum · avg mean · sd standard deviation ·
                                        peak largest ever · age hours since the first ·
                                        idle hours since the last · lat, lon last place
    <relation>_distinct_<window>        different partners met in the window (capped at 200)
    <relation>_link_<what>              this very link: age, idle (hours), n
    <role>_hops                         strong links to the nearest ban
    <role>_on_<list>                    1 when the entity is on that list now
    anything else                       a fact of the act itself (facts of apps.risk.act_facts)
"""

from dataclasses import dataclass
from functools import cache

from apps.risk.act_facts import BOOL_FACTS, NUMBER_FACTS, TEXT_FACTS
from apps.risk.velocity.streams import RELATION_BY_NAME, Relation, Stream, stream_for
from apps.risk.vocabulary import ROLES, Role

#: Seconds of each window.
WINDOWS: dict[str, int] = {
    "1m": 60,
    "10m": 600,
    "1h": 3_600,
    "24h": 86_400,
    "48h": 172_800,
    "7d": 604_800,
    "30d": 2_592_000,
    "90d": 7_776_000,
}
DISTINCT_CAP = 200
SUMS = ("n", "usd", "avg", "sd")
HEAD_ONLY = ("peak", "age", "idle", "lat", "lon")
FACTS = frozenset((*NUMBER_FACTS, *BOOL_FACTS, *TEXT_FACTS))
LISTS = ("BLOCKED", "WATCHED", "TRUSTED")


@dataclass(frozen=True, slots=True)
class Velocity:
    """A total of one stream of the entity in `role`; `window` None means its whole life."""

    role: Role
    stream: Stream
    what: str
    window: str | None


@dataclass(frozen=True, slots=True)
class Distinct:
    """How many different partners a link has had within the window."""

    relation: Relation
    window: str


@dataclass(frozen=True, slots=True)
class Link:
    """The link between this act's own two entities."""

    relation: Relation
    what: str


@dataclass(frozen=True, slots=True)
class Hops:
    """Strong links between the entity in `role` and the nearest ban."""

    role: Role


@dataclass(frozen=True, slots=True)
class Listed:
    """Whether the entity in `role` is on one of our lists."""

    role: Role
    list: str


@dataclass(frozen=True, slots=True)
class ActFact:
    """A fact of the act itself."""

    name: str


Input = Velocity | Distinct | Link | Hops | Listed | ActFact


@cache
def parse(name: str) -> Input:
    """Return what `name` asks for; LookupError says what is wrong with it."""
    for relation in RELATION_BY_NAME.values():
        rest = name.removeprefix(f"{relation.name}_")
        if rest != name:
            word, _, tail = rest.partition("_")
            if word == "distinct" and tail in WINDOWS:
                return Distinct(relation, tail)
            if word == "link" and tail in ("age", "idle", "n") and relation.is_stored:
                return Link(relation, tail)
            raise LookupError(f"{name!r}: a link is asked for as distinct_<window> or link_<what>")
    head, _, rest = name.partition("_")
    if head not in ROLES or name in FACTS:
        return ActFact(name)
    role = Role(head)
    if rest == "hops":
        return Hops(role)
    if rest.startswith("on_") and rest[3:].upper() in LISTS:
        return Listed(role, rest[3:].upper())
    stream_name, _, tail = rest.partition("_")
    what, _, window = tail.partition("_")
    if window and window not in WINDOWS:
        raise LookupError(f"{name!r}: {window!r} is not a window ({', '.join(WINDOWS)})")
    if what not in SUMS + HEAD_ONLY or (window and what in HEAD_ONLY):
        raise LookupError(f"{name!r}: {what!r} is not a total ({', '.join(SUMS + HEAD_ONLY)})")
    stream = stream_for(role=role, name=stream_name)
    if window and not stream.windowed:
        raise LookupError(f"{name!r}: no points are kept of {stream.name!r}, so it has no windows")
    return Velocity(role, stream, what, window or None)
