"""Memory handed back: whatever cannot go stays, and nothing else is the worse for it."""

from __future__ import annotations

import pytest

from engine.warehouse.duckdb import DuckDBWarehouse


@pytest.mark.parametrize("memory", ["", "500MB"])
def test_what_cannot_be_put_aside_stays_and_spoils_no_transaction(tmp_path, memory):
    (tmp_path / "file").touch()
    # A workspace that its reader must not write to, or a full disk: there is no place for what is still needed.
    store = DuckDBWarehouse(threads=1, memory=memory, scratch=tmp_path / "file" / "scratch")
    limit = "SELECT current_setting('memory_limit')"
    before = store.connection.execute(limit).fetchall()
    with store.transaction():
        store.execute_text("CREATE TEMP TABLE kept AS SELECT range AS i, hash(range) AS h FROM range(8_000_000)")
        store.release()
        assert store.query_text("SELECT count(*), sum(i) FROM kept").row(0) == (8_000_000, 31_999_996_000_000)
    assert store.connection.execute(limit).fetchall() == before
    store.close()
