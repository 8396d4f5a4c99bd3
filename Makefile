# Roundtext. `make run` starts a forum with a live sample discussion, `make test` checks everything.
#
#   make run      http://127.0.0.1:8000, or where FORUM_BIND says; Ctrl-C ends it
#   make test     make check, then every test, in four processes
#   make check    linters and types only
#   make format   let the formatters repair what they can
#   make bench    measure against the figures we promise
#   make soak     the fault tests, for as long as the promises say (more than an hour)
#   make assets   rebuild forum/static/built from forum/static/js and css, after every change there
#   make words    gather what templates, Python and scripts say into forum/translations, and compile
#   make lock     refresh the lock files after a change of pyproject.toml or package.json
#   make clean    remove what make built here (never var/, where discussions are stored)

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := run
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
COMPILE := UV_CUSTOM_COMPILE_COMMAND='make lock' uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	--system-certs --python-version 3.11 pyproject.toml
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Node comes with the development packages, inside the environment.
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
# Trust what the system trusts, as pip does: behind a company's proxy Node would refuse otherwise.
export NODE_USE_SYSTEM_CA := 1
export PIP_NO_INPUT := 1
export PYTHONUNBUFFERED := 1
# What Python and our templates compile is kept: the tests start some hundreds of processes, half a second each without.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test check format bench soak assets words lock clean develop

run: .venv/runtime.stamp
	@exec $(BIN)/python tools/foreground.py $(BIN)/forum demo --serve

# Everything that the tests need, and nothing more: `make develop` before you open an editor.
develop: .venv/develop.stamp node_modules/.stamp

test: check
	$(BIN)/python -m pytest -n 4 --dist worksteal -m "not bench"

check: develop
	ruff check .
	ruff format --check .
	mypy
	djlint --lint --quiet forum/templates
	biome check
	tsc -p tsconfig.json
	$(BIN)/python tools/words.py --check

format: develop
	ruff check --fix .
	ruff format .
	biome check --write

bench: develop
	$(BIN)/python -m pytest tests/bench -m bench -p no:xdist -s --timeout 900

soak: develop
	ROUNDTEXT_SOAK=1 $(BIN)/python -m pytest tests/faults tests/deploy -p no:xdist --timeout 1800

assets: develop
	node tools/assets.mjs
	@wc -c forum/static/built/*

words: develop
	$(BIN)/python tools/words.py

lock: .venv/develop.stamp
	$(COMPILE) --extra dev --extra build -o requirements-dev.txt
	$(COMPILE) --extra build -c requirements-dev.txt -o requirements.txt
	npm install --package-lock-only
	@! grep -nE '://|index-url|find-links' requirements.txt requirements-dev.txt
	@! grep -n '"resolved"' package-lock.json

clean:
	rm -rf .venv node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage htmlcov build dist
	find forum tests migrations -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

.venv/runtime.stamp: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Roundtext needs Python 3.11 or newer. Say which one to use: make PYTHON=/path/to/python3.11")'
	@echo 'Installing what Roundtext needs into .venv; this happens once and takes about half a minute.'
	@$(PYTHON) -m venv .venv
	@$(PIP) install -qq --require-hashes -r requirements.txt
	@$(PIP) install -qq --no-deps --no-build-isolation --editable .
	@touch $@

.venv/develop.stamp: .venv/runtime.stamp requirements-dev.txt
	@echo 'Installing the tools for development into .venv.'
	@$(PIP) install -qq --require-hashes -r requirements-dev.txt
	@touch $@

node_modules/.stamp: package.json package-lock.json .npmrc .venv/develop.stamp
	@npm ci --silent
	@touch $@
