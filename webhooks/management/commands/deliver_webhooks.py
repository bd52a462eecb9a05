"""The deliverer: sends what is due, until it is stopped."""

import asyncio
import contextlib
import resource
import signal
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from webhooks.delivery import Courier, Tally
from webhooks.delivery.courier import AT_ONCE, IN_FLIGHT
from webhooks.services import upkeep

# Beside the sockets: Postgres, the log, and what Python itself has open.
SPARE_FILES = 64


class Command(BaseCommand):
    help = "Deliver webhooks that are due, until SIGTERM or Ctrl-C; any number of these may run at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--until-idle", action="store_true", help="end as soon as nothing is due")
        parser.add_argument("--seconds", type=float, help="end after so many seconds")
        parser.add_argument("--at-once", type=int, default=AT_ONCE, help="young attempts at once (%(default)s)")
        parser.add_argument(
            "--in-flight",
            type=int,
            default=IN_FLIGHT,
            help="attempts under way, and so the deliveries that a kill can double, at most (%(default)s)",
        )
        parser.add_argument("--lease", type=float, help="seconds after which another may take a delivery over")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["at_once"] < 1 or options["in_flight"] < 1:
            raise CommandError("--at-once and --in-flight are at least 1")
        # With Postgres away the deliverer starts all the same, and waits for it; beat makes the weeks, too.
        with contextlib.suppress(DatabaseError):
            upkeep.ensure_partitions()
        connection.close()
        tally = asyncio.run(self._run(options))
        self.stdout.write(" ".join(f"{name}={value}" for name, value in tally._asdict().items()))

    async def _run(self, options: dict[str, Any]) -> Tally:
        lease = timedelta(seconds=options["lease"]) if options["lease"] else None
        courier = Courier(at_once=options["at_once"], in_flight=_within_files(options["in_flight"]), lease=lease)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, courier.stop)
        self.stdout.write("ready")
        self.stdout.flush()
        return await courier.run(until_idle=options["until_idle"], seconds=options["seconds"])


def _within_files(wanted: int) -> int:
    """Let this process open as many files as it may, and return how many attempts they are enough for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = wanted + SPARE_FILES
    if soft < need:
        soft = need if hard == resource.RLIM_INFINITY else min(need, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(wanted, max(soft - SPARE_FILES, 1))
