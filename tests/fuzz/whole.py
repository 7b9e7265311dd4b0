"""Files that are odd but whole: every row of them must arrive, whatever they are called and however they are written.

What must be stored is told by a reader of its own (`reader`) and a model in plain Python: the last good row of each
key.
"""

from __future__ import annotations

import csv
import gzip
import io
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from engine.config import Config, Ids
from engine.intake.importer import import_table
from engine.logs.importer import import_logs
from engine.tables import TABLES
from engine.warehouse import quote
from engine.warehouse.duckdb import DuckDBWarehouse
from tests.fuzz import reader
from tests.fuzz.options import no_hidden_traceback

CONFIG = replace(Config(), ids=Ids(pseudonymise="none"))
START = datetime(2025, 6, 1)
# Names that a shell, a pattern or a reader of folders might take for something else.
NAMES = (
    "[1]", "day[1]", "*", "a*", "?", "{a,b}", "a b", " ", "it's", 'a"b', "ékezet-日本", "-lead", "--help", "%s%n", "~",
    "$HOME", "#", "a;b", "a|b", "&", "a\tb", "nul.csv", ".hidden", "kind=data/x", "caller=x/y", "customer_id=1/z",
    "with space/in it", "(1)", "a=b", "^.*$", "a,b",
)  # fmt: skip
# As what the value of the type is written, apart from plain text.
_WORDS = st.text(alphabet="abcdefgh ÄßőЖ日,;'\"|\t", max_size=8)
_IDS = st.text(alphabet="pqrst", min_size=1, max_size=3)
_MOMENTS = st.integers(0, 10_000_000).map(lambda s: START + timedelta(seconds=s))


@dataclass(frozen=True)
class Kind:
    """A table to import: its key, which columns its files have, and a strategy for each.

    Args:
        key: columns that name a row; without the first one a row is rejected.
        columns: what the files have.
    """

    key: tuple[str, ...]
    columns: dict[str, st.SearchStrategy[Any]]


KINDS = {
    "logs": Kind(
        ("caller",),
        {
            "caller": _IDS, "callee": st.just("zz"), "started_at": _MOMENTS, "duration_s": st.integers(1, 3600),
            "kind": st.just("call"),
        },
    ),
    "customers": Kind(
        ("customer_id",),
        {"customer_id": _IDS, "age": st.integers(18, 99), "residence": _WORDS, "gender": _WORDS},
    ),
    "devices": Kind(
        ("tac",),
        {
            "tac": st.integers(10_000_000, 10_000_009).map(str),
            "manufacturer": st.sampled_from(["Nokia", "Apple"]),
            "model": st.text(alphabet="abc", min_size=1, max_size=4),
        },
    ),
    "offers": Kind(
        ("offer_id",),
        {
            "offer_id": _IDS, "headline": st.just("h"), "body": st.just("b"), "call_to_action": st.just("c"),
            "value": st.integers(0, 9), "cost": st.decimals(0, 9, places=2),
        },
    ),
    "treatments": Kind(
        ("customer_id", "campaign_id"),
        {"customer_id": _IDS, "campaign_id": st.sampled_from("uv"), "sent_at": _MOMENTS, "accepted": st.booleans()},
    ),
    "optouts": Kind(("customer_id",), {"customer_id": _IDS, "since": _MOMENTS}),
}  # fmt: skip
_CALLS = """
SELECT a.party_id AS caller, b.party_id AS callee, e.started_at, e.duration_s, e.kind::VARCHAR AS kind
FROM events AS e JOIN parties AS a ON a.node = e.caller JOIN parties AS b ON b.node = e.callee
"""
_TEXTS = ("customer_id", "residence", "gender", "tac", "model", "offer_id", "campaign_id")


@st.composite
def records(draw: st.DrawFn, target: str) -> list[dict[str, Any]]:
    """Rows of a table; some name nobody."""
    kind, found = KINDS[target], []
    for number in range(draw(st.integers(1, 12))):
        row = {name: draw(values) for name, values in kind.columns.items()}
        if target == "logs":
            row["started_at"] += timedelta(days=number)  # no second leg of another one, no repeat
        if number and draw(st.integers(0, 9)) == 0:
            row[kind.key[0]] = None
        found.append(row)
    return found


@st.composite
def texts(draw: st.DrawFn, target: str) -> tuple[bytes, str]:
    """A text table: its bytes, and how its name ends."""
    found = draw(records(target))
    file = io.StringIO()
    names = draw(st.permutations(sorted(KINDS[target].columns)))
    writer = csv.DictWriter(
        file,
        [name.upper() if draw(st.booleans()) else name for name in names],
        delimiter=draw(st.sampled_from(",,;\t|")),
        lineterminator=draw(st.sampled_from(["\n", "\r\n"])),
        quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
    )
    writer.writeheader()
    for row in found:
        writer.writerow({label: _written(row[label.lower()]) for label in writer.fieldnames})
    text = file.getvalue()
    if draw(st.booleans()):
        text = text.rstrip("\r\n")
    data = text.encode("utf-8-sig" if draw(st.booleans()) else "utf-8")
    packing = draw(st.sampled_from(["", "", "gz", "zst", "two gz"]))
    if packing == "zst":
        return pa.Codec("zstd").compress(data, asbytes=True), ".csv.zst"
    if packing == "two gz":
        cut = data.find(b"\n") + 1
        return gzip.compress(data[:cut]) + gzip.compress(data[cut:]), ".csv.gz"
    return (gzip.compress(data), ".csv.gz") if packing else (data, draw(st.sampled_from([".csv", ".tsv", ".txt", ""])))


def text(target: str, found: list[dict[str, Any]]) -> bytes:
    """The bytes of a plain text table."""
    names = list(KINDS[target].columns)
    lines = [names, *([_written(row[name]) for name in names] for row in found)]
    return "".join(",".join(line) + "\n" for line in lines).encode()


def _written(value: Any) -> str:
    return "" if value is None else str(value)


ODD = (
    "plain", "dictionary", "large_string", "string_view", "zone", "ns", "ms", "decimal", "float", "int8", "nested",
    "list", "map", "binary", "null column", "bool column", "more columns", "date",
)  # fmt: skip


# Columns that no text can be made of.
NO_TEXT = ("nested", "list", "map", "binary")


@st.composite
def parquets(draw: st.DrawFn, target: str) -> tuple[bytes, str]:
    """A Parquet table: its bytes, and how its name ends."""
    return parquet(
        target,
        draw(records(target)),
        draw(st.sampled_from([odd for odd in ODD if target == "logs" or odd not in NO_TEXT])),
        row_group_size=draw(st.sampled_from([1, 3, 1000])),
        compression=draw(st.sampled_from(["none", "snappy", "gzip", "zstd"])),
        data_page_version=draw(st.sampled_from(["1.0", "2.0"])),
        use_dictionary=draw(st.booleans()),
        write_statistics=draw(st.booleans()),
        version=draw(st.sampled_from(["1.0", "2.4", "2.6"])),
        data_page_size=draw(st.sampled_from([1, 1 << 20])),
    ), ".parquet"


def parquet(target: str, found: list[dict[str, Any]], odd: str = "plain", **writing: Any) -> bytes:
    """The bytes of a valid Parquet file.

    Args:
        target: whose rows they are.
        found: the rows.
        odd: which column types, of `ODD`.
        writing: of `pyarrow.parquet.write_table`; `row_group_size=1` also writes an empty row group.
    """
    arrays = {name: _array([row[name] for row in found], odd) for name in KINDS[target].columns}
    arrays |= _further(odd, len(found))
    table = pa.table(arrays)
    size = writing.pop("row_group_size", 1000)
    file = io.BytesIO()
    with pq.ParquetWriter(file, table.schema, **writing) as writer:
        if size == 1:
            writer.write_table(table.slice(0, 0))
        writer.write_table(table, row_group_size=size)
    return file.getvalue()


def _array(values: list[Any], odd: str) -> pa.Array:
    """A column in an unusual but fitting type."""
    first = next((v for v in values if v is not None), None)
    if isinstance(first, datetime):
        if odd == "zone":
            local = [None if v is None else v.replace(tzinfo=UTC) for v in values]
            return pa.array(local, pa.timestamp("us", "Europe/Budapest"))
        return pa.array(values, pa.timestamp(odd if odd in ("ns", "ms") else "us"))
    if isinstance(first, Decimal):
        return pa.array(values, pa.decimal128(9, 2)) if odd == "decimal" else pa.array([_number(v) for v in values])
    if isinstance(first, bool):
        return pa.array(values, pa.bool_())
    if isinstance(first, int):
        kind = {"decimal": pa.decimal128(9, 0), "float": pa.float64(), "int8": pa.int16()}.get(odd, pa.int64())
        return pa.array(values, pa.int64()).cast(kind) if odd != "decimal" else pa.array(map(Decimal, values), kind)
    if odd == "dictionary":
        return pa.array(values, pa.string()).dictionary_encode()
    kinds = {"large_string": pa.large_string(), "string_view": pa.string_view()}
    return pa.array(values, kinds.get(odd, pa.string()))


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _further(odd: str, rows: int) -> dict[str, pa.Array]:
    """Columns that nobody asked for."""
    return {
        "nested": {"further": pa.array([{"a": n, "b": ["x"]} for n in range(rows)])},
        "list": {"further": pa.array([[n, n] for n in range(rows)])},
        "map": {"further": pa.array([[("k", n)] for n in range(rows)], pa.map_(pa.string(), pa.int64()))},
        "binary": {"further": pa.array([b"\xff\x00"] * rows)},
        "null column": {"further": pa.nulls(rows)},
        "bool column": {"further": pa.array([n % 2 == 0 for n in range(rows)])},
        "date": {"further": pa.array([START.date()] * rows)},
        "more columns": {f"further{n}": pa.array(["x"] * rows) for n in range(40)},
    }.get(odd, {})


def few(target: str, who: str) -> list[dict[str, Any]]:
    """Three rows about somebody."""
    if target == "customers":
        return [{"customer_id": f"{who}{n}", "age": 30 + n, "residence": "Pécs", "gender": "f"} for n in range(3)]
    call = {"caller": who, "callee": "q", "kind": "call"}
    return [{**call, "started_at": START + timedelta(days=n), "duration_s": n + 1} for n in range(3)]


# Nothing odd but the name.
PLAIN = {
    (target, ending, who): text(target, few(target, who)) if ending == "csv" else parquet(target, few(target, who))
    for target in ("logs", "customers")
    for ending in ("csv", "parquet")
    for who in ("p", "decoy")
}


class Fresh:
    """An empty database, as often as one is wanted."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.store = folder, DuckDBWarehouse(contracts=False)

    def import_(self, target: str, data: bytes, name: str) -> None:
        """Import one file into an empty database; raises AssertionError unless every row of it arrived.

        Args:
            target: the table.
            data: the file's bytes.
            name: of the file, below a folder of its own, where others of similar names lie beside it.
        """
        for table in TABLES.values():
            self.store.execute_text(f"DROP TABLE IF EXISTS {quote(table.name)}")
            self.store.execute_text(table.ddl())
        path = self.folder / "in" / name
        decoys(path, target)
        path.write_bytes(data)
        shared = {"config": CONFIG, "key": bytes(32)}
        with no_hidden_traceback():
            if target == "logs":
                [done] = import_logs(self.store, [path], **shared)
            else:
                done = import_table(self.store, target, path, faces_folder=self.folder / "faces", **shared)
        found = reader.rows(data)
        assert found is not None, "the reader must understand what is whole"
        nameless = [row for row in found if row[KINDS[target].key[0]] is None]
        text = _CALLS if target == "logs" else f"SELECT * FROM {quote(target)}"  # noqa: S608
        stored = self.store.connection.execute(text)
        assert done.rows_in == len(found), f"{len(found)} rows are in the file, {done.rows_in} were counted"
        assert done.rows_rejected == len(nameless), (done, self.store.read("rejects"))
        columns = [column[0] for column in stored.description]
        check(target, found, [dict(zip(columns, row, strict=True)) for row in stored.fetchall()])


def check(target: str, found: list[dict[str, str | None]], stored: list[dict[str, Any]]) -> None:
    """Raise AssertionError unless what is stored is the last good row of each key.

    Args:
        target: the table.
        found: the file's rows, as the reader has them.
        stored: the table's.
    """
    key = KINDS[target].key
    good = [row for row in found if row[key[0]] is not None]
    if target == "logs":
        calls = [_call(row) for row in good]
        assert _sorted(stored) == _sorted(calls), f"{len(good)} calls are in the file, {len(stored)} others are stored"
        return
    wanted = {tuple(row[name] for name in key): row for row in good}
    by_key = {tuple(row[name] for name in key): row for row in stored}
    assert wanted.keys() == by_key.keys(), f"stored are {sorted(by_key)}, not {sorted(wanted)}"
    for place, row in wanted.items():
        for name in _TEXTS:
            assert name not in row or by_key[place][name] == row[name], f"{name} of {place}: {by_key[place]}"


def _sorted(calls: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return sorted(tuple(call[name] for name in sorted(call)) for call in calls)


def _call(row: dict[str, str | None]) -> dict[str, Any]:
    """A call as it is stored, of a row as the reader has it."""
    typed = {"started_at": _moment(row["started_at"]), "duration_s": int(float(str(row["duration_s"])))}
    return {name: typed.get(name, row[name]) for name in KINDS["logs"].columns}


def _moment(text: str | None) -> datetime:
    moment = datetime.fromisoformat(str(text))
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def decoys(path: Path, target: str) -> None:
    """A new folder for a file, and others of the same form beside it that a pattern of its name would find."""
    folder, ending = path.parent, path.suffix.removeprefix(".")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("1", "day1", "abc", "a", "b", "x1"):
        if data := PLAIN.get((target, ending, "decoy")):
            (folder / f"{name}.{ending}").write_bytes(data)
