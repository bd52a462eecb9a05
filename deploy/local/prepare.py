"""Bring the database, the collected files and the demo hall up to date, in one process because each start costs."""

import os

import django
from django.conf import settings
from django.core.management import call_command

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
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
