"""Tables from outside: a name is never a pattern, and what a file may hold is bounded."""

from __future__ import annotations

import csv
import gzip
import io
import os

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import engine
from engine import plaintable
from engine.config import Config
from engine.errors import InputError
from engine.forms import rows as forms_rows
from engine.forms import textfile
from engine.intake import reading
from engine.intake.importer import import_table
from engine.usecases import experiment_design, experiment_events
from engine.warehouse.duckdb import DuckDBWarehouse
from tests import oddnames
from tests.trust.photo import jpeg

KEY = bytes(32)
MEMORY = 1 << 30
TABLES = {
    "customers": "customer_id,age,plan\nann,30,p\nbob,20,q\n",
    "devices": "tac,manufacturer,model\n35000000,LG,x\n",
    "offers": "offer_id,headline,body,call_to_action,value,cost\no1,H,B,Go,5,1\n",
    "treatments": "customer_id,campaign_id,offer_id,sent_at,accepted\nann,c,o1,2024-01-01,1\n",
    "acts": "customer_id,act,at\nann,quit,2024-01-01\n",
    "consents": "customer_id,purpose,granted_at\nann,offers,2024-01-01\n",
    "optouts": "customer_id,since\nann,2024-01-01\n",
}
ENDINGS = (".csv", ".csv.gz", ".csv.zst", ".parquet")


def packed(text, ending):
    if ending == ".parquet":
        file = io.BytesIO()
        pl.read_csv(text.encode(), infer_schema=False).write_parquet(file)
        return file.getvalue()
    data = text.encode()
    if ending == ".csv.gz":
        return gzip.compress(data, mtime=0)
    return pa.compress(data, codec="zstd", asbytes=True) if ending == ".csv.zst" else data


def stored(target, path, faces):
    store = DuckDBWarehouse(threads=1)
    try:
        done = import_table(store, target, path, faces_folder=faces, config=Config(), key=KEY)
        assert done.rows_in == done.rows_kept + done.rows_duplicate + done.rows_rejected
        return store.read(target).rows(), (done.rows_in, done.rows_kept), store.read("sources")["path"].item()
    finally:
        store.close()


@pytest.mark.parametrize("target", sorted(TABLES))
def test_a_name_is_never_a_pattern(tmp_path, target):
    for ending in (".csv", ".parquet"):
        content = packed(TABLES[target], ending)
        other = packed(TABLES[target].replace("ann", "eve").replace("o1", "o9").replace("35", "36"), ending)
        plain = tmp_path / f"plain{ending}"
        plain.write_bytes(content)
        wanted = stored(target, plain, tmp_path / "faces")[:2]
        files = oddnames.FILES[:: 1 if target == "customers" else 6]
        places = [tmp_path / "files" / f"{name}{ending}" for name in files]
        places += [tmp_path / name / f"day[1]{ending}" for name in oddnames.FOLDERS]
        for path in places:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            oddnames.decoys(path.parent, ending, other)
            *found, name = stored(target, path, tmp_path / "faces")
            assert tuple(found) == wanted, path
            assert name.isprintable()
            if path.name.isprintable():
                assert name == path.name


def test_tables_without_a_workspace_are_read_by_name(tmp_path):
    text = "arm,v\na,1\nb,2\n"
    for ending in ENDINGS:
        for name in oddnames.FILES:
            path = tmp_path / f"{name}{ending}"
            path.write_bytes(packed(text, ending))
            oddnames.decoys(tmp_path, ending, packed("arm,v\nz,9\n", ending))
            assert plaintable.read(path).select("arm", pl.col("v").cast(int)).rows() == [("a", 1), ("b", 2)], path
    for folder in oddnames.FOLDERS:
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "arm=z.parquet"
        path.write_bytes(packed(text, ".parquet"))
        assert plaintable.read(path)["arm"].to_list() == ["a", "b"]


def test_events_of_an_experiment_are_read_by_name(tmp_path):
    space = engine.create(tmp_path / "w[1]", ads__arms="own_face,no_face")
    (tmp_path / "c.csv").write_text("customer_id\nann\nbob\ncat\ndan\n")
    engine.import_table(space, "customers", tmp_path / "c.csv")
    experiment_design.design(space, "e", arms={"own_face": 0.5, "no_ad": 0.5}, metric="value")
    (tmp_path / "e1.csv").write_text("customer_id,at,value\nann,2024-01-01,1\n")
    for name in ("e[1]", "kind=data", "*"):
        path = tmp_path / f"{name}.csv"
        path.write_text("customer_id,at,value\nnobody,2024-01-01,1\n")
        with pytest.raises(InputError, match="not one row belongs"):
            experiment_events.import_events(space, "e", "outcomes", path)


def test_photos_may_be_called_anything(tmp_path):
    folder = tmp_path / "a[1]"
    folder.mkdir()
    names = [name for name in oddnames.FILES if not name.startswith(".")]
    for number, name in enumerate(names):
        (folder / f"{name}.jpg").write_bytes(jpeg(number))
    store = DuckDBWarehouse(threads=1)
    done = import_table(store, "inventory", folder, faces_folder=tmp_path / "faces", config=Config(), key=KEY)
    assert done.rows_in == len(names)
    assert done.rows_rejected == 1  # the one that is no UTF-8
    assert set(store.read("inventory")["photo_id"]) == {name for name in names if "\udce9" not in name}
    store.close()


def test_a_workspace_where_the_database_would_lose_its_log_is_refused(tmp_path):
    for name in ("why?", os.fsdecode(b"\xff")):
        with pytest.raises(engine.errors.EngineError, match="cannot lie in"):
            engine.create(tmp_path / name)
    space = engine.create(tmp_path / "kind=data" / "a[1]*{b}")
    (tmp_path / "c.csv").write_text(TABLES["customers"])
    assert engine.import_table(space, "customers", tmp_path / "c.csv").rows_kept == 2


# ---- bounds


def test_a_table_has_a_thousand_columns(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text("customer_id" + "".join(f",c{i}" for i in range(1000)) + "\nann" + ",1" * 1000 + "\n")
    with pytest.raises(InputError, match="has 1,001 columns"):
        stored("customers", path, tmp_path)
    with pytest.raises(InputError, match="has 1,001 columns"):
        plaintable.read(path)
    store = DuckDBWarehouse(threads=1)
    for first in (0, 500):
        names = [f"c{i}" for i in range(first, first + 499)]
        path.write_text(",".join(["customer_id", *names]) + "\nann" + ",1" * 499 + "\n")
        shared = {"faces_folder": tmp_path, "config": Config(), "key": KEY}
        if not first:
            import_table(store, "customers", path, **shared)
        else:  # with those that are there already
            with pytest.raises(InputError, match=r"has 1,00\d columns, more than 1,000"):
                import_table(store, "customers", path, **shared)
    assert store.count("customers") == 1
    store.close()


@pytest.mark.parametrize("ending", ENDINGS)
def test_more_rows_than_memory_is_for_are_refused(tmp_path, ending):
    text = "customer_id,age\n" + "".join(f"c{i},30\n" for i in range(20_000))
    path = tmp_path / f"t{ending}"
    path.write_bytes(packed(text, ending))
    store = DuckDBWarehouse(threads=1, memory="8MB")
    with pytest.raises(InputError, match="need more memory than the 8 MB"):
        import_table(store, "customers", path, faces_folder=tmp_path, config=Config(), key=KEY)
    assert store.counts() == dict.fromkeys(store.counts(), 0)
    store.close()
    assert reading.read_text(path, memory=MEMORY)[2] == 20_000


def test_a_text_that_stands_in_every_row_counts_in_each(tmp_path):
    path = tmp_path / "t.parquet"
    long = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), pa.array(["x" * 100_000]))
    pq.write_table(pa.table({"customer_id": [f"c{i}" for i in range(100_000)], "plan": long}), path)
    assert path.stat().st_size < 1 << 20
    with pytest.raises(InputError, match="need more memory"):
        reading.read_text(path, memory=MEMORY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plaintable, "_most", lambda: MEMORY)
        with pytest.raises(InputError, match="takes more than 1,074 MB"):
            plaintable.read(path)


@pytest.mark.parametrize(
    ("column", "says"),
    [
        (pa.array([["x"]]), "list<"),
        (pa.array([{"x": 1}]), "struct<"),
        (pa.array([b"1234"], pa.binary(4)), "fixed_size_binary"),
        (pa.array([b"\xff"]), "not a readable Parquet file"),
    ],
)
def test_odd_types_are_refused(tmp_path, column, says):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"customer_id": ["ann"], "plan": column}), path)
    for read in (plaintable.read, lambda path: stored("customers", path, tmp_path)):
        with pytest.raises(InputError, match=says):
            read(path)


def test_plain_types_are_read_as_before(tmp_path):
    columns = {
        "i": pa.array([1, None]), "f": pa.array([1.5, None]), "b": pa.array([True, None]), "n": pa.nulls(2),
        "d": pa.array([0, 1], pa.date32()), "t": pa.array([0, 1], pa.timestamp("us")), "s": pa.array(["x", " "]),
        "z": pa.array([0, 1], pa.timestamp("us", "UTC")), "y": pa.array([b"x", None]),
        "k": pa.array(["u", "v"]).dictionary_encode(), "e": pa.array([5, None], pa.duration("s")),
        "m": pa.array([0, 1], pa.time32("ms")),
    }  # fmt: skip
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table(columns), path)
    frame, _, total = reading.read_text(path, memory=MEMORY)
    assert total == 2
    assert frame.row(0, named=True) == {
        "__row": 1, "i": "1", "f": "1.5", "b": "true", "n": None, "d": "1970-01-01", "t": "1970-01-01 00:00:00",
        "s": "x", "z": "1970-01-01 00:00:00+00:00", "y": "x", "k": "u", "e": "5", "m": "00:00:00",
    }  # fmt: skip
    assert frame.row(1, named=True)["s"] is None


cells = st.text(st.sampled_from('ab "\n\r;é日'), max_size=6)


@settings(max_examples=150)
@example(  # a line break of two characters within quotes, cut by a block's end
    rows=[["", ";"], ["", ';;;;;"'], [";", ";;;"], [";;", ";é"], [";;", ";é"], ["", ";;\r\n;"]], tail="", garbage=b"",
    block=5, held=1, packing=False,
)  # fmt: skip
@example(  # semicolons within a cell would make more columns than the commas do
    rows=[["", "\n;;a"]], tail="", garbage=b"", block=1, held=1, packing=False,
)  # fmt: skip
@given(
    rows=st.lists(st.lists(cells, min_size=2, max_size=2), max_size=12), tail=st.sampled_from(["", "\n"]),
    garbage=st.sampled_from([b"", b"\xff", b"\xc3", b"x,y,z\n", b'"open']), block=st.integers(1, 90),
    held=st.integers(1, 9), packing=st.booleans(),
)  # fmt: skip
def test_pieces_of_a_table_are_the_table(tmp_path_factory, rows, tail, garbage, block, held, packing):
    """Oracle: the same reader with everything in one piece, and Python's csv for what is clean."""
    assume(rows or tail)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([["customer_id", "plan"], *rows])
    path = tmp_path_factory.mktemp("pieces") / "t"
    data = text.getvalue().removesuffix("\n").encode() + tail.encode() + (b"\n" + garbage if garbage else b"")
    path.write_bytes(gzip.compress(data) if packing else data)

    def read():
        frame, broken, total = reading.read_text(path, memory=MEMORY)
        return frame.rows(), broken.rows(), total

    whole = read()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(textfile, "_BLOCK", block)
        patch.setattr(forms_rows, "_HELD", held)
        assert read() == whole
    if not garbage and not any("\r" in cell for row in rows for cell in row):
        assert whole == (
            [(n, *(cell.strip() or None for cell in row)) for n, row in enumerate(rows, 1)], [], len(rows)
        )  # fmt: skip


def test_a_row_has_an_end(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('customer_id,plan\nann,"' + "x" * (5 * textfile.LINE) + '"\n')
    with pytest.raises(InputError, match="longer than 2 MB"):
        stored("customers", path, tmp_path)
    path.write_text('customer_id,plan\nann,"' + "x" * (textfile.LINE - 9) + '"\n')
    assert len(stored("customers", path, tmp_path)[0]) == 1


def test_a_cut_archive_of_a_table_without_a_workspace_is_refused(tmp_path):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(os.urandom(1000).hex().encode() + b"\na,b\n1,2\n")[:-20])
    with pytest.raises(InputError, match="archive"):
        plaintable.read(path)
