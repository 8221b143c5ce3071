# A new clone needs two commands: `make run` and, to be sure, `make test`. Both set themselves up.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test lint bench ci keys

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: .venv/requirements.txt .env ## .venv with the pinned dependencies, .env with new keys

setup-dev: setup .venv/requirements-dev.txt

run: setup ## a running portal with demo data: web, worker, beat, Zalo simulator; Ctrl-C stops it
	@exec $(BIN)/python -m portal.supervisor

test: setup-dev ## all tests: on SQLite, then on PostgreSQL and Redis where they answer
	@exec bash tests/run.sh

lint: setup-dev ## style, templates, import order, missing migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djade --target-version 5.2 --check $$(git ls-files 'templates/**.html' 'templates/*.html')
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run

bench: setup-dev ## measures the portal on this machine; BENCH_ARGS=--quick for the short form
	$(BIN)/python -m bench $(BENCH_ARGS)

ci: lint test ## what the CI server runs, after providing PostgreSQL, Redis and Chromium (.ci/run)
	bash tests/check_deploy.sh
	$(BIN)/python -m bench --quick --check bench/floors.json

keys: setup ## new keys for a production environment
	@$(BIN)/python -m portal.keys

.env: | .venv/requirements.txt
	@$(BIN)/python -m portal.keys --env-file .env

# The copy inside .venv is what is installed; only different content installs again.
.venv/requirements.txt: requirements.txt | .venv/bin/python
	@cmp -s $< $@ || { echo "Installing $< (a minute or so the first time)"; $(PIP) install --require-hashes -r $<; }
	@cp $< $@

.venv/requirements-dev.txt: requirements-dev.txt | .venv/bin/python
	@cmp -s $< $@ || { echo "Installing $< (a minute or so the first time)"; $(PIP) install --require-hashes -r $<; }
	@cp $< $@

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 is missing. On Debian: apt install python3 python3-venv"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is too old: Python 3.11 or newer is needed (make PYTHON=/path/to/python3.11)"; exit 1; }
	@"$(PYTHON)" -m venv .venv || { rm -rf .venv; \
		echo "Python cannot make a virtual environment. On Debian: apt install python3 python3-venv"; exit 1; }
