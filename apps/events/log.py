"""Events of our own: written to the log alone, counted in no stream."""

from apps.core.statement import Statement
from apps.events import write
from apps.events.act import Act

WRITE = Statement(f"WITH {', '.join((*write.ENTITY_PARTS, *write.PARTS))} SELECT 1")


def add(act: Act) -> None:
    """Write an act that is none of a user: what an integrator, staff or the clock did."""
    WRITE.run(write.params(act) | write.entity_params(act))
