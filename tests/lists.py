"""Watch-lists as tests load them: small, invented, from bytes or from the samples."""

import io
from datetime import datetime
from pathlib import Path

from django.conf import settings

from apps.flows import watch_lists
from apps.flows.watch_lists import Given
from apps.screening.catalogue import Known
from apps.screening.models import Category, Version
from apps.users.models import User

SAMPLES = Path(settings.BASE_DIR) / "fixtures" / "lists"


def loads(
    text: str | bytes,
    *,
    at: datetime,
    code: str = "TEST",
    format: str = "CSV",
    category: Category = Category.SANCTIONS,
    by: User | None = None,
    force: str = "",
) -> Version:
    """Somebody loads a list of this content."""
    raw = text.encode() if isinstance(text, str) else text
    known = Known(code.title(), format, category, "", 48)
    given = Given(code=code, origin="test", known=known, by=by, force=force)
    return watch_lists.load(given=given, file=io.BytesIO(raw), at=at)


def sanctions(*addresses: str, at: datetime, code: str = "TEST") -> Version:
    """These addresses are under sanctions."""
    return loads("\n".join(["address", *addresses]), at=at, code=code)


def scams(*addresses: str, at: datetime) -> Version:
    """These addresses are known for scams."""
    text = "\n".join(["address", *addresses])
    return loads(text, at=at, code="SCAMS", category=Category.SCAM)


def people(*names: str, at: datetime, code: str = "PEOPLE") -> Version:
    """These people are under sanctions, each under its place in the list."""
    rows = [f'{place},"{name}",PERSON' for place, name in enumerate(names, start=1)]
    return loads("\n".join(["ref,name,kind", *rows]), at=at, code=code)
