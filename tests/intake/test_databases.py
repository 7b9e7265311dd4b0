"""Tables straight from a database: the same rows as from a file, and one clear line for all that can go wrong."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import engine
from cli.main import app
from engine.errors import InputError
from engine.intake import databases
from tests.intake import postgres

TYPED = (
    "SELECT 34600111222::bigint AS caller, '2024-03-31 01:30:00+02'::timestamptz AS started_at, "
    "1.50::numeric(6,2) AS cost, true AS answered, "
    "'00:01:02'::interval AS talk, '10:11:12'::time AS at, DATE '2024-02-29' AS day, "
    "NULL::int AS nothing, 34600111222::float8 AS rounded, '10.0.0.1'::inet AS host, E'a\\nb, \"c\"' AS note;"
)


@pytest.fixture(scope="module")
def server():
    """The address of a PostgreSQL; skips where Debian's package is not installed."""
    if postgres.programs() is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with postgres.running() as address:
        yield address


@pytest.fixture
def password(monkeypatch):
    """The server's password where a client looks for it."""
    monkeypatch.setenv("PGPASSWORD", postgres.PASSWORD)


@pytest.fixture
def book(tmp_path: Path) -> str:
    """The address of an SQLite file with a table whose values are of any type, as SQLite has it."""
    path = tmp_path / "day[1] of March.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE calls(caller, started_at TEXT, seconds INTEGER)")
        rows = [("+34600111222", "2024-03-01 10:00:00", 60), (34600111222, "2024-03-01 11:00:00", None), (1.5, "", 7)]
        connection.executemany("INSERT INTO calls VALUES (?, ?, ?)", rows)
    connection.close()
    return f"sqlite:///{path}"


def rows(address: str, query: str, folder: Path) -> list[dict[str, str | None]]:
    """What a query gives; nothing may be left of it."""
    with databases.fetched(address, query, folder) as path:
        assert path.stat().st_mode & 0o777 == 0o600
        frame = pl.read_parquet(path.read_bytes())  # a name is no pattern
    assert set(frame.dtypes) <= {pl.String}
    assert not list(folder.rglob("*"))
    return frame.to_dicts()


def test_postgresql_writes_every_type_as_text(server, password, tmp_path):
    [row] = rows(server, TYPED, tmp_path)
    assert row == {
        "caller": "34600111222", "started_at": "2024-03-30 23:30:00+00", "cost": "1.50", "answered": "true",
        "talk": "00:01:02", "at": "10:11:12", "day": "2024-02-29", "nothing": None, "rounded": "34600111222",
        "host": "10.0.0.1/32", "note": 'a\nb, "c"',
    }  # fmt: skip


def test_the_query_can_change_nothing_in_postgresql(server, password, tmp_path):
    query = "SELECT current_setting('transaction_read_only') AS read_only, current_setting('TimeZone') AS zone"
    assert rows(server, query, tmp_path) == [{"read_only": "on", "zone": "UTC"}]


def test_many_rows_come_in_their_order(server, password, tmp_path):
    many = 200_000
    query = f"SELECT i AS n, repeat('x', 50) AS pad FROM generate_series(1, {many}) AS i -- all of them"  # noqa: S608
    with databases.fetched(server, query, tmp_path) as path:
        assert pl.read_parquet(path)["n"].cast(pl.Int64).to_list() == list(range(1, many + 1))


def test_sqlite_writes_every_value_as_text(book, tmp_path):
    found = rows(book, "SELECT * FROM calls ORDER BY rowid;", tmp_path / "scratch")
    assert found == [
        {"caller": "+34600111222", "started_at": "2024-03-01 10:00:00", "seconds": "60"},
        {"caller": "34600111222", "started_at": "2024-03-01 11:00:00", "seconds": None},
        {"caller": "1.5", "started_at": "", "seconds": "7"},
    ]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELEC 1", "syntax error"),
        ("SELECT 1 WHERE false", "returns no rows"),
        ("SELECT CASE WHEN i = 150000 THEN 1 / (i - 150000) END AS x FROM generate_series(1, 200000) AS i", "zero"),
        ("SELECT 1 AS a, 2 AS a", "ambiguous"),
        ("DROP TABLE pg_class", "syntax error"),
        ("SELECT 1; SELECT 2", "syntax error"),
        ("  ;", "no query"),
    ],
)
def test_what_postgresql_refuses_is_one_line(server, password, tmp_path, query, words):
    with pytest.raises(InputError, match=words) as refused, databases.fetched(server, query, tmp_path):
        pass
    assert "\n" not in str(refused.value) and not list(tmp_path.rglob("*"))


def test_no_server_and_a_wrong_password(server, tmp_path, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", "wrong")
    with (
        pytest.raises(InputError, match="password authentication failed"),
        databases.fetched(server, "SELECT 1", tmp_path),
    ):
        pass
    nobody = "postgresql://cdr@127.0.0.1:1/postgres"
    with pytest.raises(InputError, match="cannot be reached"), databases.fetched(nobody, "SELECT 1", tmp_path):
        pass
    assert not list(tmp_path.rglob("*"))


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://cdr:hunter2@127.0.0.1/x", "holds a password"),
        ("postgresql://127.0.0.1/x?user=cdr&Password=hunter2", "holds a password"),
        ("calls.csv", "not the address"),
        ("oracle://host/x", "no ADBC driver"),
        ("sqlite:///nowhere.db", "no such file"),
    ],
)
def test_addresses_that_cannot_be(address, words, tmp_path):
    with pytest.raises(InputError, match=words) as refused, databases.fetched(address, "SELECT 1 AS x", tmp_path):
        pass
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("query", ["DROP TABLE calls", "SELECT * FROM horses", "SELECT 1; DROP TABLE calls"])
def test_sqlite_stays_as_it_is(book, tmp_path, query):
    path = Path(book.removeprefix("sqlite:///"))
    before = path.read_bytes()
    with pytest.raises(InputError), databases.fetched(book, query, tmp_path / "scratch"):
        pass
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name] or not list((tmp_path / "scratch").rglob("*"))


def test_a_table_from_a_database_imports_like_a_file(book, tmp_path, monkeypatch):
    monkeypatch.setenv("KINDRED_KEYS", str(tmp_path / "keys"))
    space = engine.create(tmp_path / "w")

    def call(*words: object):
        return CliRunner().invoke(app, [str(word) for word in (*words, "-w", space.path)])

    query = "SELECT caller, '+34600111333' AS callee, started_at, seconds AS duration_s FROM calls LIMIT 1"
    done = call("import", "logs", "--from", book, "--sql", query, "-o", "json")
    assert json.loads(done.stdout)[0]["rows_kept"] == 1, done.output
    people = call("import", "customers", "--from", book, "--sql", "SELECT caller AS customer_id FROM calls")
    assert (people.exit_code == 0 and "3 rows = 3 kept" in people.stderr) or "2 kept" in people.stderr
    with space.warehouse(read_only=True) as store:
        before = store.counts()
    for words in (
        ("--from", book), ("--sql", query), ("--from", book, "--sql", query, "calls.csv"),
        ("--from", "postgresql://cdr:hunter2@localhost/x", "--sql", query), ("--from", book, "--sql", "SELECT 1 AS x"),
    ):  # fmt: skip
        refused = call("import", "logs", *words)
        assert refused.exit_code == 1 and refused.stdout == "" and "hunter2" not in refused.output, words
    with space.warehouse(read_only=True) as store:
        assert store.counts() == before
    assert not [path for path in (space.path / ".tmp").rglob("*") if path.is_file()]
    assert b"hunter2" not in (space.path / "audit.jsonl").read_bytes()
