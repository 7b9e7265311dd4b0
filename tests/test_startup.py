"""What a command loads before it does anything: heavy libraries only where they are used."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"numpy", "pyarrow", "pandas", "scipy", "sklearn", "numba", "igraph", "networkx", "torch", "cv2", "PIL"}
HEAVY |= {"matplotlib"}
RUN = """
import json, sys
from cli.main import main
sys.argv[0] = "kindred"
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
finally:
    print("loaded", json.dumps(sorted(name for name, module in sys.modules.items() if module)), file=sys.stderr)
"""


def loaded(*arguments: str) -> set[str]:
    """Modules that a command has loaded by its end."""
    done = subprocess.run([sys.executable, "-c", RUN, *arguments], check=True, capture_output=True, text=True)
    assert "leaked" not in done.stderr  # DuckDB's complaint of types that somebody remembers
    return set(json.loads(done.stderr.rpartition("loaded ")[2]))


@pytest.fixture
def space(tmp_path, monkeypatch):
    monkeypatch.setenv("KINDRED_KEYS", str(tmp_path / "keys"))
    loaded("init", str(tmp_path / "w"))
    return str(tmp_path / "w")


def test_help_opens_no_database():
    for arguments in (["--help"], ["import", "customers", "--help"]):
        assert not loaded(*arguments) & (HEAVY | {"polars", "duckdb"}), arguments


def test_commands_that_look_load_polars_and_duckdb_alone(space):
    for arguments in (["status"], ["imports"]):
        found = loaded(*arguments, "-w", space)
        assert {"polars", "duckdb"} <= found, arguments
        assert not found & HEAVY, arguments


def test_an_import_of_few_rows_loads_no_library_of_graphs_or_models(space, tmp_path):
    file = tmp_path / "customers.csv"
    file.write_text("customer_id,age\nanna,30\nbela,40\n")
    assert not loaded("import", "customers", str(file), "-w", space) & (HEAVY - {"numpy", "pyarrow"})


def test_an_import_of_call_records_loads_no_pandas_and_parses_no_sql(space, tmp_path):
    file = tmp_path / "calls.csv"
    file.write_text("caller,callee,started_at,duration_s\na,b,2026-03-01 10:00,60\nb,a,2026-03-02 10:00,60\n")
    found = loaded("import", "logs", str(file), "-w", space)
    assert not found & ((HEAVY | {"sqlglot"}) - {"numpy", "pyarrow"})


def test_a_run_to_the_influencers_loads_no_library_that_draws_or_fits(space, tmp_path):
    file = tmp_path / "calls.csv"
    file.write_text("caller,callee,started_at,duration_s\na,b,2026-03-01 10:00,60\nb,a,2026-03-02 10:00,60\n")
    loaded("import", "logs", str(file), "-w", space)
    found = loaded("run", "--until", "influencers", "-w", space)
    assert "igraph" in found
    assert not found & {"matplotlib", "PIL", "sklearn", "pandas", "torch", "cv2", "networkx"}
