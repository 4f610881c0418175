"""face_templates: known faces under another encoder, banned ones under another secret rotation."""

from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.core import clock
from apps.flows import face_upkeep


class Command(BaseCommand):
    help = (
        "migrate: encode faces that an older encoder made anew, from the pictures kept of their "
        "own checks. rotate: move the faces of banned people under the first FACE_ROTATION. "
        "Both may be stopped and started again at any time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which of the two."""
        parser.add_argument("what", choices=["migrate", "rotate"])

    def handle(self, *, what: str, **_: Any) -> None:
        """Do it, and say how many were moved."""
        if what == "rotate":
            self.stdout.write(f"Moved: {face_upkeep.turn_protected()}.")
            return
        done = Counter(
            face_upkeep.migrate(template=one, at=clock.now())
            for one in face_upkeep.of_other_models()
        )
        self.stdout.write(
            f"Encoded anew: {done[face_upkeep.MOVED]}. "
            f"Without pictures: {done[face_upkeep.NO_PICTURES]}; "
            f"whose pictures differ: {done[face_upkeep.UNLIKE]}. "
            "Their next check is looked at by people."
        )
