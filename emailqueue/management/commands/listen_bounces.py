"""Listen for returned mails by LMTP, where the mail server of the hall hands them over, or by SMTP."""

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from emailqueue import listener


class Command(BaseCommand):
    help = "Listen for bounces until SIGTERM. A mail is confirmed when it is in the database, and not before."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8024)
        parser.add_argument("--smtp", action="store_true", help="speak SMTP in the place of LMTP")

    def handle(self, *args: Any, **options: Any) -> None:
        ended = threading.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: ended.set())
        try:
            listening = listener.Listener(host=options["host"], port=options["port"], lmtp=not options["smtp"])
            listening.start()
        except OSError as error:
            raise CommandError(f"cannot listen on {options['host']}:{options['port']}: {error.strerror}") from error
        self.stdout.write(f"listening={options['host']}:{options['port']}")
        self.stdout.flush()
        ended.wait()
        listening.stop()
