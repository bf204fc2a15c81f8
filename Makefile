# One file says how everything is run. `make help` prints it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
BIN := .venv/bin
PACKAGES := contracts client shared services/accrual services/members services/gateway loyalty
STAMP := .venv/.installed

##@ Start here
help: ## Print this help
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' Makefile

setup: $(STAMP) ## Install everything into .venv (nothing outside this folder is touched)

$(STAMP): requirements.lock $(PACKAGES:%=%/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; found $$($(PYTHON) --version). Try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo "Installing into .venv (about a minute the first time) …"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation $(PACKAGES:%=-e %)
	@touch $@

##@ Run it
demo: $(STAMP) ## Real purchases through a real broker and PostgreSQL, checked at the end
	@$(BIN)/loyalty demo

up: $(STAMP) ## Start broker, PostgreSQL and services on this machine
	@$(BIN)/loyalty up

down: $(STAMP) ## Stop what `make up` started
	@$(BIN)/loyalty down

##@ Check it
test: check ## Everything a change must pass: checks, then every test this machine can run
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile contracts client shared services loyalty # two at once: most of them wait for a server
	@$(BIN)/python -m pytest tests # one after the other: each runs a whole system

e2e: $(STAMP) ## Stories against the whole running system
	@$(BIN)/python -m pytest tests/e2e

ops: $(STAMP) ## Break the running system and see its alerts fire and resolve, in a real Prometheus: minutes
	@OPS_LIVE=1 $(BIN)/python -m pytest tests/ops

faults: $(STAMP) ## Processes freeze and die in twos, stores go away and come back
	@$(BIN)/python -m pytest tests/faults

hunt: $(STAMP) ## Ask every law (property test) with examples that nobody has tried yet; say it again as long as you like
	@$(BIN)/python -m pytest -m hypothesis --hypothesis-profile=hunt --numprocesses 2 --dist loadfile contracts client shared services loyalty

check: $(STAMP) ## Format, lint, types, imports, fresh contracts: seconds, no servers
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy $(PACKAGES:%=%/src)
	@$(BIN)/lint-imports
	@$(BIN)/python -m contracts.export --check

contracts: $(STAMP) ## Write schemas, AsyncAPI and OpenAPI anew from the code
	@$(BIN)/python -m contracts.export
	@$(BIN)/python -m gateway --openapi > contracts/openapi/gateway.json

dashboards: $(STAMP) ## Write the dashboard, burn-rate rules and list of metrics anew
	@$(BIN)/python deploy/observability/generate.py

bench: $(STAMP) ## Measure speed, recovery and memory against the goals (benchmarks/README.md)
	@$(BIN)/python benchmarks/bench.py

##@ Maintain it
format: $(STAMP) ## Format the code and fix what ruff can fix
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: $(STAMP) ## Choose versions anew: requirements.in to requirements.lock
	@$(BIN)/pip-compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --strip-extras --allow-unsafe --no-header --output-file requirements.lock requirements.in

.PHONY: help setup demo up down test e2e hunt faults ops check contracts dashboards bench format lock
