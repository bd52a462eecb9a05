"""What Prometheus reads of keys."""

from prometheus_client import Counter

_outcomes = Counter(
    "guildhall_idempotency",
    "Requests, tasks and events with a key, by what became of them.",
    ["outcome"],
)
OUTCOMES = ("executed", "taken_over", "replayed", "conflict", "mismatch", "lease_lost")

for _outcome in OUTCOMES:
    _outcomes.labels(_outcome)


def count(outcome: str) -> None:
    _outcomes.labels(outcome).inc()
