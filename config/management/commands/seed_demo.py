"""Fill the hall with invented people and what they left behind."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config import demo

SEED_MAX = 2**63 - 1


class Command(BaseCommand):
    help = "Fill the hall with invented people, once; only in demo mode. Safe to repeat and to run twice at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=1, help="another number invents other lives (default: 1)")

    def handle(self, *args: Any, **options: Any) -> None:
        seed = options["seed"]
        if not 0 <= seed <= SEED_MAX:
            raise CommandError(f"--seed must be from 0 to {SEED_MAX}")
        try:
            seeded = demo.seed_demo(seed=seed, now=timezone.now())
        except demo.NotADemo as error:
            raise CommandError(str(error)) from None
        rows = "".join(f" {kind}={count}" for kind, count in seeded.rows.items())
        self.stdout.write(f"seed={seed} played={seeded.played} skipped={seeded.skipped}{rows}")
