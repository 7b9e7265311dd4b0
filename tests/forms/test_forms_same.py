"""The same table in every form: drawn rows are written each way, and read back as the texts that were drawn."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine import forms
from engine.forms import rows as forms_rows
from engine.forms import textfile

NAMES = ("key", "plan name", "größe")
# What makes trouble in one form or another; ends of values are no spaces, for those are not kept.
LETTERS = "aZ09 ,;|\t^~'\"\n.-+:/=#&<>\\é日ő"
CELLS = (
    st.text(st.sampled_from(LETTERS), max_size=9).map(str.strip)
    | st.sampled_from(
        ["346001112223334", "0036", "2024-01-15 10:00:00", "2024-01-15", "1,5", "60.5", "1.234,5", "true"]
    )
    | st.integers(0, 10**15).map(str)
)
TABLES = st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=12).map(
    lambda rows: [(f"r{number}", *row) for number, row in enumerate(rows)]
)


def read(path: Path, **options: object) -> list[tuple[str | None, ...]]:
    with forms.plain(path, **options) as form:
        layout = form.layout()
        assert layout.names == NAMES, layout.names
        frames = list(form.rows(layout))
        assert sum(frame[forms.PROBLEM].count() for frame in frames) == 0, frames
        return [tuple(v.strip() if v else v for v in row[:3]) for frame in frames for row in frame.rows()]


def wanted(rows: list[tuple[str, ...]]) -> list[tuple[str | None, ...]]:
    return [tuple(value or None for value in row) for row in rows]


def text(rows, delimiter=",", end="\n", quoting=csv.QUOTE_MINIMAL) -> str:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows([NAMES, *rows])
    return file.getvalue()


def packed(rows, ending: str, content: str) -> bytes:
    data = content.encode()
    if ending == ".gz":  # in two members
        return gzip.compress(data[:20], mtime=0) + gzip.compress(data[20:], mtime=0)
    if ending == ".bz2":
        return bz2.compress(data[:20]) + bz2.compress(data[20:])
    if ending == ".zst":
        return pa.compress(data, codec="zstd", asbytes=True)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/t.csv", data)
    return file.getvalue()


def workbook(path: Path, rows, above: int) -> None:
    with xlsxwriter.Workbook(path, {"strings_to_numbers": False, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("rows")
        book.add_worksheet("empty")
        if above:
            sheet.write_string(0, 0, "A report")
        for number, row in enumerate([NAMES, *rows]):
            for place, value in enumerate(row):
                if value.isascii() and value.isdigit() and str(int(value)) == value:
                    sheet.write_number(above + number, place, int(value))
                elif value:
                    sheet.write_string(above + number, place, value)


@settings(max_examples=120)
@example(rows=[("r0", "a\nb", "")], delimiter=";", end="\r\n", encoding="utf-16", quoting=csv.QUOTE_ALL, block=3)
@given(
    rows=TABLES, delimiter=st.sampled_from(",;\t|^~"), end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), block=st.integers(1, 200),
)  # fmt: skip
def test_text_however_it_is_written(tmp_path_factory, rows, delimiter, end, encoding, quoting, block):
    path = tmp_path_factory.mktemp("same") / "t"
    path.write_bytes(text(rows, delimiter, end, quoting).encode(encoding))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(textfile, "_BLOCK", block)
        patch.setattr(forms_rows, "_HELD", 2)
        assert read(path) == wanted(rows)


@settings(max_examples=40)
@given(rows=TABLES, ending=st.sampled_from([".gz", ".bz2", ".zst", ".zip"]))
def test_packed(tmp_path_factory, rows, ending):
    path = tmp_path_factory.mktemp("same") / "t"
    path.write_bytes(packed(rows, ending, text(rows)))
    assert read(path) == wanted(rows)


@settings(max_examples=40)
@given(rows=TABLES, lines=st.booleans(), encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_json(tmp_path_factory, rows, lines, encoding):
    path = tmp_path_factory.mktemp("same") / "t"
    objects = [dict(zip(NAMES, row, strict=True)) for row in rows]
    content = "\n".join(json.dumps(o, ensure_ascii=False) for o in objects) if lines else json.dumps(objects, indent=1)
    path.write_bytes(content.encode(encoding))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(textfile, "_BLOCK", 11)
        assert read(path) == wanted(rows)


@settings(max_examples=40)
@given(rows=TABLES, attributes=st.booleans())
def test_xml(tmp_path_factory, rows, attributes):
    path = tmp_path_factory.mktemp("same") / "t"
    names = ("key", "plan", "size")

    def element(row) -> str:
        if attributes:
            quoted = (escape(v, {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"}) for v in row)
            return "<row " + " ".join(f'{n}="{v}"' for n, v in zip(names, quoted, strict=True)) + "/>"
        return "<row>" + "".join(f"<{n}>{escape(v)}</{n}>" for n, v in zip(names, row, strict=True)) + "</row>"

    rows = [("r", "a", "b"), *rows]
    path.write_text(f"<?xml version='1.0'?><rows>{''.join(map(element, rows))}</rows>")
    with forms.plain(path) as form:
        layout = form.layout()
        assert layout.names == names
        found = pl.concat(form.rows(layout)).select(names).rows()
    assert found == wanted(rows)


@settings(max_examples=25)
@given(rows=TABLES, above=st.sampled_from([0, 2]))
def test_workbook(tmp_path_factory, rows, above):
    path = tmp_path_factory.mktemp("same") / "t"
    workbook(path, rows, above)
    assert read(path) == wanted(rows)


@settings(max_examples=25)
@given(rows=TABLES)
def test_parquet(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("same") / "t"
    pq.write_table(pa.table({name: [row[i] for row in rows] for i, name in enumerate(NAMES)}), path)
    assert read(path) == wanted(rows)


@settings(max_examples=40)
@given(rows=TABLES, cut=st.integers(1, 200), careful=st.booleans())
def test_a_copy_holds_the_same(tmp_path_factory, rows, cut, careful):
    """What the fast readers get: the file itself, or a Parquet file of the texts, that nobody finds by name."""
    folder = tmp_path_factory.mktemp("same")
    path = folder / "t"
    path.write_text(text(rows))
    with forms.plain(path, folder=folder / "scratch") as form:
        layout = form.ready(form.layout(), ["größe", "key"], careful=careful)
        if careful:
            assert not list((folder / "scratch").iterdir())
        if layout.packing:
            found = pl.from_arrow(pq.read_table(layout.path)).select("größe", "key").rows()
            assert found == [(row[2] or None, row[0]) for row in rows]
        else:
            assert layout.path == path
            assert not careful
