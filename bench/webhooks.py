"""What a deliverer does in a second, and what a dead receiver costs the others.

Ours is one `deliver_webhooks` process that finds everything waiting, and writes each attempt with its request and
answer to Postgres. The peers are a plain Celery task that posts with requests, and django-webhook's task, each with
eight prefork processes on Redis; neither looks where it connects to, and the plain one writes nothing down. All
receivers take 100 ms. Deliveries a second count from the first request to the last answer.

*Sent after* is the time from publishing an event to the start of its first attempt, over 50 endpoints, of those that
answer; events come evenly at the rate of the case. A hole takes a connection and never answers. The peer's *lag* is how
much later than the last event was sent the last delivery to a healthy receiver arrived, on the same eight processes.
"""

import subprocess
import sys
from functools import partial

from bench.contenders import Contender
from bench.rounds import compare, median, report
from deploy.local.ground import free_port

ENDPOINTS = 50
COUNT = 5_000
PEER_COUNT = 400
ROUNDS = 3
RATE = 500
CALM_RATE = 100
SECONDS = 20
ROWS = 100_000
PEER_RATE = 40


def main() -> None:
    port = free_port()
    receiver = subprocess.Popen([sys.executable, "-m", "bench.sides.webhook_receiver", str(port)])
    base = f"http://127.0.0.1:{port}"
    url, hole, count_url = f"{base}/ms/100", f"{base}/hole", f"{base}/count"
    try:
        ours = Contender("bench.sides.webhooks", WEBHOOK_ALLOWED_ADDRESSES="127.0.0.1:*")
        plain = Contender("bench.sides.webhooks_celery", settings="bench.settings.webhooks_peer")
        ours("begin", url=url, endpoints=ENDPOINTS)
        plain("begin", url=url)
        throughput(ours, plain, url, count_url)
        pace(ours, url, hole)
        collapse(plain, url, hole, count_url)
        late = ours("lateness", rows=ROWS, window=SECONDS, within=2000)
        report(f"lateness with {ROWS:,} scheduled rows: p99", median([late]), "s")
        report(
            "bytes on disk for an event, a delivery and an attempt", median([ours("bytes_a_delivery", count=2000)]), "B"
        )
        ours.stop()
        plain.stop()
    finally:
        receiver.terminate()
        receiver.wait()


def throughput(ours: Contender, plain: Contender, url: str, count_url: str) -> None:
    compare(
        "deliveries a second, receivers of 100 ms",
        ours=partial(ours, "throughput", count=COUNT),
        peers={
            name: partial(plain, "throughput", peer=peer, url=url, count_url=count_url, count=PEER_COUNT)
            for name, peer in (("Celery and requests", "celery"), ("django-webhook", "django-webhook"))
        },
        unit="1/s",
        rounds=ROUNDS,
    )


def pace(ours: Contender, url: str, hole: str) -> None:
    ours("point", holes=0, url=url, hole=hole)
    found = ours("paced", rate=RATE, seconds=SECONDS)
    for name in ("p50", "p95", "p99"):
        report(f"sent after, {found['rate']:.0f} events a second: {name}", median([found[name]]), "ms")
    results: dict[int, list[dict[str, float]]] = {0: [], 1: [], 25: []}
    for _ in range(ROUNDS):
        for holes, rounds in results.items():
            ours("point", holes=holes, url=url, hole=hole)
            rounds.append(ours("paced", rate=CALM_RATE, seconds=SECONDS, holes=holes))
    ours("point", holes=0, url=url, hole=hole)
    for name in ("p50", "p99"):
        calm = median([each[name] for each in results[0]])
        report(f"sent after, {CALM_RATE} events a second: {name}", calm, "ms")
        for holes in (1, 25):
            case = f"sent after, {CALM_RATE} events a second, {holes} of {ENDPOINTS} in a hole: {name}"
            mine = median([each[name] for each in results[holes]])
            report(case, mine, "ms", peer="ours without a hole", peers=calm)


def collapse(plain: Contender, url: str, hole: str, count_url: str) -> None:
    """What the plain task does with one dead receiver of fifty."""
    for holes in (0, 1):
        urls = [hole] * holes + [f"{url}?{number}" for number in range(ENDPOINTS - holes)]
        sent = PEER_RATE * SECONDS
        healthy = sum(urls[number % ENDPOINTS] != hole for number in range(sent))
        found = plain("paced", rate=PEER_RATE, seconds=SECONDS, urls=urls, count_url=count_url, healthy=healthy)
        case = f"lag of Celery and requests, {PEER_RATE} events a second, {holes} of {ENDPOINTS} in a hole"
        report(case, median([found["lag"]]), "ms")


if __name__ == "__main__":
    main()
