"""One stack: imports and foreign keys go down it, and each room keeps to its size."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import Field

PROGRAMS = Path(sys.executable).parent
STACK = (
    {"api", "web", "console", "simulation"},
    {"flows"},
    {"cases"},
    {"risk"},
    {"restrictions"},
    {"trades", "faces", "screening"},
    {"ledger", "devices"},
    {"users"},
    {"events"},
    {"core"},
)
LEVEL = {label: -depth for depth, labels in enumerate(STACK) for label in labels}
# Longer than this, a file is about two subjects.
LONGEST_FILE = 400


def run(*command: str | Path) -> None:
    done = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def our_files() -> list[Path]:
    folders = ("apps", "otcrisk", "bench")
    files = [file for folder in folders for file in (settings.BASE_DIR / folder).rglob("*.py")]
    return [file for file in files if "migrations" not in file.parts]


def test_imports_go_down_the_stack() -> None:
    run(PROGRAMS / "lint-imports", "--no-cache")


def test_style() -> None:
    run(PROGRAMS / "ruff", "check", "--no-cache", ".")


def test_every_app_has_a_place_in_the_stack() -> None:
    ours = {config.label for config in apps.get_app_configs() if config.name.startswith("apps.")}
    assert ours <= LEVEL.keys()


def test_foreign_keys_go_down_the_stack() -> None:
    upward = []
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.get_fields():
            if not isinstance(field, Field) or field.remote_field is None:
                continue
            here, there = model._meta.app_label, field.related_model._meta.app_label
            if here in LEVEL and there in LEVEL and here != there and LEVEL[here] <= LEVEL[there]:
                upward.append(f"{model._meta.label}.{field.name} → {there}")
    assert upward == []


def test_a_file_is_about_one_subject() -> None:
    lengths = {file: len(file.read_text().splitlines()) for file in our_files()}
    assert {str(file): n for file, n in lengths.items() if n > LONGEST_FILE} == {}


@pytest.mark.django_db
def test_migrations_say_what_the_models_say() -> None:
    run(sys.executable, "manage.py", "makemigrations", "--check", "--dry-run")


def test_the_api_document_is_up_to_date() -> None:
    committed = settings.BASE_DIR / "docs" / "openapi.yml"
    command = [sys.executable, "manage.py", "spectacular", "--fail-on-warn"]
    done = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == committed.read_text().strip(), (
        "run: manage.py spectacular --file docs/openapi.yml"
    )
