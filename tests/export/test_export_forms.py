"""Forms that senders take: workbooks, CSV for Excel, names of columns, addresses of creatives, audience lists."""

from __future__ import annotations

import io
import zipfile
from hashlib import sha256

import fastexcel
import polars as pl
import pytest
from typer.testing import CliRunner

from cli.main import app
from engine.errors import InputError
from engine.export import audience, export, rows
from engine.export.form import Form
from tests.export.sender_data import crm, lines, number


def written(frame: pl.DataFrame, **form) -> bytes:
    file = io.BytesIO()
    assert rows.write(file, iter([frame.to_arrow()]), Form(**form)) == frame.height
    return file.getvalue()


def test_a_workbook_keeps_texts_as_texts_and_is_the_same_twice():
    texts = ["=1+1", "36201234567890123", "00171", "http://x.example", "+36201234567", "{=1}", "@x", "a\x01b", None]
    frame = pl.DataFrame({"=id": texts, "n": [*range(7), 2**60, 8], "f": [0.5] * 8 + [float("nan")]})
    book = written(frame, format="xlsx")
    assert book == written(frame, format="xlsx")
    sheet = zipfile.ZipFile(io.BytesIO(book)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "hyperlink" not in sheet
    back = fastexcel.read_excel(book).load_sheet(0, dtypes="string").to_polars()
    assert back.columns == ["=id", "n", "f"] and back["=id"].to_list() == texts
    assert back["n"].to_list() == [*map(str, range(7)), str(2**60), "8"]
    assert back["f"].to_list() == ["0.5"] * 8 + [None]


def test_a_workbook_refuses_what_it_would_lose():
    with pytest.raises(InputError, match="a cell holds 32,767 letters"):
        written(pl.DataFrame({"a": ["😀" * 16_384]}), format="xlsx")
    with pytest.raises(InputError, match=r"1,048,575 rows.*--shard-rows"):
        written(pl.DataFrame({"a": pl.repeat(1, 1 << 20, eager=True)}), format="xlsx")


def test_csv_as_excel_opens_it():
    frame = pl.DataFrame({"who": ["Ágnes; B", "=1"], "x": [1.5, -0.25], "n": [1, 2]})
    text = written(frame, format="csv", bom=True, delimiter=";", decimal=",")
    assert text.decode("utf-8-sig") == 'who;x;n\n"Ágnes; B";1,5;1\n\'=1;-0,25;2\n'
    assert text.startswith(b"\xef\xbb\xbf") and text.count(b"\xef\xbb\xbf") == 1


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"format": "csv", "decimal": ","}, "cannot be the delimiter"),
        ({"format": "csv", "delimiter": ";;"}, "cannot be the delimiter"),
        ({"format": "csv", "delimiter": '"'}, "cannot be the delimiter"),
        ({"format": "csv", "decimal": "x"}, "no decimal sign"),
        ({"format": "jsonl", "bom": True}, "are for csv"),
        ({"rename": {"x": "y"}}, "no column 'x' to rename"),
        ({"rename": {"ad_id": "arm"}}, "two columns would be 'arm'"),
    ],
)
def test_forms_that_do_not_go_together_are_refused(made, tmp_path, form, told):
    with pytest.raises(InputError, match=told):
        export(made, "delivery", tmp_path / "out", **form)
    assert not (tmp_path / "out").exists()


def test_columns_get_the_senders_names_and_creatives_an_address(made, tmp_path):
    call = ["export", "delivery", "--to", str(tmp_path / "out"), "--format", "jsonl", "-w", str(made.path)]
    names = ["--rename", "ad_id=creative", "--rename", "call_to_action=button"]
    done = CliRunner().invoke(app, [*call, *names, "--base-url", "https://cdn.example/spring/"])
    assert done.exit_code == 0, done.stderr
    found = lines(tmp_path / "out/delivery.jsonl")
    assert {"creative", "button"} <= set(found[0]) and not {"ad_id", "call_to_action"} & set(found[0])
    for row in found:
        assert all(name.startswith("https://cdn.example/spring/creatives/") for name in row["files"])
        assert all((tmp_path / "out" / name.split("/", 4)[4]).is_file() for name in row["files"])
    for bad in ("ad_id", "=x", "ad_id="):
        assert CliRunner().invoke(app, [*call, "--rename", bad]).exit_code == 1
    with pytest.raises(InputError, match="names no creatives"):
        export(made, "customers", tmp_path / "no", base_url="https://x.example")
    with pytest.raises(InputError, match="which column is meant"):
        export(made, "graph", tmp_path / "no", rename={"a": "b"})


def hexed(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def test_an_audience_is_hashed_as_platforms_ask(made, tmp_path):
    people = [
        (number(0), " Anna@Example.ORG ", "galaxy's"),
        (f"06{number(1)[3:]}", "béla@example.org", "pixel's"),
        (f"00{number(2)[1:]}", "no address", "galaxy's"),
        ("+36201234599", "nobody@example.org", "nobody's"),
    ]
    listed = crm(tmp_path / "crm.csv", people, ("customer_id", "mail", "note"))
    common = {"ids": listed, "id_columns": ["customer_id"], "email_columns": ["mail"], "format": "jsonl"}
    done = export(made, "audience", tmp_path / "own", **common)
    phone, mail = "phone_sha256", "email_sha256"
    zero, two = hexed(number(0)), hexed(number(2))
    wanted = [{phone: zero, mail: hexed("anna@example.org")}, {phone: None, mail: hexed("béla@example.org")},
              {phone: two, mail: None}]  # fmt: skip
    found = lines(tmp_path / "own/audience.jsonl")
    assert sorted(map(str, found)) == sorted(map(str, wanted))
    assert done.left_out == {"not_in_list": 3, "no_number": 1, "no_address": 1} and done.ids["unmatched"] == 1
    export(made, "audience", tmp_path / "some", offer="galaxy", phone_columns=["customer_id"], **common)
    assert {row[phone] for row in lines(tmp_path / "some/audience.jsonl")} == {zero, two}
    with pytest.raises(InputError, match=r"no offer 'gone'\. There are galaxy, pixel"):
        export(made, "audience", tmp_path / "no", offer="gone", **common)
    with pytest.raises(InputError, match="--ids FILE"):
        export(made, "audience", tmp_path / "no", offer="galaxy")
    with pytest.raises(InputError, match="column 'email'"):
        export(made, "audience", tmp_path / "no", **{**common, "email_columns": ["email"]})


@pytest.mark.parametrize(
    ("text", "region", "wanted"),
    [
        ("+36 20 123 4567", "", "+36201234567"), ("0036201234567", "", "+36201234567"),
        ("tel:+36-20-1234567", "", "+36201234567"), ("06 20 123 4567", "HU", "+36201234567"),
        ("06 20 123 4567", "", None), ("7000123", "", None), ("C-12", "HU", None), ("+36 20", "", None),
        ("+999999999999", "", None),
    ],
)  # fmt: skip
def test_what_cannot_be_a_number_is_none(text, region, wanted):
    frame = pl.DataFrame({"id": [text]})
    found, lost = audience.hashed(frame, audience.Contacts(("id",), (), region))
    assert found["phone_sha256"].to_list() == ([] if wanted is None else [hexed(wanted)])
    assert lost == ({"no_number": 1, "unreachable": 1} if wanted is None else {})
