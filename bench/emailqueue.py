"""Asking for mail, and handing it over to Postfix's smtp-sink on the same machine; a text and an HTML part of some 600
characters each, to fifty domains.

*Enqueue* is asked for inside of one open transaction, one by one, or a thousand at a time with the commit; ours
writes the mail, its recipient and the first line of its story. *Deliver* is one worker process, as each package
comes: ours records each mail in a commit of its own before the next one goes through the gate, django-post_office
records a whole batch when all of it is sent, so that a killed worker sends a batch again. django-mailer has no way to
queue many at once.

*A password reset behind 100,000 bulk mails*: one worker process sends bulk mail all the time, and every quarter of a
second somebody asks for a reset; from the row to the server's answer. *A tar pit*: 1,000 mails to fifty domains,
alone and with 200 first in line to a domain that takes 5 s to answer each; the rate of the others.

Three times django-post_office is the aim, and is missed one by one and at delivery. *One by one* is one call of a
function in Postgres, which keeps its plan; as a plain statement, planned anew for each mail, it stood at 0.77 of
django-post_office. What is left is three rows with their indexes where the peer writes one. *Delivery*: with one
commit for each mail, a killed worker leaves at most one mail that is sent again; most of the time passes at that
gate. Records that do not wait for the disk gave 470 mails/s in place of 410, two or three lanes in place of six gave
390 and 430, and a shorter turn for each thread gave nothing. Only records in batches, as the peer makes them, would
reach the aim.
"""

import time
from functools import partial

from bench.contenders import Contender
from bench.rounds import compare, median, percentiles, report
from bench.sinks import CountingSink, smtp_sink

SIDE = "bench.sides.emailqueue"
SINGLY = 500
MANY = 1000
ROUNDS = 5
BEHIND = 100_000
RESETS = 60
SLOW = "tarpit.example"
SLOW_SECONDS = 5.0
RUN_SECONDS = 10


def main() -> None:
    with smtp_sink() as port:
        ours = Contender(SIDE, EMAIL_URL=f"smtp://127.0.0.1:{port}")
        peers = {
            "django-post_office": Contender(SIDE, settings="bench.settings.post_office", SINK_PORT=str(port)),
            "django-mailer": Contender(SIDE, settings="bench.settings.django_mailer", SINK_PORT=str(port)),
        }
        for case, function, count in (
            ("enqueue one by one", "enqueue_singly", SINGLY),
            ("enqueue 1,000 at once", "enqueue_many", MANY),
            ("deliver with one worker", "deliver", MANY),
        ):
            compare(
                case,
                ours=partial(ours, function, count=count),
                peers={name: partial(peer, function, count=count) for name, peer in peers.items()},
                unit="mails/s",
                rounds=ROUNDS,
            )
        for peer in peers.values():
            peer.stop()
        resets(ours)
        ours("empty")
    tar_pit(ours)
    ours.stop()


def resets(ours: Contender) -> None:
    for _ in range(BEHIND // 2_000):
        ours("fill", count=2_000, bulk=True)
    ours("vacuum")
    worker = Contender(SIDE, beside=ours)
    worker.send("run", seconds=RESETS / 4 + 10)
    ids = []
    for _ in range(RESETS):
        ids.append(ours("reset"))
        time.sleep(0.25)
    worker.answer()
    waits = ours("waits", ids=ids)
    if min(waits) < 0:
        raise SystemExit("bench: a reset did not go out")
    for name, number in percentiles(waits, per="s").items():
        report(f"a password reset behind 100,000 bulk mails: {name}", median([number]), "s")
    worker.stop()


def tar_pit(ours: Contender) -> None:
    sink = CountingSink(slow={SLOW: SLOW_SECONDS})
    ours("aim", port=sink.port)

    def rate(*, slow: bool) -> float:
        ours("empty")
        if slow:
            ours("fill", count=200, bulk=True, domain=SLOW)
        ours("fill", count=MANY, bulk=True)
        before = sink.domains.total() - sink.domains[SLOW]
        start = time.perf_counter()
        ours.send("run", seconds=RUN_SECONDS)
        while sink.domains.total() - sink.domains[SLOW] < before + MANY:
            if time.perf_counter() - start > 2 * RUN_SECONDS:
                raise SystemExit("bench: the others were not sent")
            time.sleep(0.01)
        taken = time.perf_counter() - start
        ours.answer()
        return MANY / taken

    compare(
        "the others' rate beside a tar pit",
        ours=partial(rate, slow=True),
        peers={"without one": partial(rate, slow=False)},
        unit="mails/s",
        rounds=3,
    )
    sink.stop()


if __name__ == "__main__":
    main()
