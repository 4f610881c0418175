"""`manage.py faces …`: what the engine is worth, measured on recordings and photographs."""

from importlib import import_module
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

#: Each names a module of apps/faces/evaluation that has add_arguments() and run().
SUBCOMMANDS = {
    "evaluate": "how well attacks are told from people: APCER, BPCER on recordings",
    "calibrate": "writes the policy: thresholds chosen on recordings, with their error rates",
    "render": "renders sessions of people who don't exist, and attacks, with a manifest",
    "verify": "how well faces are recognised: FAR, FRR, TAR on pairs of photographs",
}


class Command(BaseCommand):
    help = "Measures the face engine; needs no database."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="what", required=True)
        for name, help in SUBCOMMANDS.items():
            _module(name).add_arguments(commands.add_parser(name, help=help))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            _module(options["what"]).run(options, self.stdout, self.stderr)
        except (OSError, ValueError) as fault:
            raise CommandError(str(fault)) from fault


def _module(name: str) -> Any:
    return import_module(f"apps.faces.evaluation.{name}")
