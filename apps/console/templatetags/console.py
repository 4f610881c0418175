"""How the console's templates show moments, entities, outcomes, scores and figures."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from apps.console import figures, wording
from apps.console.entity_urls import shown
from apps.core import clock, money
from apps.events.models import Entity
from apps.risk.policy_settings import BANDS

register = template.Library()


@register.simple_tag(takes_context=True)
def moment(context: template.Context, at: datetime | None, form: str = "both") -> SafeString:
    """A moment: how long ago, and the exact UTC; the reader's own time zone as the tooltip."""
    if at is None:
        return mark_safe('<span class="faint">–</span>')
    now = context.get("now") or clock.now()
    exact = figures.exact(at)
    local = _local(at, context)
    ago = format_html(
        '<time class="ago" datetime="{}" title="{}" data-ago>{}</time>',
        at.isoformat(),
        f"{exact}{local}",
        figures.ago(at, now),
    )
    if form == "ago":
        return ago
    short = exact if form == "both" else f"{at:%H:%M:%S}"
    return format_html('{} <span class="exact">{}</span>', ago, short)


def _local(at: datetime, context: template.Context) -> str:
    request = context.get("request")
    zone = getattr(getattr(request, "user", None), "timezone", "UTC")
    if zone == "UTC":
        return ""
    try:
        return f" · {at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S} {zone}"
    except (ZoneInfoNotFoundError, ValueError):
        return ""


@register.simple_tag
def outcome(code: str) -> SafeString:
    """An outcome as a chip: sign, word and colour."""
    name, meaning = wording.OUTCOMES.get(code, (code or "–", ""))
    return format_html(
        '<span class="chip {}" title="{}">{}</span>', (code or "none").lower(), meaning, name
    )


@register.simple_tag
def meter(score: float, band: int | None = None) -> SafeString:
    """A score as figures and a bar, coloured by its band."""
    place = band if band is not None else sum(score >= edge for edge in (200, 400, 600, 800))
    place = max(0, min(place, len(BANDS) - 1))
    return format_html(
        '<span class="meter band{}{}" title="{}"><b>{}</b>'
        '<svg width="48" height="6" aria-hidden="true" focusable="false">'
        '<rect class="track" width="48" height="6" rx="3"/>'
        '<rect class="fill" width="{}" height="6" rx="3"/></svg></span>',
        place,
        "" if round(score) else " zero",
        f"Score {round(score)} of 1000: {wording.BAND_NAMES[place]}",
        round(score),
        round(max(score, 0) * 48 / 1000, 1),
    )


@register.simple_tag
def entity(one: Entity | None, form: str = "") -> SafeString:
    """An entity as a link to its page; of a payment account only the beginning."""
    if one is None:
        return mark_safe('<span class="faint">–</span>')
    name, meaning = wording.KINDS_OF_ENTITY.get(one.kind, (one.kind, ""))
    scope = f" of {one.scope}" if one.scope else ""
    return format_html(
        '<a class="entity {}" href="{}" title="{}">{}{}</a>',
        one.kind,
        reverse("console:entity", args=[one.id]),
        f"{name}{scope}. {meaning}",
        format_html('<span class="kind">{}</span> ', name) if form == "kind" else "",
        shown(one.kind, one.ref),
    )


@register.simple_tag
def term(word: str, key: str = "", meaning: str = "") -> SafeString:
    """A word that explains itself on hover, focus and tap."""
    text = meaning or wording.TERMS.get(key or word, "")
    if not text:
        return format_html("{}", word)
    return format_html(
        '<span class="term" tabindex="0" aria-description="{}" data-tip="{}">{}</span>',
        text,
        text,
        word,
    )


@register.filter
def usd(value: Decimal | float | None) -> str:
    """1,234.50 USD."""
    return figures.usd(value) if value is not None else ""


@register.filter
def short(value: Decimal) -> str:
    """An amount of crypto or fiat without the zeros at its end."""
    return money.short(value)


@register.filter
def words(code: str) -> str:
    """A code as words: ORDER_OPENED → Order opened."""
    return code.replace("_", " ").capitalize()


@register.filter
def whole_usd(value: float) -> str:
    """A sum to the dollar: 12,345 USD."""
    return f"{value:,.0f} USD"


@register.filter
def ms(value: int | None) -> str:
    """Microseconds as milliseconds."""
    return figures.microseconds(value)


@register.filter
def weight(value: float) -> str:
    """A share of the score with its sign: +120."""
    return f"+{value:,.0f}" if value >= 10 else f"+{value:.1f}".removesuffix(".0")


@register.filter
def percent(value: float | None) -> str:
    """A share as percent: 0.125 → 12.5 %."""
    if value is None:
        return "–"
    return f"{100 * value:.2f}".rstrip("0").rstrip(".") + " %"


@register.filter
def figure(value: float | None) -> str:
    """A number with thousands marked."""
    return "–" if value is None else figures.number(float(value))


@register.filter
def verb(kind: str) -> str:
    """What somebody did, in words."""
    return wording.verb_of(kind)


@register.filter
def deed(kind: str) -> str:
    """What a member of staff did, in words."""
    return wording.deed_of(kind)


@register.filter
def checkpoint(code: str) -> str:
    """The name of a checkpoint."""
    return wording.checkpoint_name(code)


@register.filter
def outcome_name(code: str) -> str:
    """An outcome in words: STEP_UP → Step-up."""
    return wording.OUTCOMES.get(code, (code, ""))[0]


@register.filter
def checkpoint_short(code: str) -> str:
    """The name of a checkpoint for a narrow column."""
    return wording.SHORT_CHECKPOINTS.get(code, "Staff")


@register.filter
def band(place: int) -> str:
    """The name of a band."""
    return wording.BAND_NAMES[max(0, min(place, len(BANDS) - 1))]


@register.filter
def family(name: str) -> str:
    """The name of a family of features."""
    return wording.family_name(name)


@register.filter
def typology(codes: str) -> str:
    """What the codes of a typology mean."""
    return wording.typology_name(codes)


@register.filter
def ref(one: Entity) -> str:
    """An entity's reference as an analyst may read it."""
    return shown(one.kind, one.ref)


@register.filter
def kind_name(kind: str) -> str:
    """The name of a kind of entity."""
    return wording.KINDS_OF_ENTITY.get(kind, (kind, ""))[0]


@register.filter
def at_key(mapping: dict[Any, Any], key: Any) -> Any:
    """The value under a key that is itself a variable."""
    return mapping.get(key)


@register.filter
def span_until(end: datetime, start: datetime) -> str:
    """How long from start to end."""
    return figures.span(end - start)
