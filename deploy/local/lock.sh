#!/bin/sh
# Write the hashed requirements files from pyproject.toml; UPGRADE=1 takes newer versions where it allows them.
set -eu
cd "$(dirname "$0")/../.."
export UV_CUSTOM_COMPILE_COMMAND="make lock"

compile() {
    echo "lock: $1"
    out=$1
    shift
    .venv/bin/uv pip compile --quiet ${UPGRADE:+--upgrade} --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --output-file "$out" "$@"
}

compile requirements.txt pyproject.toml
compile requirements-dev.txt pyproject.toml --group dev --constraint requirements.txt
compile requirements-redis.txt --group redis --no-deps
