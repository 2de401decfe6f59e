# Everything a developer or an operator types. Needs Python 3.11, make and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PROCESSES ?= 3

.DEFAULT_GOAL := help
.PHONY: help setup run test check static lint types imports bench chaos eval lock clean pictures container-check

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' Makefile

setup: $(READY) ## install everything into .venv from the lock

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "qualwatch needs Python 3.11 or newer: set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "this Python has no venv module: on Debian run 'apt-get install python3-venv'"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

run: setup ## start the daemon on embedded defaults
	@exec $(BIN)/qualwatch run

# Half of the processes that tests start would compile the program anew where the shell forbids to keep it.
# Tests wait for daemons, servers and timeouts half of their time: three processes keep two cores busy.
test: setup ## run the tests (PROCESSES=3 at once)
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(PROCESSES) --dist worksteal

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy

imports: setup
	$(BIN)/lint-imports

static: lint types imports

check: static test ## format, lint, types, imports, tests

bench: setup ## measure speed and memory, as ratios in one run
	$(BIN)/python -m eval.bench
	$(BIN)/python -m eval.bench_desk

chaos: setup ## kill and starve real daemons for 20 minutes, and say what they lost (TRY=--full: hours)
	$(BIN)/python -m eval.chaos $(TRY)

eval: setup ## measure the quality of detection against labelled documents
	$(BIN)/python -m eval.quality
	$(BIN)/python -m eval.readings

COMPILE := uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --only-binary :all: --python-version 3.11

lock: ## renew requirements.lock, and of it what the container needs (needs uv)
	$(COMPILE) --extra browser --extra ocr --extra postgresql --extra workers --group dev pyproject.toml -o requirements.lock
	$(COMPILE) --constraint requirements.lock --extra ocr --extra postgresql --extra workers --group image pyproject.toml -o deploy/container/requirements.lock

clean: ## remove what setup and run made, except var/
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist

pictures: setup ## make the README's pictures from the running program
	$(BIN)/python docs/pictures.py

container-check: ## run the steps of deploy/container/Containerfile in a debootstrapped Debian (as root)
	/usr/bin/python3 deploy/container/try_steps.py build/container $(TRY)
