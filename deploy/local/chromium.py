"""The Chromium of the browser tests: the machine's own, else the system's package, else Playwright's.

python -m deploy.local.chromium     looks, installs when it must, prints where it is
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ADVICE = "the browser tests need Chromium: put chromium or google-chrome on PATH, then run them again"


def find() -> str | None:
    """Return the path of a Chromium that starts, or None."""
    return next((path for path in _candidates() if _starts(path)), None)


def _candidates() -> list[str]:
    on_path = [found for name in NAMES if (found := shutil.which(name))]
    root = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return on_path + [str(path) for path in sorted(root.glob("chromium-*/chrome-linux*/chrome"), reverse=True)]


def _starts(path: str) -> bool:
    try:
        return subprocess.run([path, "--version"], capture_output=True, check=False, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _install() -> None:
    attempts: list[list[str]] = []
    if os.geteuid() == 0 and shutil.which("apt-get"):
        attempts += [["apt-get", "install", "-y", "-qq", "chromium"]]
        attempts += [["apt-get", "update", "-qq"], *attempts]
    attempts.append([sys.executable, "-m", "playwright", "install", "chromium"])
    for command in attempts:
        print(f"chromium: {' '.join(command)}", file=sys.stderr, flush=True)
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        try:
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False, timeout=600)
        except subprocess.TimeoutExpired:
            continue
        if find():
            return


def main() -> None:
    if not find():
        _install()
    # The browser tests fail by themselves when there is none; everything else still runs.
    print(f"chromium: {find() or ADVICE}", file=sys.stderr)


if __name__ == "__main__":
    main()
