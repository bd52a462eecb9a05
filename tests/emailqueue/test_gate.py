"""The gate between the last dot of a mail and its record: one at a time, and nobody after a record that failed."""

import threading

import pytest
from django.db import OperationalError

from emailqueue.delivery.gate import Gate, GateShut

# How long to look whether somebody comes through who must not.
LOOK_SECONDS = 0.05


class Lane(threading.Thread):
    """Goes through the gate once, and says when it is inside."""

    def __init__(self, gate):
        super().__init__(daemon=True)
        self.gate, self.inside, self.refused = gate, threading.Event(), False
        self.start()

    def run(self):
        try:
            with self.gate():
                self.inside.set()
        except GateShut:
            self.refused = True


def test_a_lane_waits_for_the_commit_of_another_however_long_it_takes():
    gate = Gate(patience=0.0)

    with gate() as note_answer:
        note_answer()
        other = Lane(gate)
        came_in = other.inside.wait(LOOK_SECONDS)

    other.join()
    assert not came_in
    assert other.inside.is_set()


def test_a_lane_goes_by_a_server_that_sits_on_its_answer():
    gate = Gate(patience=0.01)

    with gate():
        other = Lane(gate)
        other.join()

    assert other.inside.is_set()


def test_a_lane_waits_for_a_server_that_may_still_answer():
    gate = Gate(patience=60.0)

    with gate():
        other = Lane(gate)
        came_in = other.inside.wait(LOOK_SECONDS)

    other.join()
    assert not came_in
    assert other.inside.is_set()


def test_after_a_record_that_failed_nobody_goes_through():
    gate = Gate(patience=60.0)

    def fail():
        with gate() as note_answer:
            note_answer()
            waiting = Lane(gate)
            lanes.append(waiting)
            raise OperationalError("gone")

    lanes: list[Lane] = []
    with pytest.raises(OperationalError):
        fail()

    lanes[0].join()
    late = Lane(gate)
    late.join()
    assert lanes[0].refused
    assert late.refused


def test_an_error_of_the_server_leaves_the_gate_open():
    gate = Gate()

    with pytest.raises(OSError, match="reset"), gate():
        raise OSError("reset")

    lane = Lane(gate)
    lane.join()
    assert lane.inside.is_set()
