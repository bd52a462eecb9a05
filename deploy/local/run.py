"""What `make run` starts: Postgres, Redis, web, worker, deliverer, beat and the mail sink, until Ctrl-C.

One part that ends stops all the others; a supervisor that is killed takes all of them with it. When a server ends, that
is said, and the hall goes on without it, as it does where strangers reach it.
"""

import functools
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import defaultdict, deque
from pathlib import Path

from honcho.compat import ProcessManager
from honcho.manager import Manager
from honcho.printer import Message, Printer
from honcho.process import Popen, Process

from deploy.local import servers
from deploy.local.ground import BASE_DIR, LOOPBACK, LocalError, free_port, read_env_file, secret
from deploy.local.orphans import die_with_parent, dies_with_me
from deploy.local.server import Server
from lib import demo

# As the settings read a flag; they are not imported here, because they want the servers first.
ON = ("on", "true", "yes", "1")
LAST_LINES = 15
READY_SECONDS = 60


class Part(Process):
    """A process that runs one part and relays what it says; both end with the supervisor."""

    def run(self, events=None, ignore_signals=False):
        die_with_parent()
        self._child_ctor = functools.partial(Popen, shell=False, preexec_fn=dies_with_me())
        super().run(events, ignore_signals)


class Leaders(ProcessManager):
    """Ask only the leader of a part to stop: gunicorn and Celery let their own workers finish."""

    def terminate(self, pid):
        os.kill(pid, signal.SIGTERM)


class Memory(Printer):
    """Print every line, and remember the last ones of each part."""

    def __init__(self):
        super().__init__(sys.stdout)
        self.lines = defaultdict(lambda: deque(maxlen=LAST_LINES))

    def write(self, message: Message) -> None:
        text = message.data.decode(errors="replace") if isinstance(message.data, bytes) else message.data
        self.lines[message.name].extend(text.splitlines())
        super().write(message)


class Supervisor(Manager):
    """honcho's manager, which also watches the servers and says when the hall is open."""

    def __init__(self, watched: list[Server], announce) -> None:
        self.memory = Memory()
        super().__init__(self.memory)
        self.watched = list(watched)
        self.announce = announce
        self.died: tuple[str, int, list[str]] | None = None
        self._wish = 0
        self._process_ctor = Part
        self._procmgr = Leaders()

    def _start(self):
        super()._start()
        # honcho prints and stops the parts inside of the signal handler, which fails in the middle of a line that is
        # being printed: then nobody tells the parts, and they go on for ever. Ours takes a note, and the loop acts.
        for sig in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sig, self._take_note)
        # Only now: a process with threads must not fork.
        threading.Thread(target=self.announce, daemon=True).start()

    def _take_note(self, signum, frame):
        self._wish = signum

    def _any_stopped(self):
        if self._wish and not self._terminating:
            self._system_print(f"{signal.Signals(self._wish).name} received\n")
        if self._wish or self._terminating:
            return True
        for name, state in self._processes.items():
            if "returncode" in state:
                self.died = self.died or (name, state["returncode"], list(self.memory.lines[name]))
        for server in [each for each in self.watched if each.process.poll() is not None]:
            self.watched.remove(server)
            say(f"{server.name} ended (exit code {server.process.returncode}); its last lines:")
            print(*server.last_lines(LAST_LINES), sep="\n", file=sys.stderr, flush=True)
            say(f"the hall goes on without {server.name}; to have it back, press Ctrl-C and start again")
        return self.died is not None


def main() -> int:
    read_env_file()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        port = _port()
        with servers.running() as watched:
            return _run(port, watched)
    except LocalError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 0


def _port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise LocalError(f"PORT must be a number from 1 to 65535, not {text!r}")
    try:
        # As gunicorn will do it: a port that was left a moment ago is free.
        socket.create_server((LOOPBACK, int(text))).close()
    except PermissionError:
        raise LocalError(f"port {text} needs root: choose one above 1023 with PORT=8001") from None
    except OSError:
        raise LocalError(f"port {text} is taken: stop what listens there, or choose another: PORT=8001") from None
    return int(text)


def _run(port: int, watched: list[Server]) -> int:
    folder = Path(os.environ["DATA_DIR"])
    mail_port = None if os.environ.get("EMAIL_URL") else free_port()
    page_port = free_port() if mail_port else None
    _fill_environment(folder, port, mail_port)
    _prepare()

    supervisor = Supervisor(watched, functools.partial(_announce, port, page_port))
    for name, command in _commands(folder, port, mail_port, page_port).items():
        supervisor.add_process(name, [sys.executable, "-m", *command])
    # A closed terminal is a wish to stop, like Ctrl-C.
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    supervisor.loop()
    if supervisor.died is None:
        say("stopped; the data is kept")
        return 0
    name, code, lines = supervisor.died
    say(f"{name} ended (exit code {code}), so everything was stopped; its last lines:")
    print(*lines, sep="\n", file=sys.stderr, flush=True)
    return 1


def _fill_environment(folder: Path, port: int, mail_port: int | None) -> None:
    """Say what the environment and `.env` leave open; the parts inherit it."""
    defaults = {
        "SECRET_KEY": secret(folder / "secret.key"),
        "DEBUG": "off",
        "DEMO": "on",
        "HTTPS": "off",
        "LOG_FORMAT": "console",
        "BASE_URL": f"http://{LOOPBACK}:{port}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONUNBUFFERED": "1",
        # Where `manage.py receive_webhooks` listens, and nothing else of this machine.
        "WEBHOOK_ALLOWED_ADDRESSES": f"{LOOPBACK}:8161",
    }
    if mail_port:
        defaults["EMAIL_URL"] = f"smtp://{LOOPBACK}:{mail_port}"
    for key, value in defaults.items():
        os.environ[key] = os.environ.get(key) or value


def _prepare() -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "deploy.local.prepare"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=BASE_DIR,
        preexec_fn=dies_with_me(),
    )
    lines: deque[str] = deque(maxlen=LAST_LINES)
    try:
        assert child.stdout is not None
        for line in child.stdout:
            lines.append(line.rstrip())
            say(line.rstrip())
        code = child.wait()
    except BaseException:
        child.kill()
        raise
    if code:
        raise LocalError(f"the hall could not be prepared: {lines[-1] if lines else f'exit code {code}'}")


CELERY = ("deploy.local.worker", "--quiet", "--app", "config")


def _commands(folder: Path, port: int, mail_port: int | None, page_port: int | None) -> dict[str, list[str]]:
    commands = {
        "web": [
            *("gunicorn", "config.wsgi", "--config", "python:deploy.local.gunicorn", "--no-control-socket"),
            *("--bind", f"{LOOPBACK}:{port}", "--worker-class", "gthread", "--workers", "2", "--threads", "4"),
            *("--graceful-timeout", "3", "--log-level", "warning"),
        ],
        "worker": [
            *(*CELERY, "worker", "--concurrency", "2", "--loglevel", "INFO"),
            *("--without-gossip", "--without-mingle", "--queues", "default,mail"),
        ],
        # Of its own, so that a letter to everybody keeps nothing else waiting.
        "bulk": [
            *(*CELERY, "worker", "--concurrency", "1", "--loglevel", "INFO"),
            *("--without-gossip", "--without-mingle", "--queues", "mail_bulk", "--hostname", "bulk@%h"),
        ],
        "deliver": ["deploy.local.deliver"],
        # No pid file: a killed beat would leave it behind.
        "beat": [
            *(*CELERY, "beat", "--schedule", str(folder / "beat"), "--pidfile", ""),
            *("--loglevel", "INFO"),
        ],
    }
    if mail_port:
        commands["mail"] = ["deploy.local.mail", str(mail_port), str(folder / "mail"), str(page_port)]
    return commands


def _announce(port: int, page_port: int | None) -> None:
    """Print one line as soon as the hall answers."""
    address = f"http://{LOOPBACK}:{port}"
    deadline = time.monotonic() + READY_SECONDS
    while not _answers(f"{address}/readyz"):
        if time.monotonic() > deadline:
            say(f"{address} does not answer yet; the lines above say why")
            return
        time.sleep(0.2)
    print(f"ready {address}", flush=True)
    if page_port:
        say(f"the mails that the hall sends are at http://{LOOPBACK}:{page_port}")
    if os.environ["DEMO"].lower() not in ON:
        return
    password = os.environ.get("DEMO_PASSWORD") or "guildhall-demo"
    people = " ".join(map(demo.address, demo.LEADS))
    say(f"sign in as {people} with the password {password}; olga is the operator; Ctrl-C stops")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError as error:
        return error.code != 503
    except OSError:
        return False


def say(line: str) -> None:
    print(f"run: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    die_with_parent(signal.SIGTERM)
    os.chdir(BASE_DIR)
    sys.exit(main())
