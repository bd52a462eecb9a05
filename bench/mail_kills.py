"""Mails, and workers that are killed while they send them: how many are lost, and how many come twice.

    python -m bench.mail_kills [MAILS] [KILLS]        10,000 and 40 when nothing is said

Two workers (`manage.py send_due_mail`) send to a server that counts each Message-ID. One of them is killed with
SIGKILL at random moments and replaced; half way Redis is emptied, and Postgres is killed with SIGKILL and started
again. Everything runs on servers of its own. The last line is `mails=… kills=… lost=… doubled=…`; the exit code is 1
when a mail was lost, or when more were doubled than processes were killed.
"""

import os
import random
import sys
import time

from bench.sinks import CountingSink
from tests import faults
from tests.faults import Process

WORKERS = 2
MAILS, KILLS = 10_000, 40
QUEUE = """
import django; django.setup()
from django.db import transaction
from emailqueue import services, tasks
from emailqueue.drafts import Draft
tasks.deliver_mail.delay = lambda: None
for first in range(0, {mails}, 500):
    with transaction.atomic(durable=True):
        services.enqueue_many(mails=[
            Draft(to=[f"p{{n}}@d{{n % 40}}.example"], sender="hall@example.org", subject=str(n), text="Hello.")
            for n in range(first, min(first + 500, {mails}))
        ])
"""
COUNT = """
import django; django.setup()
from emailqueue.models import Email
print("left", Email.objects.exclude(state="sent").count(), "rows", Email.objects.count())
"""


def main(mails: int, kills: int) -> int:
    sink = CountingSink()
    with faults.postgres() as postgres, faults.redis() as redis:
        environment = {
            "DATABASE_URL": postgres.url,
            "REDIS_URL": redis.url,
            "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}",
            "DJANGO_SETTINGS_MODULE": "bench.settings.kills",
            "ENV_FILE": os.devnull,
            "SECRET_KEY": "kills-only-" + "0123456789abcdef" * 4,
            "HTTPS": "off",
            "LOG_LEVEL": "ERROR",
        }

        def program(*arguments: str) -> Process:
            return Process([sys.executable, *arguments], env=environment)

        def finished(*arguments: str) -> str:
            with program(*arguments) as process:
                if process.wait():
                    raise SystemExit(f"bench: it failed:\n{process.output()}")
                return process.output()

        finished("manage.py", "migrate", "-v", "0")
        finished("-c", QUEUE.format(mails=mails))
        workers = [program("manage.py", "send_due_mail") for _ in range(WORKERS)]
        for worker in workers:
            worker.start()
        killed = _kill(workers, sink, postgres, redis, mails=mails, kills=kills)
        for worker in workers:
            worker.close()
        deadline = time.monotonic() + 300
        left = "?"
        while time.monotonic() < deadline:
            finished("manage.py", "send_due_mail")
            left = finished("-c", COUNT).split("left ")[1].split(" ")[0]
            if left == "0":
                break
            time.sleep(1)
    lost = mails - len(sink.copies)
    doubled = sink.copies.total() - len(sink.copies)
    most = max(sink.copies.values(), default=0)
    sink.stop()
    print(f"mails={mails} kills={killed} lost={lost} doubled={doubled} most_copies={most} left={left}")
    return int(lost > 0 or doubled > killed or left != "0")


def _kill(
    workers: list[Process],
    sink: CountingSink,
    postgres: faults.postgres,
    redis: faults.redis,
    *,
    mails: int,
    kills: int,
) -> int:
    """Kill a worker each time that another share of the mails is out; return how many died, Postgres's clients too."""
    dice, killed, restarted = random.Random(7), 0, False
    for number in range(1, kills + 1):
        until = time.monotonic() + 30
        while sink.copies.total() < number * mails / (kills + 2) and time.monotonic() < until:
            for worker in workers:
                if worker.code is not None:
                    # It found nothing due, or its Postgres was away.
                    worker.start()
            time.sleep(0.002 + dice.random() / 50)
        if not restarted and number > kills // 2:
            restarted = True
            with redis.client() as client:
                client.flushall()
            postgres.stop()
            postgres.start()
            # Each worker had at most one mail that was taken and not recorded.
            killed += len(workers)
        worker = dice.choice(workers)
        worker.kill()
        killed += 1
        worker.start()
        print(f"bench: kill {number} of {kills}: {sink.copies.total()} taken", file=sys.stderr, flush=True)
    for worker in workers:
        worker.kill()
        killed += 1
    return killed


if __name__ == "__main__":
    numbers = [int(each) for each in sys.argv[1:3]]
    sys.exit(main(*(numbers + [MAILS, KILLS][len(numbers) :])))
