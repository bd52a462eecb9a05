"""The gate between the last dot of a mail and the commit that records it: docs/adr/0017."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from django.db import Error as DatabaseFailure

# A server that has not answered the last dot after this lets the other lanes go on.
PATIENCE_SECONDS = 0.1


class GateShut(Exception):
    """A mail of this run was taken and could not be recorded: no other may come to that."""


class Passage:
    """A lane inside the gate."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.answered = False


class Gate:
    """Lets one lane at a time through, and the next one when a server takes long to answer.

    Our own commit is waited for, however long it takes; once one has failed, nobody goes through any more. What a
    passage gives is to be called when the server has answered.
    """

    def __init__(self, patience: float = PATIENCE_SECONDS) -> None:
        self._changed = threading.Condition()
        self._inside: Passage | None = None
        self._shut = False
        self._patience = patience

    @contextmanager
    def __call__(self) -> Iterator[Callable[[], None]]:
        mine = self._enter()
        try:
            yield partial(self._note_answer, mine)
        except DatabaseFailure:
            self._shut = True
            raise
        finally:
            with self._changed:
                if self._inside is mine:
                    self._inside = None
                self._changed.notify_all()

    def _enter(self) -> Passage:
        with self._changed:
            while not self._shut and (other := self._inside) is not None:
                left = None if other.answered else other.began + self._patience - time.monotonic()
                if left is not None and left <= 0:
                    break
                self._changed.wait(left)
            if self._shut:
                raise GateShut
            self._inside = Passage()
            return self._inside

    def _note_answer(self, passage: Passage) -> None:
        with self._changed:
            passage.answered = True
