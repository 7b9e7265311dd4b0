# Two commands matter: `make demo` and `make test`. Both set up .venv by themselves.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(shell command -v uv 2>/dev/null)
STAMP  := $(VENV)/.installed

.PHONY: demo test lint bench fuzz install clean

demo: $(STAMP)
	$(BIN)/kindred demo --out demo

test: $(STAMP)
	$(BIN)/pytest

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: $(VENV)/.bench
	$(BIN)/python -m tests.bench

# By hand, for hours: hostile input, and kills at hundreds of moments.
fuzz: $(STAMP)
	$(BIN)/python -m tests.fuzz --cases 100000
	$(BIN)/python -m tests.crash --moments 200

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
	@touch $@

# The peers that speed is compared with.
$(VENV)/.bench: $(STAMP)
	$(PIP) -e '.[dev,bench]'
	@touch $@

clean:
	rm -rf demo build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
