"""What tests of call records share."""

from __future__ import annotations

import pytest

from engine.warehouse.duckdb import DuckDBWarehouse


@pytest.fixture
def store():
    """An empty database in memory."""
    warehouse = DuckDBWarehouse()
    yield warehouse
    warehouse.close()
