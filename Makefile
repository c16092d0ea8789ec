.DEFAULT_GOAL := help
.PHONY: help install run test check bench schema lock clean
PYTHON ?= python3.11
PYTHON := $(shell command -v $(PYTHON) || command -v python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

help: ## say what can be done here
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/.run ## install Tallygraph and its locked dependencies into .venv

run: install ## start Tallygraph with sample data and a private Postgres on 127.0.0.1:8000
	@exec $(BIN)/tallygraph serve --demo

test: .venv/.dev ## install what tests need and run them all
	$(BIN)/python -m pytest

check: .venv/.dev ## lint, types, import contracts, schema.graphql
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/tallygraph schema --check

bench: .venv/.dev ## measure, as ratios against named yardsticks in the same run
	$(BIN)/python -m benchmarks

schema: install ## write schema.graphql
	$(BIN)/tallygraph schema

lock: .venv/.dev ## compile requirements/*.lock from pyproject.toml
	$(PIP) install uv
	$(BIN)/uv pip compile pyproject.toml --extra build $(LOCK) -o requirements/run.lock
	$(BIN)/uv pip compile pyproject.toml --extra build --extra test --extra lint $(LOCK) -c requirements/run.lock -o requirements/dev.lock
LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header

clean: ## remove .venv and what tools left behind
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tallygraph needs Python 3.11 or later; name one with make PYTHON=..."; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.run: .venv/bin/python requirements/run.lock pyproject.toml
	$(PIP) install --require-hashes -r requirements/run.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: .venv/.run requirements/dev.lock
	$(PIP) install --require-hashes -r requirements/dev.lock
	@touch $@
