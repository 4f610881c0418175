"""Triggers that several tables of the desk share."""

import pgtrigger

from apps.trades.states import Machine


def transitions(machine: Machine, field: str = "status") -> pgtrigger.FSM:
    """The database's half of a machine: a change of state that is no step of it is refused."""
    return pgtrigger.FSM(
        name=f"{machine.name}_steps", field=field, transitions=sorted(machine.steps)
    )


def starts(machine: Machine, field: str = "status") -> pgtrigger.Protect:
    """Nothing begins in the middle of a machine."""
    return pgtrigger.Protect(
        name=f"{machine.name}_starts",
        operation=pgtrigger.Insert,
        condition=~pgtrigger.Q(**{f"new__{field}__in": sorted(machine.start)}),
    )
