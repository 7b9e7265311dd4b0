"""Names are never patterns, and what a file of call records or a mapping may hold is bounded."""

from __future__ import annotations

import gzip
import io
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import documents, forms
from engine.config import Config, Ids
from engine.errors import EngineError, InputError
from engine.forms import parquetfile, rows, textfile
from engine.forms.dialect import Dialect
from engine.logs import mapping, pieces, reading, recognise, staging
from engine.logs.importer import import_logs
from engine.usecases.drafting import draft
from engine.warehouse.duckdb import DuckDBWarehouse
from tests import oddnames

KEY = bytes(32)
HEADER = "kind,caller,callee,started_at,duration_s"
ROWS = [f"call,p{i % 7},q{i % 5},2024-01-0{1 + i % 8} 10:00:0{i % 10},{i}" for i in range(60)]
CSV = "\n".join([HEADER, *ROWS, ""]).encode()
OTHER = f"{HEADER}\ntext,x,y,2024-02-02 10:00:00,0\n".encode()
SUMS = (
    "SELECT * FROM events ORDER BY ALL",
    "SELECT * FROM pair_days ORDER BY ALL",
    "SELECT * FROM parties ORDER BY ALL",
    "SELECT sha256, rows_in, rows_kept FROM sources",
)


def parquet(content: bytes) -> bytes:
    file = io.BytesIO()
    pl.read_csv(content).write_parquet(file)
    return file.getvalue()


PACKED = {
    ".csv": lambda data: data,
    ".csv.gz": lambda data: gzip.compress(data, mtime=0),
    ".csv.zst": lambda data: pa.compress(data, codec="zstd", asbytes=True),
    ".parquet": parquet,
}


def tables(path, **more):
    store = DuckDBWarehouse(threads=1)
    try:
        named = Config(ids=Ids(pseudonymise="none"))  # so that a file's name can be read in its rows
        done = import_logs(store, [path], config=named, key=KEY, **more)[0]
        assert done.rows_in == done.rows_kept + done.rows_duplicate + done.rows_rejected
        return [store.query_text(text).rows() for text in SUMS]
    finally:
        store.close()


@pytest.mark.parametrize("ending", sorted(PACKED))
def test_a_name_is_never_a_pattern(tmp_path, ending, monkeypatch):
    content, other = PACKED[ending](CSV), PACKED[ending](OTHER)
    plain = tmp_path / f"plain{ending}"
    plain.write_bytes(content)
    wanted = tables(plain)
    assert len(wanted[0]) == len(ROWS)
    files = oddnames.FILES[:: 1 if ending in (".csv", ".parquet") else 5]
    places = [tmp_path / "files" / f"{name}{ending}" for name in files]
    places += [tmp_path / name / f"day[1]{ending}" for name in oddnames.FOLDERS]
    for number, path in enumerate(places):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        oddnames.decoys(path.parent, ending, other)
        if number % 6 == 1:  # also where it does not fit in memory
            monkeypatch.setattr(staging, "memory", lambda store: 700 * reading._SHARE)
        assert tables(path) == wanted, path
        monkeypatch.undo()


def test_files_are_kept_apart_by_name(tmp_path):
    for name, data in (("day[1].csv", CSV), ("day1.csv", OTHER), ("*.csv", OTHER.replace(b"x,y", b"k,l"))):
        (tmp_path / name).write_bytes(data)
    store = DuckDBWarehouse(threads=1)
    done = import_logs(store, sorted(tmp_path.iterdir()), config=Config(), key=KEY)
    assert {d.path: d.rows_kept for d in done} == {"*.csv": 1, "day1.csv": 1, "day[1].csv": len(ROWS)}
    assert [d.rows_kept for d in import_logs(store, [tmp_path / "day1.csv"], config=Config(), key=KEY)] == [0]
    store.close()


def test_names_that_tell_a_person_are_texts(tmp_path):
    text = "interaction,direction,correspondent_id,datetime,call_duration\ncall,out,bob,2024-01-01 10:00:00,5\n"
    for name in ("a[1]b*", "it's", "x=y"):
        path = tmp_path / f"{name}.csv"
        path.write_text(text)
        (tmp_path / "a1b.csv").write_text(text.replace("bob", "eve"))
        assert {row[1] for row in tables(path, format="bandicoot")[2]} == {name, "bob"}
    for name in ("a\nb", "\udcff"):
        path = tmp_path / f"{name}.csv"
        path.write_text(text)
        with pytest.raises(InputError, match="not readable text") as error:
            tables(path, format="bandicoot")
        assert str(error.value).isprintable()


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_named_by_a_person_comes_in_pieces_too(tmp_path, packed, monkeypatch):
    rows = [f"call,out,b{i % 9},2024-01-01 10:{i // 60:02d}:{i % 60:02d},5" for i in range(500)]
    text = "\n".join(["interaction,direction,correspondent_id,datetime,call_duration", *rows, ""]).encode()
    path = tmp_path / f"ann.csv{'.gz' if packed else ''}"
    path.write_bytes(gzip.compress(text) if packed else text)
    whole = tables(path, format="bandicoot")
    monkeypatch.setattr(staging, "memory", lambda store: 500 * reading._SHARE)
    assert tables(path, format="bandicoot") == whole


@pytest.mark.parametrize("ending", [".csv.gz", ".csv.zst"])
def test_an_archive_is_as_large_as_what_it_holds(tmp_path, ending):
    path = tmp_path / f"log{ending}"
    path.write_bytes(PACKED[ending](CSV + (ROWS[0] + "\n").encode() * 20_000))
    with forms.plain(path) as form:
        read = recognise.recognise(form, [mapping.generic()])
    assert path.stat().st_size < 10_000
    for most, count in ((1 << 20, 1), (100_000, 6)):
        all_, known = pieces.unpacked(read, most)
        found = [told.size for _, told, _ in pieces.stream(read, all_, known, most)]
        assert (known is not None) == (count == 1)
        assert len(found) == count
        assert max(found) <= 2 * most


def test_gzip_comes_in_small_blocks(tmp_path):
    path = tmp_path / "a.gz"
    parts = [b"x" * (1 << 25), b"", b"yz" * 1000]
    path.write_bytes(b"".join(gzip.compress(part) for part in parts) + b"\0" * 100)
    found = list(textfile.blocks(path, "gzip"))
    assert b"".join(found) == b"".join(parts)
    assert max(map(len, found)) <= 1 << 22


@settings(max_examples=60)
@given(parts=st.lists(st.binary(max_size=300), min_size=1, max_size=4), cut=st.integers(0, 60), level=st.integers(0, 9))
def test_gzip_reads_as_the_standard_library_does(tmp_path_factory, parts, cut, level):
    packed = b"".join(gzip.compress(part, level, mtime=0) for part in parts)
    path = tmp_path_factory.mktemp("gz") / "a"
    path.write_bytes(packed[: len(packed) - cut] or b"\x1f")
    got, ended = b"", True
    try:
        for block in textfile.blocks(path, "gzip"):
            got += block
    except EOFError:
        ended = False
    whole = b"".join(parts)
    assert got == whole if ended and not cut else whole.startswith(got)
    if not cut:
        assert ended


@pytest.mark.parametrize("ending", [".csv", ".csv.gz"])
@pytest.mark.parametrize("damaged", [False, True])
@pytest.mark.parametrize("little", [False, True])
def test_a_line_has_an_end(tmp_path, ending, damaged, little, monkeypatch):
    long = b"a,b,2024-01-01 10:00:00," + b"6" * (textfile.LINE + 1)
    lines = [HEADER.encode(), ROWS[0].encode(), *([b'"'] if damaged else []), long, ROWS[1].encode(), b""]
    path = tmp_path / f"log{ending}"
    path.write_bytes(PACKED[ending](b"\n".join(lines)))
    if little:
        monkeypatch.setattr(staging, "memory", lambda store: (1 << 19) * reading._SHARE)
    with pytest.raises(InputError, match="longer than 2 MB") as error:
        tables(path)
    assert str(path) in str(error.value)


def test_a_line_without_an_end_is_not_read_to_its_end():
    taken = []

    def endless():
        yield b"header\nrow\n"
        for number in range(100):
            taken.append(number)
            yield b"x" * (1 << 20)

    table = rows.Table(Dialect(), ("header",), ("header",), 1, "utf-8")
    with pytest.raises(OverflowError):
        list(rows.read(table, endless(), {}))
    assert len(taken) <= 3


def test_too_many_columns_are_refused_at_the_header(tmp_path):
    path = tmp_path / "wide.csv"
    header = HEADER + "".join(f",c{i}" for i in range(996))
    path.write_text(f"{header}\n")
    with pytest.raises(InputError, match=re.escape("has 1,001 columns, more than 1,000")):
        tables(path)
    path.write_text(f"{header.removesuffix(',c995')}\n{ROWS[0]}{',1' * 995}\n")
    assert len(tables(path)[0]) == 1
    path.write_text("x" * 70_000)
    with pytest.raises(InputError, match="hold no whole line"):
        tables(path)


# ---- Parquet


def log_table(n=1000, **columns):
    base = {"caller": ["a"] * n, "callee": ["b"] * n, "started_at": ["2024-01-01 10:00:00"] * n, "duration_s": [5] * n}
    return pa.table({**base, **columns})


def refused(path, says, **more):
    with pytest.raises(InputError, match=says) as error:
        tables(path, **more)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("column", "says"),
    [
        (pa.array([["x"]] * 1000), "list<"),
        (pa.array([{"x": 1}] * 1000), "struct<"),
        (pa.array([b"1234"] * 1000, pa.binary(4)), "fixed_size_binary"),
        (pa.array([b"\xff\xfe"] * 1000), "not a readable Parquet file"),
        (pa.DictionaryArray.from_arrays(pa.array([0] * 1000, pa.int32()), pa.array(["x" * 5000])), "longer than 4 KB"),
    ],
)
def test_odd_types_are_refused(tmp_path, column, says):
    path = tmp_path / "odd.parquet"
    pq.write_table(log_table(caller=column), path)
    refused(path, says)
    if "KB" not in says and "readable" not in says:  # nobody reads that column
        pq.write_table(log_table(other=column), path)
        assert tables(path)[3][0][1] == 1000


def test_a_file_that_says_one_thing_and_holds_another(tmp_path):
    good, path = tmp_path / "good.parquet", tmp_path / "bad.parquet"
    pq.write_table(log_table(caller=[f"a{i}" for i in range(1000)], duration_s=list(range(1, 1001))), good)
    raw = good.read_bytes()
    start = len(raw) - 8 - int.from_bytes(raw[-8:-4], "little")
    body, foot, end = raw[:start], raw[start:-8], raw[-8:]
    thousand = b"\xd0\x0f"  # as Thrift writes it
    assert foot.count(thousand) > 5
    for other in (b"\xd2\x0f", b"\xce\x0f"):
        path.write_bytes(body + foot.replace(thousand, other) + end)
        refused(path, "not a readable Parquet file")
        first = foot.index(thousand)
        path.write_bytes(body + foot[:first] + other + foot[first + 2 :] + end)
        refused(path, "not a readable Parquet file")
    # Statistics lie: durations are said to be negative. What the rows hold counts.
    one, thousand = (1).to_bytes(8, "little"), (1000).to_bytes(8, "little")
    below = (-5).to_bytes(8, "little", signed=True)
    assert foot.count(thousand)
    path.write_bytes(body + foot.replace(thousand, below).replace(one, below) + end)
    assert [row[:6] for row in tables(path)[0]] == [row[:6] for row in tables(good)[0]]


def test_a_page_larger_than_it_should_be(tmp_path):
    path = tmp_path / "page.parquet"
    big = pa.array(["y" * 100_000] * 1500)
    pq.write_table(
        log_table(1500, caller=big), path, compression="zstd", use_dictionary=False, data_page_size=1 << 30,
        write_batch_size=1500,
    )  # fmt: skip
    assert path.stat().st_size < 1 << 20
    refused(path, "a page of column 'caller' takes 150 MB, more than 134")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PARE" + b"x" * 300 + (200).to_bytes(4, "little") + b"PARE", "encrypted"),
        (b"PAR1" + b"x" * 300 + (0x7FFFFFFF).to_bytes(4, "little") + b"PAR1", "its description"),
        (b"PAR1" + b"x" * 300 + (200).to_bytes(4, "little") + b"PAR1", "not a readable Parquet file"),
        (b"PAR1", "not a readable Parquet file"),
    ],
)
def test_parquet_files_that_are_none(tmp_path, content, says):
    path = tmp_path / "odd.parquet"
    path.write_bytes(content)
    refused(path, says)


def test_parquet_without_columns_and_with_too_many(tmp_path):
    path = tmp_path / "odd.parquet"
    pq.write_table(pa.table({}), path)
    refused(path, "no format fits")
    pq.write_table(pa.table({f"c{i}": [1] for i in range(1001)}), path)
    refused(path, "1,001 columns")
    pq.write_table(pa.table({"x" * 300: [1]}), path)
    refused(path, "has 300 letters")


@settings(max_examples=25)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from("abc"), st.none() | st.text("xyz", max_size=9), st.integers(0, 99)), max_size=90
    ),
    group=st.integers(1, 40), version=st.sampled_from(["1.0", "2.0"]), dictionary=st.booleans(),
    codec=st.sampled_from(["none", "snappy", "gzip", "zstd", "lz4", "brotli"]), page=st.integers(1, 400),
)  # fmt: skip
def test_pages_are_added_up_right(tmp_path_factory, rows, group, version, dictionary, codec, page):
    """Oracle: the rows that were written. What any writer may do is taken."""
    path = tmp_path_factory.mktemp("pages") / "a.parquet"
    table = pa.table(
        {name: pa.array([r[i] for r in rows]) for i, name in enumerate(("a", "b", "c"))}
        if rows
        else {"a": pa.array([], pa.string())}
    )
    pq.write_table(
        table, path, row_group_size=group, data_page_version=version, use_dictionary=dictionary, compression=codec,
        data_page_size=page, write_page_checksum=True, write_page_index=True,
    )  # fmt: skip
    parquetfile.check(path, table.column_names)
    assert parquetfile.unpacked(path, table.column_names) >= 8 * table.num_rows


# ---- mappings and other documents


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 30_000 + "]" * 30_000,
        "x = " + "{a = " * 20_000 + "1" + "}" * 20_000,
        "a" + ".a" * 60_000 + " = 1",
        "[" + "a" + ".a" * 60_000 + "]",
        '"a"' + '."a"' * 30_000 + " = 1",
        "x = " + "9" * 100_000,
        "# long\n" * 20_000,
        ".".join("abcdefghijklmnopqrstuvw") + " = 1",
        "x = \udcff",
    ],
)
def test_documents_of_any_depth_and_length_end_in_a_line(tmp_path, text):
    path = tmp_path / "m.toml"
    path.write_bytes(text.encode(errors="surrogateescape"))
    start = time.process_time()
    with pytest.raises(InputError, match="cannot be read") as error:
        mapping.load(path)
    assert time.process_time() - start < 2
    assert len(str(error.value)) < 500
    with pytest.raises(ValueError, match="nested deeper"):
        documents.read_json(b"[" * 100_000 + b"]" * 100_000)


def test_a_pattern_takes_no_time(tmp_path):
    path, log = tmp_path / "m.toml", tmp_path / "log.csv"
    log.write_text(f"{HEADER}\n" + f"call,{'a' * 1000}!,b,2024-01-01 10:00:00,5\n" * 50)
    columns = "[columns]\n" + "".join(f"{name} = '{name}'\n" for name in HEADER.split(","))
    for pattern in ("(a+)+$", "(a|a)*b", "(a|aa)+$", "([a-z]+)*1"):
        path.write_text(f"name = 'm'\nmatch = {{ caller = '{pattern}' }}\n{columns}")
        start = time.process_time()
        profiles = [*mapping.load(path), mapping.generic()]  # two: patterns decide
        assert mapping.fitting(pattern, ["a" * 50_000 + "!"]) == 0
        reading_of = mapping.load(path)
        assert time.process_time() - start < 2
        assert profiles[0] == reading_of[0]
    for pattern in ("(?<=a)b", r"(a)\1", "(", "a{1000}{1000}{1000}", "x" * 501, "a)|(b"):
        path.write_text(f"match = {{ caller = '{pattern}' }}\n{columns}")
        with pytest.raises(InputError, match=r"match\.caller"):
            mapping.load(path)


@pytest.mark.parametrize(("pattern", "value", "fits"), [("a|b", "b", 1), ("a|b", "bc", 0), (r"\d+", "12\n", 0)])
def test_a_pattern_fits_the_whole_value(pattern, value, fits):
    assert mapping.fitting(pattern, [value]) == fits == (re.fullmatch(pattern, value) is not None)


VALUES = st.recursive(
    st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5) | st.booleans() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)  # fmt: skip


def toml(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{k}" = {toml(v)}' for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(c):08x}" for c in value) + '"'
    if value is None:
        return "1979-05-27"
    return str(value).lower()


@settings(max_examples=60)
@given(
    st.dictionaries(st.sampled_from([*sorted(mapping._TABLE_KEYS), "table", "other"]), VALUES, max_size=4),
    st.booleans(),
)
def test_any_value_anywhere_in_a_mapping_is_taken_or_refused_in_words(tmp_path_factory, document, with_columns):
    folder = tmp_path_factory.mktemp("map")
    path, log = folder / "m.toml", folder / "log.csv"
    if with_columns:
        names = [name for name in HEADER.split(",") if name != "kind"]
        document = {**document, "columns": {name: name for name in names}}
    text = "\n".join(f"{key} = {toml(value)}" for key, value in document.items())
    tomllib.loads(text)
    path.write_text(text)
    log.write_bytes(CSV)
    try:
        tables(log, mapping=path)
    except EngineError as error:
        assert len(str(error)) < 3000


def test_what_cannot_be_is_named(tmp_path):
    path = tmp_path / "m.toml"
    for line, says in {
        "encoding = 'utf-99'": "encoding = 'utf-99' is not allowed",
        "delimiter = 'ab'": "delimiter = 'ab' is not allowed",
        "skip = -1": "skip should be",
        "names = [1]": "names should be a list of texts",
        "time = 5": "time should be a table",
        "duration = { seconds_per_unit = inf }": "duration.seconds_per_unit should be a number",
        "table = 5": "table should be a list",
    }.items():
        path.write_text(f"{line}\ncolumns = {{ caller = 'a' }}\n")
        with pytest.raises(InputError, match=re.escape(says)):
            mapping.load(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(InputError, match="is not a file"):
        mapping.load(path)


def test_guessing_takes_any_name(tmp_path):
    for name in oddnames.FILES:
        for ending in (".parquet", ".csv"):
            path = tmp_path / f"{name}{ending}"
            path.write_bytes(PACKED[ending](CSV))
            assert "caller" in draft(path).text


PEAK = """
import sys
from pathlib import Path
from engine.config import Config, Ids
from engine.errors import InputError
from engine.intake.importer import import_table
from engine.usecases.drafting import draft
from engine.logs.importer import import_logs
from engine.warehouse.duckdb import DuckDBWarehouse
folder = Path(sys.argv[1])
store = DuckDBWarehouse(folder / "a.duckdb", memory="100MB", scratch=folder / "scratch", threads=2)
for name, target in (("line", "logs"), ("rows", "customers"), ("cells", "customers"), ("members", "logs")):
    name += ".csv.gz"
    try:
        if target == "logs":
            import_logs(store, [folder / name], config=Config(), key=bytes(32))
        else:
            import_table(store, target, folder / name, faces_folder=folder, config=Config(), key=bytes(32))
        sys.exit(f"{name} came in")
    except InputError as error:
        print(error, file=sys.stderr)
assert store.counts() == dict.fromkeys(store.counts(), 0)
print([line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")][0])
"""


def test_an_archive_of_hundreds_of_megabytes_takes_little_memory(tmp_path):
    """Before, the first took 6.9 GB, the second 1.5 GB."""
    with gzip.open(tmp_path / "line.csv.gz", "wb", 1) as file:
        file.write(CSV)
        for _ in range(400):
            file.write(b"x" * 1_000_000)
    with gzip.open(tmp_path / "rows.csv.gz", "wb", 1) as file:
        file.write(b"customer_id,age,plan\n")
        for _ in range(300):
            file.write(b"abc,30,premium\n" * 60_000)
    with gzip.open(tmp_path / "cells.csv.gz", "wb", 1) as file:
        file.write(b"customer_id" + b"".join(b",c%d" % i for i in range(900)) + b"\n")
        for _ in range(100):
            file.write((b"abc" + b"," * 900 + b"\n") * 1000)
    (tmp_path / "members.csv.gz").write_bytes(gzip.compress(b"x" * 30_000_000) * 20)
    done = subprocess.run([sys.executable, "-c", PEAK, str(tmp_path)], capture_output=True, text=True, check=True)
    assert int(done.stdout.split()[-1]) < 350 * 1024
    assert done.stderr.count("need more memory than") == 2


def test_a_file_replaced_while_it_is_open_is_still_itself(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(CSV)
    with textfile.literally(path) as name:
        path.rename(tmp_path / "b.csv")
        path.write_bytes(OTHER)
        assert Path(name).read_bytes() == CSV
