"""The database of the first release's workspace, kept for ever: every later Kindred must bring it forward.

`fixtures/workspace-1.duckdb.gz` was written by version 0.1.0: seven customers, 120 calls, run until `influencers`.
"""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from engine import runner, workspace
from engine.trust import audit, backups, schema

FIXTURE = Path(__file__).parent / "fixtures" / "workspace-1.duckdb.gz"


@pytest.fixture
def old(tmp_path, monkeypatch) -> workspace.Workspace:
    """The old workspace, unpacked: its settings, its database, its key in the environment."""
    monkeypatch.setenv("KINDRED_KEY", "5a" * 32)
    folder = tmp_path / "old"
    folder.mkdir(mode=0o700)
    (folder / workspace.CONFIG).write_text('[ids]\nkey_id = "9ecf4608b6a9618b"\n')
    (folder / workspace.DATABASE).write_bytes(gzip.decompress(FIXTURE.read_bytes()))
    os.chmod(folder / workspace.DATABASE, 0o600)
    return workspace.open_(folder)


def test_nothing_imported_is_lost_and_it_runs(old):
    with old.warehouse(read_only=True) as store:
        assert (store.count("events"), store.count("customers"), store.count("sources")) == (120, 7, 2)
        assert store.read("customers").filter(customer_id="p3").row(0, named=True)["tenure"] == 9
    runner.run(old, until="influencers")
    with old.warehouse(read_only=True) as store:
        first = store.read("influencers").filter(definition="strongest", rank=1)
        assert sorted(first["customer_id"]) == [f"p{n}" for n in range(7)]
        assert schema.is_current(store)
    assert audit.verify(old.path).whole
    assert old.key() and backups.listed(old.database)
