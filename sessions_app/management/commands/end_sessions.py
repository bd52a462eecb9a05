"""End the sessions of one person or of everybody."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sessions_app import services
from sessions_app.models import Session, User


class Command(BaseCommand):
    help = "End every session of a person, or of everybody. The reason is kept in the security log."

    def add_arguments(self, parser: ArgumentParser) -> None:
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--user", help="mail address of the person")
        whose.add_argument("--all", action="store_true", help="everybody")
        parser.add_argument("--reason", required=True, help="why, for the log")
        parser.add_argument("--dry-run", action="store_true", help="count, end nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        user = None
        if not options["all"]:
            user = User.objects.filter(email__iexact=options["user"]).first()
            if user is None:
                raise CommandError(f"nobody has the mail address {options['user']}")
        if options["dry_run"]:
            rows = Session.objects.active()
            count = (rows if user is None else rows.filter(user=user)).count()
            self.stdout.write(f"active={count} ended=0")
            return
        ended = services.end_all_sessions(
            user_id=user.pk if user else None,
            by=None,
            reason=Session.Reason.OPERATOR,
            note=options["reason"],
        )
        self.stdout.write(f"ended={ended}")
