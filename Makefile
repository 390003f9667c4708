# make run      serve the tutorial on 127.0.0.1:17010 (PORT= changes it)
# make test     run the tests; installs what they need
# make check    lint and type-check
# make faults   the tests that take long: kills, fuzzing, load
# make schemas  write schemas/ anew from the kinds

VENV ?= .venv
PORT ?= 17010
PYTHON ?= python3
BIN := $(VENV)/bin
FLAGS ?=

.PHONY: run test check faults schemas benchmarks clean

run: $(VENV)/.installed
	PATH="$(abspath $(BIN)):$$PATH" sh examples/tutorial/run.sh env $(PORT)

test: $(VENV)/.dev
	sh tests/servers/install.sh
	$(BIN)/python -m pytest --cov --cov-report=term:skip-covered $(FLAGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

faults: $(VENV)/.dev
	sh tests/servers/install.sh
	$(BIN)/python -m pytest -m faults --timeout 3600 $(FLAGS)

schemas: $(VENV)/.installed
	$(BIN)/zato schema --write schemas

clean:
	rm -rf $(VENV) env .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*

$(BIN)/python:
	@$(PYTHON) -m venv $(VENV) || { echo "python3-venv is missing: apt-get install python3-venv" >&2; rm -rf $(VENV); exit 1; }

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/.installed
