"""Any order of steps keeps invariants 1 and 2, and without the guard the machine finds a history that does not."""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.database import InMemoryExampleDatabase
from hypothesis.stateful import run_state_machine_as_test

from quotas import allowance
from tests.quotas.machine import QuotaMachine

pytestmark = pytest.mark.django_db(transaction=True)

# QUOTAS_STEPS=10000 runs the long form.
STEPS = int(os.environ.get("QUOTAS_STEPS", "300"))
LENGTH = 50


def rules(examples):
    return settings(
        max_examples=examples,
        stateful_step_count=LENGTH,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=InMemoryExampleDatabase(),
        # A history is told as it was found; making it shorter takes minutes.
        phases=[Phase.generate],
    )


def test_any_order_of_steps_keeps_the_invariants(plans):
    QuotaMachine.steps = 0

    while QuotaMachine.steps < STEPS:
        run_state_machine_as_test(QuotaMachine, settings=rules(max((STEPS - QuotaMachine.steps) // LENGTH, 2)))

    assert QuotaMachine.steps >= STEPS


def test_without_the_guard_the_machine_finds_the_fault(plans, monkeypatch):
    """The control: an engine that grants everything."""
    monkeypatch.setattr(allowance, "fits", lambda balance, amount, now: True)

    with pytest.raises(AssertionError):
        run_state_machine_as_test(QuotaMachine, settings=rules(20))
