"""Bring the database, the collected files and the demo hall up to date, in one process because each start costs."""

import os

import django
from django.core.management import call_command

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    for name, arguments in (
        ("migrate", ["--no-input", "--verbosity=1"]),
        ("collectstatic", ["--no-input", "--verbosity=1"]),
        ("seed_demo", []),
    ):
        print(name, flush=True)
        call_command(name, *arguments)
