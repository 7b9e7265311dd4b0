"""Faults of the machine: little memory, no disk, no right to write. Each is one clear line, nothing is lost."""

from __future__ import annotations

import pytest

from engine.errors import BackendError
from engine.warehouse.duckdb import DuckDBWarehouse

BIG = "CREATE TEMP TABLE big AS SELECT i::VARCHAR || repeat('z', 100) AS s FROM range({rows}) t(i) ORDER BY hash(i)"


def test_what_does_not_fit_in_memory_goes_to_the_scratch_folder_and_is_gone_afterwards(tmp_path):
    store = DuckDBWarehouse(tmp_path / "w.duckdb", threads=2, memory="150MB", scratch=tmp_path / "scratch")
    store.execute_text(BIG.format(rows=1_500_000))
    assert store.connection.execute("SELECT count(*) FROM big").fetchone() == (1_500_000,)
    store.close()
    assert not (tmp_path / "scratch").exists() or not list((tmp_path / "scratch").iterdir())


def test_too_little_memory_is_said_and_the_database_stays_whole(tmp_path):
    store = DuckDBWarehouse(tmp_path / "w.duckdb", threads=2, memory="20MB")
    store.connection.execute("SET max_temp_directory_size = '1MB'")
    with pytest.raises(BackendError, match=r"needs more memory.*Give --memory more"):
        store.execute_text(BIG.format(rows=1_500_000))
    store.close()
    again = DuckDBWarehouse(tmp_path / "w.duckdb")
    assert again.count("parties") == 0
