"""What a fresh database needs: policies, assets, and sample people where one tries it out."""

from importlib.util import find_spec
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string

from apps.core import clock
from apps.flows import desk_samples, samples
from apps.users import demo

# Functions without arguments that may run any number of times; each stands in its app's module.
SEEDS = ("apps.risk.presets", "apps.ledger.assets", "apps.trades.catalogue")


class Command(BaseCommand):
    help = "Seed policies, assets and, on embedded servers, sample people; safe to repeat."

    def handle(self, **_: Any) -> None:
        for module in SEEDS:
            if find_spec(module) is not None:
                import_string(f"{module}.seed")()
                self.stdout.write(f"Seeded {module}.")
        if demo.allowed():
            people = demo.seed()["people"]
            self.stdout.write(f"Seeded {len(people)} sample people: see var/demo.json.")
            self.stdout.write(f"Walked {desk_samples.seed(at=clock.now())} orders of the desk.")
            self.stdout.write(f"Sent {samples.seed(at=clock.now())} sample acts to the engine.")
        else:
            self.stdout.write("No sample people: these are not embedded servers.")
