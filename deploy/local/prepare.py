"""Bring the database, the collected files and the demo hall up to date, in one process because each start costs."""

import os
import sys

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        django.setup()
        commands = [
            ("migrate", ["--no-input", "--verbosity=1"]),
            ("collectstatic", ["--no-input", "--verbosity=1"]),
        ]
        if settings.DEMO:
            commands.append(("seed_demo", []))
        for name, arguments in commands:
            print(name, flush=True)
            call_command(name, *arguments)
    except (ImproperlyConfigured, CommandError) as error:
        # These are written for people, and the last line is what `make run` ends with.
        print(error, flush=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
