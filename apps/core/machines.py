"""Machines: tables of the states that a thing can be in and of the steps between them.

One table serves four times: the guard of services, the trigger of the database, the diagram in the
docs and the matrix of the tests.
"""

from dataclasses import dataclass
from itertools import chain

import pgtrigger


@dataclass(frozen=True, slots=True)
class Machine:
    """Where things begin, which steps there are, and where they end."""

    name: str
    start: frozenset[str]
    steps: frozenset[tuple[str, str]]

    def __post_init__(self) -> None:
        unreached = {one for one, _ in self.steps} - self.start - {two for _, two in self.steps}
        if unreached:
            raise ValueError(f"{self.name}: nothing leads to {sorted(unreached)}")

    @property
    def states(self) -> frozenset[str]:
        """Every state that something can be in."""
        return self.start | frozenset(chain.from_iterable(self.steps))

    @property
    def terminal(self) -> frozenset[str]:
        """The states that nothing leaves."""
        return self.states - {one for one, _ in self.steps}

    def allows(self, one: str, two: str) -> bool:
        """Whether there is a step from one state to the other."""
        return (one, two) in self.steps

    def before(self, state: str) -> frozenset[str]:
        """The states from which there is a step to this one."""
        return frozenset(one for one, two in self.steps if two == state)


def machine(name: str, start: str, **steps: str) -> Machine:
    """A machine from words: where it begins, and from each state where it may go."""
    return Machine(
        name=name,
        start=frozenset(start.split()),
        steps=frozenset((one, two) for one, others in steps.items() for two in others.split()),
    )


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
