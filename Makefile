# `make run` and `make test` set up their environment themselves.
# make run ARGS="xor --lr 0.2" passes arguments on; PYTHON=python3.12 chooses the interpreter.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
LOWEST := .venv-lowest
CHECK_PYTHON = $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "nnfs-tui needs Python 3.11 or later; try make PYTHON=python3.12")'
SETUP := pyproject.toml core/__init__.py

.PHONY: run test test-lowest lint soak bench screenshots clean

run: $(VENV)/.ready
	@$(BIN)/nnfs-tui $(ARGS)

test: $(VENV)/.ready-test
	@$(BIN)/python -m pytest $(ARGS)

# the same tests, with the lowest versions that pyproject.toml allows
test-lowest: $(LOWEST)/.ready
	@$(LOWEST)/bin/python -m pytest $(ARGS)

lint: $(VENV)/.ready-lint
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python .ci/vocabulary.py

soak: $(VENV)/.ready-test
	@$(BIN)/python -m tests.terminal.soak $(ARGS)

bench: $(VENV)/.ready-bench
	@$(BIN)/python -m benchmarks.parity
	@$(BIN)/python -m benchmarks.engine
	@$(BIN)/python -m benchmarks.lockstep
	@$(BIN)/python -m benchmarks.scaling
	@$(BIN)/python -m benchmarks.memory
	@$(BIN)/python -m benchmarks.files
	@$(BIN)/python -m benchmarks.travel
	@$(BIN)/python -m benchmarks.saving
	@$(BIN)/python -m benchmarks.run_list
	@$(BIN)/python -m benchmarks.presets
	@$(BIN)/python -m benchmarks.advice
	@$(BIN)/python -m benchmarks.interruption
	@$(BIN)/python -m benchmarks.startup
	@$(BIN)/python -m benchmarks.latency
	@$(BIN)/python -m benchmarks.screen_tax
	@$(BIN)/python -m benchmarks.wire
	@$(BIN)/python -m benchmarks.lines
	@$(BIN)/python -m benchmarks.dialogs
	@$(BIN)/python -m benchmarks.panels
	@$(BIN)/python -m benchmarks.frame_cost
	@$(BIN)/python -m benchmarks.curves
	@$(BIN)/python -m benchmarks.classroom
	@$(BIN)/python -m benchmarks.sharing
	@$(BIN)/python -m benchmarks.sweep
	@$(BIN)/python -m benchmarks.cluster

screenshots: $(VENV)/.ready
	@$(BIN)/python docs/screenshots.py

clean:
	@rm -rf $(VENV) $(LOWEST) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist

$(BIN)/python:
	@$(CHECK_PYTHON)
	@echo "Setting up $(VENV), once ..." >&2
	@$(PYTHON) -m venv $(VENV)
	@# dependency groups need pip 25.1
	@$(PIP) install --upgrade "pip>=25.1"

$(VENV)/.ready: $(SETUP) | $(BIN)/python
	@$(PIP) install --editable .
	@touch $@

$(VENV)/.ready-%: $(SETUP) | $(BIN)/python
	@echo "Installing what $* needs ..." >&2
	@$(PIP) install --editable . --group $*
	@touch $@ $(VENV)/.ready

# pip has no such resolution; uv is used for nothing else, and no lock file is written
$(LOWEST)/.ready: $(SETUP)
	@$(CHECK_PYTHON)
	@echo "Setting up $(LOWEST) with the lowest versions ..." >&2
	@$(PYTHON) -m venv --clear $(LOWEST)
	@$(LOWEST)/bin/python -m pip --quiet --disable-pip-version-check install uv
	@$(LOWEST)/bin/uv pip install --quiet --python $(LOWEST) --resolution lowest-direct --editable . --group test
	@touch $@
