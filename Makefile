# One verb each. Everything runs in .venv, which `make setup` fills from the lock file.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
SETUP := .venv/.installed

.PHONY: help setup demo report notebooks docs test lint types build pytest viewer bench clean lock

help: ## list the verbs
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(SETUP) ## install what is missing: system packages, .venv

$(SETUP): requirements.lock pyproject.toml scripts/setup.sh
	@PYTHON=$(PYTHON) bash scripts/setup.sh
	@touch $@

demo: $(SETUP) ## build the bundled demo corpus and show the leaderboard
	@$(BIN)/python -m tiktok_retrieval demo

report: $(SETUP) ## write the report of $TIKTOK_WAREHOUSE, or of the demo, as one HTML page
	@if [ -n "$${TIKTOK_WAREHOUSE:-}" ]; then \
		$(BIN)/python -m tiktok_retrieval report; \
	else \
		$(BIN)/python -m tiktok_retrieval demo > /dev/null; \
		$(BIN)/python -m tiktok_retrieval report --warehouse data/demo/warehouse.duckdb --with-words; \
	fi

docs: $(SETUP) ## write lineage and columns of $TIKTOK_WAREHOUSE, or of the demo, as one HTML page
	@if [ -n "$${TIKTOK_WAREHOUSE:-}" ]; then \
		$(BIN)/python -m tiktok_retrieval docs; \
	else \
		$(BIN)/python -m tiktok_retrieval demo > /dev/null; \
		$(BIN)/python -m tiktok_retrieval docs --data data/demo --warehouse data/demo/warehouse.duckdb; \
	fi

notebooks: $(SETUP) ## open the SQL notebooks on $TIKTOK_WAREHOUSE, or on the demo
	@if [ -z "$${TIKTOK_WAREHOUSE:-}" ]; then \
		$(BIN)/python -m tiktok_retrieval demo > /dev/null; \
		export TIKTOK_WAREHOUSE=data/demo/warehouse.duckdb; \
	fi; \
	$(BIN)/marimo edit analyses/notebooks --host 127.0.0.1 --no-token --no-sandbox --skip-update-check

test: $(SETUP) ## everything that has to pass: lint, types, dbt build, pytest
	@$(MAKE) --no-print-directory lint types build pytest

lint: $(SETUP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/sqlfluff lint --processes 2 analyses models macros tests

types: $(SETUP)
	$(BIN)/mypy

build: $(SETUP)
	@mkdir -p target/test
	TIKTOK_DATA=demo TIKTOK_WAREHOUSE=target/test/warehouse.duckdb $(BIN)/dbt build --full-refresh

pytest: $(SETUP)
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

viewer: $(SETUP) ## watch, search and collect queries, on 127.0.0.1:8000
	@$(BIN)/python -m tiktok_retrieval viewer serve

bench: $(SETUP) ## measure speed, as ratios within one run
	$(BIN)/python -m bench

lock: ## resolve pyproject.toml into requirements.lock again
	$(BIN)/python -m uv pip compile pyproject.toml --all-extras --generate-hashes --no-strip-extras --no-header -o requirements.lock

clean: ## remove what builds leave behind; data/ stays
	rm -rf target logs analyses/notebooks/__marimo__ .mypy_cache .pytest_cache .ruff_cache .hypothesis
