# Two commands: `make demo` and `make test`. Each does all its own set-up in .venv/.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test test-all bench bench-all lab lint format clean
.DELETE_ON_ERROR:

demo: $(STAMP)
	@$(BIN)/workbench demo

test: lint
	@$(BIN)/python -m tests.support.suite $(TESTS)

# `make test` kills an extraction at a sixth of its points and each phase at a few, tampers with a
# share of the cells and bytes of a run folder, and tries some hundred accounts and two migrations
# that change meanwhile; this one does all of it, ten times as many, and fetches files of 3 GB.
test-all: lint
	@WORKBENCH_TESTS_ALL=1 WORKBENCH_TESTS_FILE_BYTES=3000000000 $(BIN)/python -m tests.support.suite $(TESTS)

bench: $(STAMP)
	@WORKBENCH_SANDBOX_INSTANCE=bench $(BIN)/python -m tests.benchmarks

bench-all: $(STAMP)
	@WORKBENCH_SANDBOX_INSTANCE=bench WORKBENCH_BENCH_WHOLE=1 $(BIN)/python -m tests.benchmarks

lint: $(STAMP)
	@$(BIN)/ruff format --check --quiet workbench tests notebooks || { echo "Formatting differs: run make format." >&2; exit 1; }
	@$(BIN)/ruff check workbench tests notebooks
	@$(BIN)/mypy
	@$(BIN)/python -m tests.support.clean_notebooks

format: $(STAMP)
	@$(BIN)/ruff format workbench tests notebooks

lab: $(STAMP)
	@$(BIN)/workbench lab $(RUN)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache

$(STAMP): pyproject.toml .ci/constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is missing: install python3 (apt-get install python3 python3-venv)." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: install it, or name it: make PYTHON=python3.12 $(MAKECMDGOALS)." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing: install python3-venv (apt-get install python3-venv)." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the workbench into $(VENV) (a minute or two the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint .ci/constraints.txt --editable '.[test]'
	@touch $@
