"""What a table from outside may have above, below and between its rows; and what is refused, with what to do."""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile
from datetime import datetime, time, timedelta
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import forms, plaintable
from engine.config import Config, Ids
from engine.errors import InputError
from engine.forms import dialect, encodings
from engine.forms.dialect import Dialect
from engine.intake import reading
from engine.logs.importer import import_logs
from engine.warehouse.duckdb import DuckDBWarehouse

HEAD = "caller,callee,started_at,duration_s\n"
ROWS = "A,B,2024-01-15 10:00:00,60\nB,A,2024-01-16 10:00:00,70\n"
PLAIN = [("A", "B", "2024-01-15 10:00:00", "60"), ("B", "A", "2024-01-16 10:00:00", "70")]
SWAP = str.maketrans(",", "^")


def opened(path: Path, data: bytes | str, **options):
    """Rows, broken rows, notes."""
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    with forms.plain(path, **options) as form:
        layout = form.layout()
        frame = pl.concat(form.rows(layout))
        good = frame.filter(pl.col(forms.PROBLEM).is_null()).select(layout.names)
        return layout.names, good.rows(), frame[forms.PROBLEM].drop_nulls().to_list(), dict(form.notes)


FOUR = {
    "clean": (HEAD + ROWS, {}),
    "caret": ((HEAD + ROWS).translate(SWAP), {}),
    "two bars": ((HEAD + ROWS).replace(",", "||"), {}),
    "unit separator": ((HEAD + ROWS).replace(",", "\x1f"), {}),
    "aligned by spaces": ((HEAD + ROWS).replace(",", "   "), {}),
    "sep line": ("sep=;\n" + (HEAD + ROWS).replace(",", ";"), {"preamble_lines": 1}),
    "preamble": ("Call report\nGenerated,2024-02-01\n\n" + HEAD + ROWS, {"preamble_lines": 3}),
    "padded preamble": ("Call report,,,\nGenerated,2024-02-01,,\n" + HEAD + ROWS, {"preamble_lines": 2}),
    "comments": ("# exported by x\n# on a day, at a time, in a place, by a man\n" + HEAD + ROWS, {"preamble_lines": 2}),
    "the header is a comment": ("#" + HEAD + ROWS, {}),
    "blank lines": ("\n\n" + HEAD + ROWS.replace("\n", "\n\n"), {"preamble_lines": 2}),
    "total": (HEAD + ROWS + "\nTotal,2,,130\n", {"footer_lines": 1}),
    "count of rows": (HEAD + ROWS + "\n(2 rows)\n", {"footer_lines": 1}),
    "end mark": (HEAD + ROWS + "--- End of report ---\n", {"footer_lines": 1}),
    "rows of blanks": (HEAD + ROWS.replace("\n", "\n , ,, \n", 1) + ",,,\n , , ,\n", {}),
    "psql": (
        " caller | callee | started_at | duration_s \n--------+--------+------------+------------\n"
        + ROWS.replace(",", " | ") + "(2 rows)\n", {"type_rows": 1, "footer_lines": 1},
    ),
    "types of SQL": (HEAD + "VARCHAR(50),VARCHAR(50),TIMESTAMP,INTEGER\n" + ROWS, {"type_rows": 1}),
    "header again": (HEAD + ROWS.replace("\n", "\n" + HEAD, 1), {"repeated_headers": 1}),
    "CR": ((HEAD + ROWS).replace("\n", "\r"), {}),
    "CRCRLF": ((HEAD + ROWS).replace("\n", "\r\r\n"), {}),
    "mixed ends": (HEAD.replace("\n", "\r\n") + ROWS.replace("\n", "\r", 1), {}),
    "no end": (HEAD + ROWS[:-1], {"no_final_line_end": 1}),
    "delimiters at the end": ((HEAD + ROWS).replace("\n", ",\n"), {}),
    "delimiters at the rows' end": (HEAD + ROWS.replace("\n", ",,\n"), {}),
    "single quotes": (HEAD + "".join("'" + r.replace(",", "','") + "'\n" for r in ROWS.splitlines()), {}),
    "spaces": ((HEAD + ROWS).replace(",", " , "), {}),
    "NUL at a value's end": (HEAD + ROWS.replace("A,", "A\0\0,"), {"nul_bytes": 4}),
    "quoted header": ('"caller","callee","started_at","duration_s"\n' + ROWS, {}),
}  # fmt: skip


@pytest.mark.parametrize("case", sorted(FOUR))
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_what_stands_around_rows(tmp_path, case, encoding):
    content, notes = FOUR[case]
    names, rows, broken, found = opened(tmp_path / "t", content.encode(encoding))
    assert (names, rows, broken, found) == (tuple(HEAD.strip().split(",")), PLAIN, [], notes)


@pytest.mark.parametrize("case", sorted(FOUR))
def test_call_records_get_the_same(tmp_path, case):
    path = tmp_path / "t.csv"
    path.write_text(FOUR[case][0], newline="")
    store = DuckDBWarehouse(threads=1)
    done = import_logs(store, [path], config=Config(ids=Ids(pseudonymise="none")), key=bytes(32))[0]
    assert (done.rows_in, done.rows_kept) == (2, 2)
    assert store.read("events")["duration_s"].to_list() == [60, 70]
    assert {k: v for k, v in done.details.items() if k in FOUR[case][1]} == FOUR[case][1]
    store.close()


def test_what_is_no_row_is_kept_as_such(tmp_path):
    for line in ("A,B", "A,B,2024-01-15,60,E", '"A,B,C,D', '"A"x,B,C,D', "A\0B,C,D,E"):
        _, rows, broken, _ = opened(tmp_path / "t", HEAD + ROWS[:27] + line + "\n" + ROWS[27:])
        assert (rows, len(broken)) == (PLAIN, 1), line
    _, rows, broken, notes = opened(tmp_path / "t", HEAD + "Total,1,2,3\n" + ROWS)
    assert (len(rows), broken, notes) == (3, [], {})  # as wide as the header and full: a row


def test_a_stray_quote_costs_its_own_line(tmp_path):
    rows = [f"a{i},b{i},2024-01-01,{i}" for i in range(300)]
    rows[10] = 'a10,"b10,2024-01-01,10'
    rows[200] = 'a200,b200",2024-01-01,200'
    _, found, broken, _ = opened(tmp_path / "t", HEAD + "\n".join(rows) + "\n")
    assert (len(found), broken) == (299, ["wrong_columns"])
    assert found[199][:2] == ("a200", 'b200"')
    two = [*rows[:9], rows[10], 'a11,b",2024-01-01,11', *rows[11:20]]  # which is meant, nobody knows
    _, found, broken, _ = opened(tmp_path / "t", HEAD + "\n".join(two) + "\n")
    assert (len(found), broken) == (18, ["wrong_columns"] * 2)


def test_quotes_and_line_breaks(tmp_path):
    text = 'key,"the\nnote"\n1,"a ""b""\n,;c"\n2,"say \\"hi\\", ok"\n3,5" pipe\n4,x "y" z\n'
    names, rows, broken, _ = opened(tmp_path / "t", text)
    assert (names, broken) == (("key", "the note"), [])
    assert rows == [("1", 'a "b"\n,;c'), ("2", 'say "hi", ok'), ("3", '5" pipe'), ("4", 'x "y" z')]


def test_an_archive_that_is_cut_keeps_what_it_holds(tmp_path):
    data = gzip.compress((HEAD + ROWS * 2000).encode(), 0)
    _, rows, broken, notes = opened(tmp_path / "t", data[: len(data) // 2])
    assert (len(broken), notes) == (1, {"cut_short": 1})  # its last line may be a part of one
    assert len(rows) > 1500
    data = bz2.compress((HEAD + "".join(f"{i}{i * i},{i},x,{i}\n" for i in range(200_000))).encode())
    _, rows, _, notes = opened(tmp_path / "t", data[: len(data) * 9 // 10])
    assert notes == {"cut_short": 1}
    assert len(rows) > 1000


@settings(max_examples=200)
@given(
    text=st.text(st.sampled_from("ab ,;\"'\\\n|"), max_size=30),
    written=st.sampled_from(
        [
            Dialect(), Dialect(";"), Dialect(quote="'"), Dialect(backslash=True),
            Dialect("\x1f", swap=r"\|\|", restore="||"), Dialect("\x1f", swap=r"[ \t]+", restore=" "),
        ]
    ),
)  # fmt: skip
def test_lines_split_alike_alone_and_in_bulk(text, written):
    from engine.forms import rows

    lines = text.split("\n")
    flat, start, count, good = rows._split(pl.Series(lines), written)
    for number, line in enumerate(lines):
        alone = written.split(line)
        assert bool(good[number]) == (alone is not None), line
        if alone is not None:
            assert flat[int(start[number]) : int(start[number] + count[number])].to_list() == alone


# ---- encodings


TOWNS = {
    "cp1250": "Győr;Pécs;Székesfehérvár;Łódź;Kraków", "cp1252": "Málaga;Coruña;Besançon;Nîmes;Köln",
    "cp1251": "Москва;Новосибирск;Казань;Ростов", "cp1254": "İstanbul;Şişli;Beyoğlu;Eskişehir",
    "gb18030": "北京市;上海市;广州市;朝阳区", "shift_jis": "東京都;大阪府;千代田区",
    "cp1253": "Αθήνα;Θεσσαλονίκη;Πάτρα", "euc_kr": "서울특별시;부산광역시", "koi8_r": "Москва;Новосибирск;Казань",
}  # fmt: skip


@pytest.mark.parametrize("encoding", sorted(TOWNS))
@pytest.mark.parametrize("late", [False, True])
def test_an_encoding_is_found_or_given(tmp_path, encoding, late):
    towns = TOWNS[encoding].split(";")
    lines = [*["Aaa"] * (20_000 if late else 1), *towns]
    data = ("key,town\n" + "".join(f"{i},{town}\n" for i, town in enumerate(lines))).encode(encoding)
    for given_ in (None, encoding):
        _, rows, broken, _ = opened(tmp_path / "t", data, encoding=given_)
        assert not broken
        assert [row[1] for row in rows[-len(towns) :]] == towns
    with forms.plain(tmp_path / "t") as form:
        list(form.rows(form.layout()))
        assert "--encoding" in form.told


def test_bytes_that_are_no_words_are_damage(tmp_path):
    _, rows, broken, _ = opened(tmp_path / "t", (HEAD + ROWS).encode() + b"1\xff2,B,x,1\n3\xe94,B,x,1\n")
    assert (rows, broken) == (PLAIN, ["not_utf8"] * 2)
    with pytest.raises(InputError, match="no encoding 'utf-99'"):
        encodings.known("utf-99")


# ---- forms that are no text


def book(path: Path, fill, sheets=("S",)) -> Path:
    with xlsxwriter.Workbook(path) as made:
        for name in sheets:
            fill(made, made.add_worksheet(name))
    return path


def test_a_workbook_keeps_digits_days_and_times(tmp_path):
    def fill(made, sheet):
        sheet.write_row(0, 0, ["id", "at", "day", "talk", "long", "sum", "n"])
        for row in (1, 2):
            sheet.write_number(row, 0, 346001112223334)
            sheet.write_datetime(row, 1, datetime(2024, 1, 15, 10, 0, row), made.add_format({"num_format": "yyyy hh"}))
            sheet.write_datetime(row, 2, datetime(2024, 1, 15), made.add_format({"num_format": "d.m.yy"}))
            sheet.write_datetime(row, 3, time(0, 1, 30), made.add_format({"num_format": "hh:mm:ss"}))
            sheet.write_datetime(row, 4, timedelta(hours=36), made.add_format({"num_format": "[h]:mm:ss"}))
            sheet.write_formula(row, 5, "=1+1", value=2)
            sheet.write_number(row, 6, 60.5)
        sheet.write_formula(2, 6, "=1/0", value="#DIV/0!")
        sheet.write_row(4, 0, ["Total", 2])

    path = book(tmp_path / "t.xlsx", fill)
    with forms.plain(path) as form:
        frame = pl.concat(form.rows(form.layout()))
        assert frame.rows()[0][:7] == (
            "346001112223334", "2024-01-15 10:00:01", "2024-01-15", "00:01:30", "36:00:00", "2", "60.5",
        )  # fmt: skip
        assert frame[forms.PROBLEM].to_list() == [None, "wrong_columns"]
        assert frame[forms.LINE][1] == "#DIV/0! in G3"
        assert form.notes == {"footer_lines": 1}


def test_a_workbook_of_several_sheets_is_asked_about(tmp_path):
    path = book(tmp_path / "t.xlsx", lambda _, sheet: sheet.write_row(0, 0, ["a", sheet.get_name()]), ("X", "Y"))
    with pytest.raises(InputError, match=r"several sheets.*--sheet: 'X', 'Y'"), forms.plain(path):
        pass
    for name in ("Y", "2"):
        with forms.plain(path, sheet=name) as form:
            assert form.layout().names == ("a", "Y")
    with pytest.raises(InputError, match=r"no sheet 'Z'.*'X', 'Y'"), forms.plain(path, sheet="Z"):
        pass


def test_a_formula_without_a_value_is_refused(tmp_path):
    path = book(tmp_path / "t.xlsx", lambda _, sheet: sheet.write_formula(1, 1, "=A1", value=7) or sheet.write(0, 0, 1))
    old = zipfile.ZipFile(path)
    for said in (b"", b"<v></v>"):
        with zipfile.ZipFile(tmp_path / "n.xlsx", "w") as new:
            for name in old.namelist():
                new.writestr(name, old.read(name).replace(b"<v>7</v>", said))
        with pytest.raises(InputError, match="cell B2 holds a formula whose value"), forms.plain(tmp_path / "n.xlsx"):
            pass


def test_archives_and_folders_are_one_table(tmp_path):
    def archive(**files) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as made:
            for name, text in files.items():
                made.writestr(name, text)
        return file.getvalue()

    both = archive(b=HEAD + ROWS[27:], a=HEAD + ROWS[:27], __MACOSX="")
    assert opened(tmp_path / "t", both)[1:] == (PLAIN, [], {"files": 2})
    with pytest.raises(InputError, match="different columns: b differs from a in callee, z"):
        opened(tmp_path / "t", archive(a=HEAD + ROWS, b=HEAD.replace("callee", "z") + ROWS))
    for day, row in enumerate(PLAIN):
        folder = tmp_path / "hive" / f"day=2024-01-{day + 1:02d}"
        folder.mkdir(parents=True)
        pq.write_table(pa.table({"a": [row[0]], "n": [day]}), folder / "part-0.parquet")
        (folder / "_SUCCESS").touch()
    with forms.plain(tmp_path / "hive") as form:
        layout = form.layout()
        assert layout.names == ("a", "n", "day")
        assert pl.concat(form.rows(layout))["a", "n", "day"].rows() == [
            ("A", "0", "2024-01-01"), ("B", "1", "2024-01-02"),
        ]  # fmt: skip
    with forms.plain(tmp_path / "hive" / "day=2024-01-01" / "part-0.parquet") as form:
        assert form.layout().names == ("a", "n")


def test_types_of_parquet_read_as_their_texts(tmp_path):
    path = tmp_path / "t.parquet"
    columns = {
        "f": (pa.array([34600111222.0, None]), "34600111222"), "g": (pa.array([1.5, 2.0]), "1.5"),
        "t": (pa.array([time(0, 1, 30), None], pa.time32("ms")), "00:01:30"),
        "d": (pa.array([timedelta(seconds=90, milliseconds=500), None], pa.duration("ns")), "90.5"),
        "n": (pa.array([datetime(2024, 1, 15, 10), None], pa.timestamp("ns")), "2024-01-15 10:00:00"),
        "z": (pa.array([datetime(2024, 1, 15, 10), None], pa.timestamp("us", "UTC")), "2024-01-15 10:00:00+00:00"),
        "b": (pa.array([True, None]), "true"), "y": (pa.array([b"x", None]), "x"),
        "u": (pa.array([b"\x01" * 16, None], pa.uuid()), "01010101-0101-0101-0101-010101010101"),
    }  # fmt: skip
    pq.write_table(pa.table({name: column for name, (column, _) in columns.items()}), path)
    with forms.plain(path) as form:
        frame = pl.concat(form.rows(form.layout()))
    assert frame.row(0)[: len(columns)] == tuple(text for _, text in columns.values())
    pq.write_table(pa.table({"a": [["x"]]}), path)
    with pytest.raises(InputError, match="list<"), forms.plain(path) as form:
        list(form.rows(form.layout()))


def test_messages_of_a_phone_have_a_column_for_their_element(tmp_path):
    text = '<smses><sms a="1" b="x&#10;y"/><mms a="2" c="3"><parts><part k="v" l="w"/></parts></mms></smses>'
    names, rows, _, _ = opened(tmp_path / "t", text)
    assert names == ("element", "a", "b", "c")
    assert rows == [("sms", "1", "x\ny", None), ("mms", "2", None, "3")]


def test_objects_and_elements_within_others(tmp_path):
    rows = ",".join(f'{{"a": {i}, "b": {{"c": "{"x" * 50}"}}}}' for i in range(50_000))  # more than a row may have
    for content in (rows[: rows.index("},{") + 1], rows):
        names, found, broken, _ = opened(tmp_path / "t", f'{{"n": "z", "calls": [{content}], "end": null}}')
        assert (names, broken, found[0]) == (("a", "b.c"), [], ("0", "x" * 50))
    assert len(found) == 50_000
    _, found, broken, _ = opened(tmp_path / "t", '{"a": 1, "a": 2}\n{"a": 12345678901234567890.50}\n{"a": [1, 2]}')
    assert (found, len(broken)) == ([("12345678901234567890.50",)], 2)
    text = "<r><call k='1'><to><n>2</n></to><d u='s'>6</d></call><call k='3'><d>1</d><d>2</d></call></r>"
    names, found, broken, _ = opened(tmp_path / "t", text)
    assert (names, found, len(broken)) == (("k", "to.n", "d"), [("1", "2", "6")], 1)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old Office file.*save it as"),
        (b"%PDF-1.4", "is a PDF"),
        (b"Rar!\x1a\x07", "RAR archive"),
        (b"7z\xbc\xaf\x27\x1c..", "7z archive"),
        (b"<html><table><tr><td>a</td></tr></table>", "web page"),
        (b"SQLite format 3\0", "SQLite"),
        (b"PK\x03\x04junk", "damaged zip"),
        (gzip.compress(b"PAR1xxxx", mtime=0), "compressed twice"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(range(256)), "not UTF-8|no text file"),
        (b"[]", "no rows"),
        (b'{"a":', "ends within a row"),
        (b"<a><b", "not complete XML"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a><b c="&x;" d="1"/></a>', "entities"),
        ((HEAD + ROWS).replace("callee", "caller").encode(), "no refusal"),
    ],
)
def test_what_is_no_table_is_named(tmp_path, data, says):
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    if says == "no refusal":  # until the column that stands twice is asked for
        with forms.plain(path) as form, pytest.raises(InputError, match="occurs twice"):
            forms.named(form.layout(), ["caller"], path)
        return
    with pytest.raises(InputError, match=says), forms.plain(path) as form:
        list(form.rows(form.layout()))


def test_tables_without_a_workspace_and_with_one_get_the_same(tmp_path):
    path = tmp_path / "t"
    path.write_bytes(("A report\n\narm;n;x;ok\na;1;1,5;true\nb;2;2;FALSE\nTotal;;3;\n").encode("utf-16"))
    frame = plaintable.read(path)
    assert frame.rows() == [("a", 1, "1,5", True), ("b", 2, "2", False)]
    assert reading.read_text(path, memory=1 << 30)[0].rows() == [
        (1, "a", "1", "1,5", "true"),
        (2, "b", "2", "2", "FALSE"),
    ]


def test_a_header_is_never_taken_for_a_footer_nor_a_row(tmp_path):
    assert dialect.find(["total,sum", "1,2", ""]).header == ("total", "sum")
    assert dialect.find(["customer_id,since", "a,2024-02-01,x", ""]).header == ("customer_id", "since")
    _, rows, _, notes = opened(tmp_path / "t", "total,sum\n1,2\nTotal,9\n")
    assert (rows, notes) == ([("1", "2"), ("Total", "9")], {})


@pytest.mark.parametrize("name", ["*", "^.*$"])
def test_a_column_called_like_a_pattern_is_refused(tmp_path, name):
    path = tmp_path / "calls.csv"
    path.write_text(f"caller,callee,started_at,duration_s,{name}\n,,,,\n")
    with forms.plain(path) as form, pytest.raises(InputError, match="stands for several columns"):
        list(form.rows(form.layout()))
