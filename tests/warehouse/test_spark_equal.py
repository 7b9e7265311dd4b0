"""Both engines give the same: import, cleaning, stages, and statement by statement."""

from __future__ import annotations

import pytest

from tests.warehouse.compare import same_tables

pytestmark = pytest.mark.spark


def test_every_table_is_the_same(both):
    rows = same_tables(*both)
    for table in ("events", "pair_days", "rejects", "edges", "hubs", "ties", "influencers", "handsets", "features"):
        assert rows[table] > 0, table


def test_what_the_import_reports_is_the_same(both):
    lines = []
    for space in both:
        with space.warehouse(read_only=True) as store:
            lines.append(store.read("sources").drop("imported_at").sort("source_id"))
    assert lines[0].equals(lines[1])
