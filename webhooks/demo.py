"""The webhooks of the invented hall: a door display, a chat that lost some, and an old server that is gone."""

import json
from datetime import timedelta
from typing import Any

from django.db import connection

from lib import demo
from lib.demo import Scene
from sessions_app.models import User
from webhooks import catalogue, identifiers, partitions, sealing, signatures
from webhooks.models import Attempt, Delivery, Endpoint, Event, Outcome, Secret

# Where `manage.py receive_webhooks` listens.
RECEIVER = "http://127.0.0.1:8161/hook"
TYPES = ("session.ended", "device.added", "token.created", "flag.changed")
DAYS = 12


def furnish(scene: Scene) -> dict[str, int]:
    """Give Alice two endpoints and Olga one for the whole hall, with what they were told lately."""
    # The weeks of the scene's past, which is a test's and need not be ours.
    partitions.ensure(connection, scene.now, behind=3)
    alice = User.objects.filter(email=demo.address("alice")).first()
    olga = User.objects.filter(email=demo.address("olga")).first()
    endpoints = [
        endpoint
        for owner, fields in (
            (alice, {"url": RECEIVER, "description": "Door display", "filters": ["device.*", "session.*", "token.*"]}),
            (alice, _gone(scene)),
            (olga, {"url": "https://chat.example.org/hooks/hall", "description": "Keepers’ chat", "scope": "hall"}),
        )
        if owner is not None
        for endpoint in [_endpoint(scene, owner, fields)]
    ]
    counts = {"endpoints": len(endpoints), "deliveries": 0, "attempts": 0}
    for number in range(DAYS * 6):
        event = _event(scene, number, alice, olga)
        for endpoint in endpoints:
            if _hears(endpoint, event):
                counts["deliveries"] += 1
                counts["attempts"] += _deliver(scene, endpoint, event)
    return counts


def _gone(scene: Scene) -> dict[str, Any]:
    return {
        "url": "https://old.example.org/in",
        "description": "Old server",
        "state": Endpoint.State.DISABLED,
        "state_because": Endpoint.Because.GONE,
        "state_changed_at": scene.ago(days=9),
    }


def _endpoint(scene: Scene, owner: User, fields: dict[str, Any]) -> Endpoint:
    endpoint = Endpoint.objects.create(owner=owner, created_at=scene.ago(days=DAYS + 1), **fields)
    Secret.objects.create(endpoint=endpoint, scheme="v1", sealed=sealing.seal(signatures.new_secret("v1")))
    return endpoint


def _event(scene: Scene, number: int, alice: User | None, olga: User | None) -> Event:
    kind = catalogue.get(scene.random.choice(TYPES))
    at = scene.ago(days=DAYS) + timedelta(hours=4 * number, minutes=scene.random.randrange(240))
    at = min(at, scene.ago(minutes=2))
    person = alice or olga
    payload = {"type": kind.name, "timestamp": at.isoformat().replace("+00:00", "Z"), "data": dict(kind.example)}
    return Event.objects.create(
        id=identifiers.new_event_id(at),
        type=kind.name,
        published_at=at,
        body=json.dumps(payload, separators=(",", ":")).encode(),
        about=[person.pk] if kind.personal and person else [],
        by=person,
    )


def _hears(endpoint: Endpoint, event: Event) -> bool:
    if endpoint.state == Endpoint.State.DISABLED and event.published_at > endpoint.state_changed_at:
        return False
    mine = endpoint.scope == Endpoint.Scope.HALL or endpoint.owner_id in event.about
    noun = event.type.rpartition(".")[0]
    return mine and (not endpoint.filters or f"{noun}.*" in endpoint.filters)


def _deliver(scene: Scene, endpoint: Endpoint, event: Event) -> int:
    """Write a delivery and its attempts as the deliverer would have; return how many attempts."""
    is_gone = endpoint.state == Endpoint.State.DISABLED
    failures = 1 if is_gone else scene.random.choices((0, 1, 2, 7), weights=(20, 3, 2, 1))[0]
    is_dead = is_gone or failures == 7
    at = event.published_at + timedelta(milliseconds=scene.random.randrange(80, 900))
    rows = []
    for number in range(1, failures + 1 + (not is_dead)):
        has_failed = number <= failures
        rows.append(_attempt(scene, endpoint, event, number, at, has_failed=has_failed, is_gone=is_gone))
        at += timedelta(seconds=60 * 5 ** min(number - 1, 4))
    last = rows[-1]
    Delivery.objects.create(
        id=identifiers.delivery_id(event.pk, endpoint.pk),
        event=event,
        endpoint=endpoint,
        type=event.type,
        state=Delivery.State.DEAD if is_dead else Delivery.State.DELIVERED,
        next_attempt_at=last.started_at,
        fence=len(rows),
        attempts=failures,
        last_outcome=last.outcome,
        last_status=last.status,
        finished_at=last.started_at + timedelta(milliseconds=last.took_ms),
    )
    Attempt.objects.bulk_create(rows)
    return len(rows)


def _attempt(
    scene: Scene, endpoint: Endpoint, event: Event, number: int, at: Any, *, has_failed: bool, is_gone: bool
) -> Attempt:
    delivery_id = identifiers.delivery_id(event.pk, endpoint.pk)
    status = 410 if is_gone else 503 if has_failed else 204
    return Attempt(
        id=identifiers.attempt_id(delivery_id, number),
        delivery_id=delivery_id,
        endpoint_id=endpoint.pk,
        number=number,
        started_at=at,
        took_ms=scene.random.randrange(40, 400),
        url=endpoint.url,
        request_headers={"Content-Type": "application/json", "webhook-id": event.message_id},
        outcome=Outcome.STATUS if has_failed else Outcome.SUCCEEDED,
        detail={410: "Gone", 503: "Service Unavailable"}.get(status, ""),
        status=status,
        answer_headers=[["Server", "demo"]],
        answer=b"come back later" if status == 503 else b"",
    )
