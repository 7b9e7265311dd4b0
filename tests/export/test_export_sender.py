"""The sender's own list beside a delivery: every id right, nothing of it anywhere else, clear words for bad lists."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import engine
from cli.main import app
from engine.errors import InputError, WorkspaceError
from engine.export import export, sender
from engine.trust import audit
from engine.trust.pseudonyms import pseudonym as hidden
from engine.usecases import ids
from tests.export.sender_data import crm, lines, number, pseudonym

ROWS = [
    ("007", "+36 20 123 4500", "Ágnes"),
    ("008", "06201234501", "Béla"),  # in national form
    ("009", '="36201234502"', "=1+1"),
    ("010", "+36201234599", "Nobody here"),
    ("011", "", "Nobody at all"),
]


def test_every_row_has_its_own_persons_columns(made, tmp_path):
    listed = crm(tmp_path / "crm.csv", ROWS)
    done = export(made, "delivery", tmp_path / "out", "jsonl", ids=listed, id_columns=["msisdn"])
    found = lines(tmp_path / "out/delivery.jsonl")
    names = {pseudonym(number(n), made.key()): ROWS[n] for n in range(3)}
    assert {row["customer_id"] for row in found} == set(names)
    for row in found:
        assert (row["account"], row["msisdn"], row["name"]) == names[row["customer_id"]]
    assert done.ids == {"rows": 5, "by msisdn": 3, "unmatched": 2, "repeated": 0, "nothing_to_send": 0}
    assert done.left_out == {"not_in_list": 3}
    assert {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "out").rglob("*") if p.is_file()} == {0o600}
    told = json.loads((tmp_path / "out/manifest.json").read_text())["tables"]["delivery"]["columns"]
    assert [c["name"] for c in told][-3:] == ["account", "msisdn", "name"]
    last = audit.lines(made.path, 1)[0]
    assert last["details"] == {"ids_rows": 5, "ids_unmatched": 2, "ids_repeated": 0, "ids_nothing_to_send": 0}


def inside(folder: Path, words: list[str]) -> list[str]:
    """Files below a folder that hold one of some words, in UTF-8 or UTF-16."""
    wanted = [word.encode(code) for word in words for code in ("utf-8", "utf-16-le")]
    files = [p for p in folder.rglob("*") if p.is_file()]
    return [p.name for p in files if any(word in p.read_bytes() for word in wanted)]


def test_nothing_of_the_list_lies_anywhere_but_in_the_output(own, tmp_path, monkeypatch):
    """Also not in what is spilled: with little memory, and temporary files in a folder that is watched."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "tmp").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    many = [(f"A{n:06}Q", f"+3670{n:07}", f"Zebra{n}") for n in range(20_000)]
    listed = crm(tmp_path / "crm.csv", [*ROWS, *many])
    small = engine.open(own.path, run__memory="120MB")
    words = ["6201234501", "201234502", "+36 20 123 4500", "Béla", "A000017Q", "+3670", "Zebra1"]
    for format in ("csv", "xlsx", "parquet"):
        export(small, "delivery", tmp_path / "out", format, ids=listed, id_columns=["account", "msisdn"])
        assert inside(own.path, words) == [] and inside(tmp_path / "tmp", words) == []
        assert inside(tmp_path / "here", words) == [] and not any((tmp_path / "tmp").iterdir())
    export(small, "delivery", tmp_path / "out", "csv", ids=listed, id_columns=["msisdn"])
    ids.pseudonyms(small, listed, ["msisdn"])
    assert inside(own.path, words) == []
    assert inside(tmp_path / "out", words) == ["delivery.csv"]
    (own.path / "planted").write_bytes("x Béla".encode())
    assert inside(own.path, words) == ["planted"]


def test_the_first_of_several_columns_that_is_known_counts(made, tmp_path):
    rows = [("a1", number(0), number(3)), (number(1), number(2), number(4)), ("a2", "x", number(5))]
    listed = crm(tmp_path / "crm.csv", rows, ("account", "msisdn", "second"))
    done = export(made, "delivery", tmp_path / "out", ids=listed, id_columns=["account", "msisdn", "second"])
    assert {name: n for name, n in done.ids.items() if name.startswith("by")} == {
        "by account": 1, "by msisdn": 1, "by second": 1,
    }  # fmt: skip
    found = pl.read_parquet(tmp_path / "out/delivery.parquet")
    told = {(row["customer_id"], row["second"]) for row in found.iter_rows(named=True)}
    assert told == {(pseudonym(number(n), made.key()), number(s)) for n, s in ((0, 3), (1, 4), (5, 5))}


def test_a_column_called_as_the_deliverys_own_is_told_apart(made, tmp_path):
    listed = pl.DataFrame({"customer_id": [number(0)], "arm": ["left"], "sender_arm": ["x"]})
    export(made, "delivery", tmp_path / "out", ids=listed)
    row = pl.read_parquet(tmp_path / "out/delivery.parquet").row(0, named=True)
    assert (row["sender_customer_id"], row["sender_arm"], row["sender_arm_2"]) == (number(0), "left", "x")
    assert row["customer_id"] == pseudonym(number(0), made.key()) and row["arm"] != "left"


def test_rows_that_differ_and_are_one_person_are_refused_and_the_same_row_counts_once(made, tmp_path):
    rows = [*ROWS, ("012", "+36201234501", "Béla the other"), ROWS[0]]
    with pytest.raises(InputError, match=r"two rows of the same person differ: rows 2 and 6") as caught:
        export(made, "delivery", tmp_path / "out", ids=crm(tmp_path / "crm.csv", rows), id_columns=["msisdn"])
    assert "201234501" not in str(caught.value) and not (tmp_path / "out").exists()
    once = crm(tmp_path / "once.csv", [*ROWS, ROWS[0]])
    done = export(made, "delivery", tmp_path / "out", ids=once, id_columns=["msisdn"])
    assert done.ids["repeated"] == 1
    rows = pl.read_parquet(tmp_path / "out/delivery.parquet")
    assert rows["name"].unique().sort().to_list() == ["=1+1", "Béla", "Ágnes"]
    assert rows.height == rows.unique(["customer_id", "arm"]).height


def test_bad_lists_are_refused_with_the_remedy(made, tmp_path, monkeypatch):
    def refused(rows, match, **options):
        given = {"ids": crm(tmp_path / "crm.csv", rows), "id_columns": ["msisdn"], **options}
        with pytest.raises((InputError, WorkspaceError), match=match):
            export(made, "delivery", given.pop("to", tmp_path / "out"), **given)
        assert not (tmp_path / "out").exists()

    other = [("1", hidden(number(n), b"another" * 5), "x") for n in range(3)]
    refused(other, "pseudonyms, none of them made with this workspace's key.*the ids themselves")
    refused([("1", "+36701112233", "x")], "none of the 1 rows.*--id-column.*ids.region, which is HU")
    refused(ROWS, "column 'mobile': there is no such column. There are account, msisdn, name", id_columns=["mobile"])
    refused(ROWS, "which of the columns account, msisdn, name.*--id-column", id_columns=[])
    refused([], "the list has no rows|the file has no rows")
    refused(ROWS, "lies in a workspace", to=made.path / "exports" / "out")
    refused(ROWS, "not written to a URL", to="memory://out")
    refused(ROWS, "no offer 'none'", offer="none")
    refused(ROWS, "holds all offers", offer="galaxy", since_last=True)
    monkeypatch.setenv("KINDRED_KEYS", str(tmp_path / "empty"))
    refused(ROWS, "pseudonym key .* is not readable")
    with pytest.raises(InputError, match="customers takes no --as-of"):
        export(made, "customers", tmp_path / "out", ids=tmp_path / "crm.csv")


def test_who_opted_out_is_never_sent_and_is_called_back_by_the_senders_id(own, tmp_path):
    listed = crm(tmp_path / "crm.csv", ROWS)
    export(own, "delivery", tmp_path / "before", ids=listed, id_columns=["msisdn"])
    crm(tmp_path / "out.csv", [(number(1), "2024-01-01")], ("customer_id", "since"))
    engine.import_table(own, "optouts", tmp_path / "out.csv")
    export(own, "delivery", tmp_path / "after", "jsonl", ids=listed, id_columns=["msisdn"])
    assert {row["name"] for row in lines(tmp_path / "after/delivery.jsonl")} == {"Ágnes", "=1+1"}
    gone = lines(tmp_path / "after/withdraw.jsonl")
    mine = [row for row in gone if row["msisdn"] == ROWS[1][1]]
    assert mine and {row["because"] for row in mine} == {"opted_out"}
    assert all("name" not in row and "customer_id" not in row for row in gone)
    export(own, "delivery", tmp_path / "plain", "jsonl")
    assert set(lines(tmp_path / "plain/withdraw.jsonl")[0]) == {"ad_id", "arm", "files", "because"}


SPELLINGS = (
    lambda text: text, lambda text: text.removeprefix("+"), lambda text: "00" + text[1:],
    lambda text: f"{text[:3]} {text[3:5]}/{text[5:]}", lambda text: "06" + text[3:], lambda text: f"tel:{text}",
)  # fmt: skip


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(SPELLINGS)), min_size=1, unique_by=lambda pair: pair[0]))
def test_any_spelling_finds_its_person_and_nobody_else(made, drawn):
    """Oracle: who was drawn, by Python's own HMAC."""
    frame = pl.DataFrame({"id": [spell(number(n)) for n, spell in drawn], "who": [str(n) for n, _ in drawn]})
    known = {str(n): pseudonym(number(n), made.key()) for n, _ in drawn if n < 6}
    if not known:
        with pytest.raises(InputError, match="none of the"):
            sender.match(made, sender.read(frame, ["id"]))
        return
    found = sender.match(made, sender.read(frame, ["id"]))
    assert dict(found.rows.select("who", sender.WHO).iter_rows()) == known
    assert found.counts["unmatched"] == len(drawn) - len(known)


def test_a_table_gets_pseudonyms_in_the_place_of_its_ids(made, tmp_path):
    listed = crm(tmp_path / "crm.csv", ROWS)
    named = engine.pseudonyms(made, listed, "msisdn")
    people = [pseudonym(text, made.key()) for text in (number(0), number(1), number(2), ROWS[3][1])]
    assert named.columns == ["customer_id", "account", "name"]
    assert named.rows() == [(who, row[0], row[2]) for who, row in zip([*people, None], ROWS, strict=True)]
    other = pl.DataFrame({"customer_id": ["own"], "msisdn": [number(0)]})
    assert engine.pseudonyms(made, other, "msisdn").to_dicts() == [
        {"customer_id": people[0], "sender_customer_id": "own"}
    ]
    out = tmp_path / "named.csv"
    call = ["ids", str(listed), "--id-column", "msisdn", "-O", str(out), "-w", str(made.path), "-o", "json"]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0 and json.loads(done.stdout)["unmatched"] == 2
    assert pl.read_csv(out, infer_schema=False)["customer_id"].to_list() == [*people, None]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600 and "'=1+1" in out.read_text()
    for place, told in (
        (out, "is there already"),
        (made.path / "x.csv", "lies in a workspace"),
        ("x.doc", "no format"),
    ):
        again = CliRunner().invoke(app, [*call[:5], str(place), *call[6:]])
        assert again.exit_code == 1 and told in again.stderr
    assert not (made.path / "x.csv").exists()


def test_the_command_says_what_became_of_every_row(made, tmp_path):
    crm(tmp_path / "crm.csv", [*ROWS, ROWS[0]])
    call = ["export", "delivery", "--ids", str(tmp_path / "crm.csv"), "--id-column", "msisdn", "-w", str(made.path)]
    done = CliRunner().invoke(app, [*call, "--to", str(tmp_path / "out"), "--format", "csv"])
    assert done.exit_code == 0, done.stderr
    told = "The list has 6 rows: 4 by msisdn, 2 of people unknown here; 1 repeat another row. 0 people get nothing."
    assert told in done.stderr
    assert "Left out: 3 customers who are not in the list." in done.stderr
    assert f"Open {tmp_path / 'out/delivery.csv'}" in done.stderr and "Open" not in done.stdout
    told = CliRunner().invoke(app, [*call, "--to", str(tmp_path / "out"), "-o", "json"])
    (entry,) = [e for e in json.loads(told.stdout) if e.get("table") == "delivery"]
    assert entry["ids"]["unmatched"] == 2 and entry["left_out"] == {"not_in_list": 3}
