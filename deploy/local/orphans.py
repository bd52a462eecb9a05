"""No process outlives the one that started it, even when that one is killed without warning."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1  # linux/prctl.h
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(sig: int = signal.SIGKILL, *, parent: int | None = None) -> None:
    """Ask the kernel to send `sig` to this process when its parent's calling thread ends.

    A change of user clears the wish, so call it last. Other systems than Linux have no such wish: there an
    orderly stop still works, and only SIGKILL of the supervisor leaves processes behind.
    """
    if _libc is None:
        return
    _libc.prctl(PR_SET_PDEATHSIG, sig)
    # The parent may have died between the fork and the wish.
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def dies_with_me(sig: int = signal.SIGKILL) -> Callable[[], None]:
    """Return a `preexec_fn` for a child of this process."""
    parent = os.getpid()
    return lambda: die_with_parent(sig, parent=parent)
