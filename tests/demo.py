"""The demo hall, for tests."""

from io import StringIO

from django.core.management import call_command


def seed(*arguments: str) -> str:
    """Run the command; return the line that it prints."""
    out = StringIO()
    call_command("seed_demo", *arguments, stdout=out)
    return out.getvalue().strip()
