# What a developer, a reader of README and CI run. Needs python3 (3.11 or newer, with venv) and make, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready-$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')

.PHONY: help demo test check format bench torture clean

help:
	@echo "make demo     set up .venv and run the demo: 300 orders over 60 simulated days"
	@echo "make test     set up .venv and run all tests"
	@echo "make check    format, lint, types, floors, dependencies"
	@echo "make bench    benchmarks beside peers, in an environment of their own"
	@echo "make torture  the long runs of the property and crash tests"

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

demo: $(READY)
	$(BIN)/orderflow demo

test: $(READY)
	$(BIN)/python -m pytest -q -n auto

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Peers, some of them under copyleft licences, run side by side here and are never imported by the package.
.venv-bench/.ready: pyproject.toml
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[all,bench,test]'
	@touch $@

bench: .venv-bench/.ready
	.venv-bench/bin/python -m pytest -q tests/model/test_calendar_countries.py tests/adapters/test_log_peers.py tests/adapters/test_metric_peers.py  # with the oracles that are peers
	for script in tests/benchmarks/bench_*.py; do echo "== $$script"; .venv-bench/bin/python $$script || exit 1; done

torture: $(READY)
	ORDERFLOW_LONG=1 $(BIN)/python -m pytest -q -n auto --timeout 3600

clean:
	rm -rf $(VENV) .venv-bench dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
