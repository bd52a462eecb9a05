# Guildhall: `make help` says what there is. GNU make, from any folder: make -f path/to/Makefile run

HERE := $(shell cd "$$(dirname '$(strip $(MAKEFILE_LIST))')" && pwd -P)
export PYTHON ?=
export PORT
export UPGRADE
export DATA_DIR

.DEFAULT_GOAL := help
.SUFFIXES:

TARGETS := help setup run test check fix bench lock clean checks tests
.PHONY: $(TARGETS)

ifneq ($(HERE),$(CURDIR))

$(TARGETS):
	@$(MAKE) --no-print-directory -C "$(HERE)" $@

else

PY := .venv/bin/python
SERVERS := $(PY) -m deploy.local.servers
# pytest's own arguments: make test ARGS="tests/sessions_app -k devices"
ARGS ?=
# The apps to measure, instead of all: make bench APPS="sessions_app preferences"
APPS ?=

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "Settings: PYTHON=python3.12  PORT=8000  DATA_DIR=var  and every key of .env.example"

.venv/installed: requirements.txt requirements-redis.txt deploy/local/setup.sh
	@deploy/local/setup.sh requirements.txt
	@touch $@

.venv/installed-dev: requirements-dev.txt requirements-redis.txt deploy/local/setup.sh
	@deploy/local/setup.sh requirements-dev.txt
	@touch .venv/installed $@

setup: .venv/installed ## make .venv and install what `make run` needs
	@echo "setup: ready in .venv"

run: .venv/installed ## start everything; Ctrl-C stops it and keeps the data
	@exec $(PY) -m deploy.local.run

test: .venv/installed-dev ## everything that decides whether the project works
	@$(PY) -m deploy.local.chromium
	@$(SERVERS) --fast -- $(MAKE) --no-print-directory checks tests

check: .venv/installed-dev ## lint, types, templates, migrations, deployment checks
	@$(SERVERS) --fast -- $(MAKE) --no-print-directory checks

fix: .venv/installed-dev ## format and mend what a tool can mend
	@$(PY) -m ruff check --fix-only --quiet .
	@$(PY) -m ruff format --quiet .

bench: .venv/installed-dev ## measure against the named peers and rewrite docs/benchmarks.md
	@DATA_DIR="$${DATA_DIR:-var}/bench" $(SERVERS) -- $(PY) -m bench.run $(APPS)

lock: .venv/installed-dev ## pin again what pyproject.toml asks for
	@deploy/local/lock.sh

clean: ## remove .venv and the caches; the data in DATA_DIR stays
	@rm -rf .venv .venv-bench .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What `check` and `test` run beside the servers.
checks:
	@PY=$(PY) deploy/local/checks.sh

tests:
	@echo "test: pytest"
	@$(PY) -m pytest -n auto --dist worksteal $(ARGS)

endif
