#!/usr/bin/env python
"""Django's command line. In development the database servers start by themselves (ottsite.engines)."""

import os
import sys

# Commands that read code only; they must not wait for a database server.
OFFLINE = {"", "help", "version", "check", "makemessages", "compilemessages", "spectacular",
           "collectstatic", "findstatic", "startapp", "engines"}  # fmt: skip


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ottsite.settings")
    command = next(iter(sys.argv[1:]), "").lstrip("-")
    if command == "test":
        from ottsite import testing

        testing.prepare()
    elif command not in OFFLINE:
        from ottsite import engines

        engines.provide(os.environ)

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
