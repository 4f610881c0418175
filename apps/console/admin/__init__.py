"""Browsing the tables in the admin: read-only; what changes anything is a flow."""

from apps.console.admin import evidence, judging, money, people, schedule

__all__ = ["evidence", "judging", "money", "people", "schedule"]
