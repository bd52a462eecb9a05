#!/bin/sh
# What must hold before a test runs. Every check runs; the exit code says whether all of them held.
set -u
cd "$(dirname "$0")/../.."
PY=${PY:-.venv/bin/python}
failed=""

check() { # name, command...
    name=$1
    shift
    echo "check: $name"
    "$@" || failed="$failed, $name"
}

# Only what is said here counts, whatever the developer's own .env says.
export ENV_FILE=/dev/null
unset DEBUG DEMO HTTPS
SECRET_KEY=$("$PY" -c 'import secrets; print(secrets.token_urlsafe(64))')
export SECRET_KEY

check "format" "$PY" -m ruff format --check --quiet .
check "lint" "$PY" -m ruff check --quiet .
check "types" "$PY" -m mypy
check "templates" "$PY" -m djlint --quiet --lint templates
check "migrations" "$PY" manage.py makemigrations --check --dry-run
check "system" "$PY" manage.py check --fail-level WARNING
check "static files" "$PY" manage.py collectstatic --no-input --verbosity 0
if [ -f deploy/production.env.example ]; then
    check "deployment" env ENV_FILE=deploy/production.env.example "$PY" manage.py check --deploy --fail-level WARNING
fi

[ -z "$failed" ] || { echo "check: failed: ${failed#, }" >&2; exit 1; }
