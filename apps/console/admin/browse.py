"""A table to look at: no adding, no changing, no deleting, and no counting of long tables."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apps.core.errors import Refused


class Browse(ModelAdmin):  # type: ignore[misc]
    """Every evidential table is read-only here, for every role."""

    show_full_result_count = False
    list_per_page = 50
    list_fullwidth = True
    actions_selection_counter = True

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False


def each(
    admin: ModelAdmin,
    request: HttpRequest,
    rows: QuerySet[Any],
    deed: Callable[[Any], None],
    done: str,
) -> None:
    """Do a flow's deed to each chosen row, and say what was refused."""
    count = 0
    for row in rows:
        try:
            deed(row)
            count += 1
        except Refused as refused:
            admin.message_user(request, f"{_name(row)}: {refused.detail}", messages.ERROR)
    if count:
        admin.message_user(request, f"{done}: {count}.", messages.SUCCESS)


def _name(row: Model) -> str:
    return str(row)
