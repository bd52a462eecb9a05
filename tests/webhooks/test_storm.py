"""The storm of `bench/webhook_storm.py`, small enough for every run."""

import os
import subprocess
import sys

from tests.faults.processes import ROOT


def storm(*arguments):
    """Run it as anybody can; return its numbers."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    command = [sys.executable, "-m", "bench.webhook_storm", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=kept, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    return {name: int(value) for name, _, value in (pair.partition("=") for pair in done.stdout.split())}


def test_kills_and_crashes_lose_nothing_and_double_at_most_one_delivery_a_kill():
    counts = storm("--deliveries", "200", "--kills", "4", "--workers", "2", "--in-flight", "1", "--endpoints", "5")

    assert counts["kills"] == 4
    assert counts["crashes_of_postgres"] == 1
    assert counts["lost"] == counts["foreign"] == counts["bodies_changed"] == counts["unverified"] == 0
    assert counts["doubled"] <= counts["kills"]
