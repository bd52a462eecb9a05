"""The peers: a plain Celery task that posts with requests, and django-webhook's own task; eight processes each."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from celery import Celery

PROCESSES = 8
PATIENCE_SECONDS = 120

app = Celery("bench", broker=os.environ["REDIS_URL"])
app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=1, broker_connection_retry_on_startup=True)

app.autodiscover_tasks(["django_webhook"])


@app.task(name="bench.post")
def post(url: str, body: dict) -> None:
    requests.post(url, json=body, timeout=15).raise_for_status()


def begin(*, url: str) -> None:
    """Make the row that django-webhook reads; it fires at the same receiver."""
    from django_webhook.models import Webhook, WebhookSecret

    webhook = Webhook.objects.create(url=url)
    WebhookSecret.objects.create(webhook=webhook, token="x" * 32)


@contextmanager
def worker() -> Iterator[None]:
    command = [
        *(sys.executable, "-m", "celery", "--app", "bench.sides.webhooks_celery", "worker"),
        *("--concurrency", str(PROCESSES), "--loglevel", "ERROR", "--without-gossip", "--without-mingle"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def throughput(*, peer: str, url: str, count_url: str, count: int) -> float:
    """Return deliveries a second, from the first arrival to the last."""
    arrived(count_url)
    send(peer, url, count)
    with worker():
        found = wait_for(count_url, count)
    return (len(found) - 1) / (found[-1] - found[0])


def send(peer: str, url: str, count: int) -> None:
    if peer == "celery":
        for number in range(count):
            post.delay(url, {"number": number})
        return
    from django_webhook.models import Webhook

    webhook = Webhook.objects.get()
    for number in range(count):
        # By name: the task itself belongs to whichever app was current when it was imported.
        app.send_task("django_webhook.tasks.fire_webhook", (webhook.pk, json.dumps({"number": number})))


def paced(*, rate: int, seconds: int, urls: list[str], count_url: str, healthy: int) -> dict[str, float]:
    """Send evenly over the addresses; return how long after the last one was sent the last healthy one arrived."""
    arrived(count_url)
    with worker():
        post.delay(urls[-1], {})
        wait_for(count_url, 1)
        start = time.time()
        for number in range(rate * seconds):
            ahead = start + number / rate - time.time()
            if ahead > 0.002:
                time.sleep(ahead)
            post.delay(urls[number % len(urls)], {"number": number})
        found = wait_for(count_url, healthy)
    return {"lag": max(found[-1] - start - seconds, 0.0) * 1e3}


def arrived(count_url: str) -> list[float]:
    with urllib.request.urlopen(count_url) as answer:
        found: list[float] = json.load(answer)["arrivals"]
        return found


def wait_for(count_url: str, count: int) -> list[float]:
    found: list[float] = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(found) < count and time.monotonic() < deadline:
        time.sleep(0.1)
        found += arrived(count_url)
    return found
