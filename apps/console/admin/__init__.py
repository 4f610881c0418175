"""Browsing the tables in the admin: read-only; what changes anything is a flow."""

from apps.console.admin import (
    catalogue,
    desk,
    evidence,
    judging,
    money,
    people,
    schedule,
    traders,
)

__all__ = [
    "catalogue",
    "desk",
    "evidence",
    "judging",
    "money",
    "people",
    "schedule",
    "traders",
]
