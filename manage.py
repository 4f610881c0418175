#!/usr/bin/env python3
"""Runs otcrisk's commands; starts the embedded servers when none are configured."""

import os
import sys

from otcrisk import embedded


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "otcrisk.settings")
    # Help, version and translation files need no database.
    if sys.argv[1:2] not in (["help"], ["--help"], ["--version"], []):
        try:
            embedded.start()
        except embedded.NotStarted as fault:
            sys.exit(f"The embedded servers could not be started: {fault}")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
