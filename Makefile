# Everything a newcomer needs: `make run` and `make test`. Each sets up .venv by itself.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
DEMO := runs/demo
# one numerical thread per process unless told otherwise: the work is spread over processes
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := run
.PHONY: run test check bench clean

$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	touch $@

# Trains plain imitation (AIL), lets A2D go on from it, evaluates both on the same held-out seeds, films them
# and writes the report. Each command goes on where it was interrupted, so running it again loses nothing.
run: $(INSTALLED)
	$(BIN)/a2d train child_crossing method=ail rollout.interactions=30000 run=$(DEMO)/ail
	$(BIN)/a2d train child_crossing method=a2d start_from=$(DEMO)/ail rollout.interactions=170000 run=$(DEMO)/a2d
	$(BIN)/a2d evaluate $(DEMO)/ail --episodes 300
	$(BIN)/a2d evaluate $(DEMO)/a2d --episodes 300
	$(BIN)/a2d record $(DEMO)/ail --episodes 8
	$(BIN)/a2d record $(DEMO)/a2d --episodes 8
	$(BIN)/a2d compare $(DEMO)/a2d $(DEMO)/ail --out $(DEMO)/report.html

test: $(INSTALLED)
	$(BIN)/python -m pytest -n 2 --dist loadgroup --max-worker-restart 0

check: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2 --dist loadgroup --max-worker-restart 0 -m "not slow and not browser"

bench: $(INSTALLED)
	$(BIN)/python -m tests.benchmarks

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache
