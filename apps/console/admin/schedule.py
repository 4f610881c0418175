"""What the clock does: looked at, paused and resumed; its times come from the code."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django_celery_beat import models as beat

from apps.console.access import staff
from apps.console.admin.browse import Browse, each
from apps.core import clock
from apps.core.problems import request_id
from apps.flows import upkeep
from apps.users import roles
from apps.users.roles import Deed

for table in (
    beat.PeriodicTask,
    beat.ClockedSchedule,
    beat.CrontabSchedule,
    beat.IntervalSchedule,
    beat.SolarSchedule,
):
    if admin.site.is_registered(table):
        admin.site.unregister(table)


@admin.register(beat.PeriodicTask)
class PeriodicTasks(Browse):
    """Tasks by name, their rhythm, and whether they run."""

    list_display = ("name", "rhythm", "enabled", "last_run_at", "total_run_count")
    list_filter = ("enabled",)
    list_select_related = ("interval", "crontab")
    ordering = ("name",)
    actions = ("pause", "resume")
    fields = ("name", "task", "rhythm", "enabled", "last_run_at", "total_run_count", "kwargs")

    def has_view_permission(self, request: HttpRequest, *_: Any) -> bool:
        return roles.may(staff(request), Deed.READ_AUDIT)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_switch_permission(self, request: HttpRequest) -> bool:
        return roles.may(staff(request), Deed.MANAGE_CLIENTS)

    @admin.display(description="rhythm")
    def rhythm(self, task: beat.PeriodicTask) -> str:
        return str(task.interval or task.crontab or "–")

    @admin.action(description="Pause", permissions=["switch"])
    def pause(self, request: HttpRequest, tasks: QuerySet[beat.PeriodicTask]) -> None:
        self._switch(request, tasks, on=False)

    @admin.action(description="Resume", permissions=["switch"])
    def resume(self, request: HttpRequest, tasks: QuerySet[beat.PeriodicTask]) -> None:
        self._switch(request, tasks, on=True)

    def _switch(
        self, request: HttpRequest, tasks: QuerySet[beat.PeriodicTask], *, on: bool
    ) -> None:
        by, at = staff(request), clock.now()

        def deed(task: beat.PeriodicTask) -> None:
            upkeep.switch_task(by=by, at=at, task=task, on=on, request_id=request_id(request))

        each(self, request, tasks, deed, "Resumed" if on else "Paused")
