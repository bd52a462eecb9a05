"""The supervisor of `make run`, by itself."""

import subprocess
import sys

SCRIPT = """
import os, signal, sys
from deploy.local.run import Supervisor

class Screen:
    # As a buffered writer it refuses to be written to by a handler in the middle of a line.
    encoding, busy, pressed = "utf-8", False, False

    def write(self, text):
        if self.busy:
            raise RuntimeError("reentrant call")
        self.busy = True
        if "tick" in text and not self.pressed:
            self.pressed = True
            os.kill(os.getpid(), signal.SIGINT)
        self.busy = False

    def flush(self):
        pass

supervisor = Supervisor([], lambda: None)
supervisor.memory.output = Screen()
words = "import time\\nwhile True: print('tick', flush=True); time.sleep(0.01)"
supervisor.add_process("clock", [sys.executable, "-c", words])
supervisor.loop()
print("ended", supervisor.memory.output.pressed, supervisor.died)
"""


def test_a_signal_in_the_middle_of_a_line_stops_everything():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["ended True None"]), done.stderr
