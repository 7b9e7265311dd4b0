"""An export's tables in a database: what was there is equal afterwards, foreign tables stay, all or nothing."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from cli.main import app
from engine import databases
from engine.errors import InputError, WorkspaceError
from engine.export import export
from tests.intake import postgres


@pytest.fixture(scope="module")
def server():
    """The address of a PostgreSQL; skips where Debian's package is not installed."""
    if postgres.programs() is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with pytest.MonkeyPatch.context() as patch, postgres.running() as address:
        patch.setenv("PGPASSWORD", postgres.PASSWORD)
        yield address


def asked(address: str, query: str) -> pl.DataFrame:
    with databases.connected("postgresql", address) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return pl.DataFrame(cursor.fetch_arrow_table())


def told(frame: pl.DataFrame) -> list[tuple]:
    """Rows as plain values, moments without their zone, in one order."""
    texts = [pl.col(n).dt.replace_time_zone(None) for n, t in frame.schema.items() if isinstance(t, pl.Datetime)]
    return sorted(frame.with_columns(texts).rows(), key=repr)


def in_folder(workspace, what: str, folder: Path) -> dict[str, pl.DataFrame]:
    export(workspace, what, folder)
    return {path.stem: pl.read_parquet(path) for path in folder.glob("*.parquet")}


@pytest.mark.parametrize("what", ["delivery", "all"])
def test_postgresql_gives_every_table_back(own, server, tmp_path, what):
    expected = in_folder(own, what, tmp_path / "files")
    done = export(own, what, server)
    assert {e["table"]: e["rows"] for e in done.files if e["table"] != "withdraw"} == {
        name: frame.height for name, frame in expected.items()
    }
    for name, frame in expected.items():
        found = asked(server, f'SELECT * FROM "{name}"')  # noqa: S608
        assert found.columns == frame.columns and told(found) == told(frame), name
    assert asked(server, "SELECT * FROM withdraw").height == 0


def test_a_second_export_doubles_nothing_and_takes_nobodys_rights(own, server, tmp_path):
    rows = in_folder(own, "delivery", tmp_path / "files")["delivery"]
    rights = "SELECT relacl::text AS rights FROM pg_class WHERE oid = to_regclass('delivery')"
    export(own, "delivery", server)
    with databases.connected("postgresql", server) as connection, connection.cursor() as cursor:
        cursor.execute("GRANT SELECT ON delivery TO PUBLIC")
        connection.commit()
    before = asked(server, rights)["rights"].to_list()
    export(own, "delivery", server)
    assert asked(server, rights)["rights"].to_list() == before != [None]
    assert told(asked(server, "SELECT * FROM delivery")) == told(rows) != []


def test_delta_gives_every_table_back(own, tmp_path):
    import deltalake

    expected = in_folder(own, "all", tmp_path / "files")
    for version in (0, 1):
        export(own, "all", f"delta:{tmp_path / 'lake'}")
        for name, frame in expected.items():
            table = deltalake.DeltaTable(tmp_path / "lake" / name)
            found = pl.DataFrame(table.to_pyarrow_table())
            assert table.version() == version
            assert found.columns == frame.columns and told(found) == told(frame), name


def test_a_table_that_is_not_ours_stays_and_so_do_the_others(own, server, tmp_path):
    import deltalake

    postgres.fill(server, "DROP TABLE IF EXISTS ads, choices", "CREATE TABLE choices (mine int)")
    postgres.fill(server, "INSERT INTO choices VALUES (7)")
    with pytest.raises(WorkspaceError, match="choices that Kindred did not make"):
        export(own, "all", server)
    assert asked(server, "SELECT mine FROM choices")["mine"].to_list() == [7]
    assert asked(server, "SELECT to_regclass('ads')::text AS t")["t"].to_list() == [None], "nothing of it is committed"
    deltalake.write_deltalake(tmp_path / "lake" / "choices", pl.DataFrame({"mine": [7]}))
    with pytest.raises(WorkspaceError, match="Kindred did not make"):
        export(own, "choices", f"delta:{tmp_path / 'lake'}")
    assert pl.read_delta(str(tmp_path / "lake" / "choices"))["mine"].to_list() == [7]


def test_a_table_of_another_version_is_made_anew(own, server, tmp_path):
    export(own, "delivery", server, rename={"arm": "face"})
    assert "face" in asked(server, "SELECT * FROM delivery").columns
    export(own, "delivery", server)
    assert "arm" in asked(server, "SELECT * FROM delivery").columns


@pytest.mark.parametrize(
    ("to", "options", "words"),
    [
        ("postgresql://cdr:hunter2@127.0.0.1/x", {}, "holds a password"),
        ("postgresql://cdr@127.0.0.1:1/x", {}, "cannot be reached"),
        ("delta:", {}, "names no folder"),
        ("delta:lake", {"format": "csv"}, "tables, no files"),
        ("delta:lake", {"since_last": True}, "goes to a folder"),
    ],
)
def test_places_that_cannot_be(own, to, options, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=words) as refused:
        export(own, "delivery", to, **options)
    assert "hunter2" not in str(refused.value) and not (tmp_path / "lake").exists()


def test_the_command_says_what_stays_out(own, tmp_path):
    place = f"delta:{tmp_path / 'lake'}"
    done = CliRunner().invoke(app, ["export", "ads", "-w", str(own.path), "--to", place])
    assert done.exit_code == 0 and "stay out of a database" in done.stderr, done.output
    looked = CliRunner().invoke(app, ["export", "--verify", place, "-w", str(own.path)])
    assert looked.exit_code == 1 and "tables and no files" in looked.stderr
