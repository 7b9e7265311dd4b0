# ruff: noqa: E501 (rows of data and their names, one a line)
"""Drafts of mappings: what is sure, what is left to be decided, and that nothing comes in before it is."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from engine.config import Config, Ids
from engine.drafts import moments, names, vocabulary
from engine.errors import InputError
from engine.logs import mapping
from engine.logs.importer import import_logs
from engine.usecases.drafting import draft
from engine.warehouse.duckdb import DuckDBWarehouse


@pytest.fixture(scope="module")
def store():
    warehouse = DuckDBWarehouse()
    yield warehouse
    warehouse.close()


def text(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def undecided(tmp_path, *lines: str, name: str = "x.csv") -> str:
    """What a draft leaves to be decided; it cannot be imported with."""
    found = draft(text(tmp_path / name, *lines))
    assert found.undecided
    own = text(tmp_path / "own.toml", found.text)
    with pytest.raises(InputError, match="still to be decided"):
        mapping.load(own)
    return " ".join(found.undecided)


def columns(tmp_path, *lines: str, name: str = "x.csv") -> dict:
    """The columns and expressions of a draft that decides all."""
    found = draft(text(tmp_path / name, *lines))
    assert found.undecided == (), found.text
    profile = mapping.load(text(tmp_path / "own.toml", found.text))[0]
    return {c: own[0] for c, own in profile.columns.items()} | profile.expressions


HEAD = "msisdn;Gegenstelle;Richtung;Beginn;Dauer"
ROWS = ["491700001;491700002;MOC;13.07.2024 12:00:00;60", "491700001;491700003;MTC;14.07.2024 12:00:00;5"]


def test_a_draft_is_read_with_and_stores_nothing(tmp_path):
    found = draft(text(tmp_path / "x.csv", HEAD, *ROWS))
    assert found.read and (found.read.rows_in, found.read.rows_kept) == (2, 2)
    assert "sure: read with this draft: 2 rows = 2 kept" in found.text
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.csv"]


def test_every_line_is_marked(tmp_path):
    found = draft(text(tmp_path / "x.csv", HEAD, *ROWS)).text
    lines = [line for line in found.splitlines() if " = " in line and not line.startswith(("#", "name"))]
    assert lines and all("# sure" in line or "# check" in line for line in lines)
    assert 'timezone = "UTC"  # check' in found


def test_rows_that_the_draft_rejects_are_told(tmp_path):
    rows = ["ann;bob;01.07.2024 12:00:00;60"] * 30
    rows = [row.replace("01.07", f"{i + 1:02}.07") for i, row in enumerate(rows)]
    found = draft(text(tmp_path / "x.csv", "caller;callee;start;duration", *rows, "ann;ann;13.07.2024 12:00:00;5"))
    assert "1 rejected (self call 1)" in found.text


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([HEAD, *(row.replace("MOC", "1").replace("MTC", "2") for row in ROWS)], "Richtung decides who called"),
        (["subscriber,other,start,duration", "1001,1002,2024-07-13 12:00:00,5"], "no column tells who called"),
        (["from,to,start,duration", "ann,bob,01/07/2024 12:00:00,60"], "day/month and as month/day"),
        (["from,to,start,received at,duration", "a,b,2024-07-01 12:00:00,2024-07-02 12:04:07,60"], "several columns read as times"),
        (["from,to,day,duration", "ann,bob,2024-07-13,60"], "days without an hour"),
        (["from,to,start,duration,ring time", "ann,bob,2024-07-13 12:00:00,60,9"], "may have the ringing"),
        (["from,to,start,duration", "ann,bob,2024-07-13 12:00:00,1.5", "bob,ann,2024-07-14 12:00:00,2.25"], "fractions of minutes"),
        (["from,to,start,duration", "ann,bob,2024-07-13 12:00:00,90000", "a,c,2024-07-14 12:00:00,61000"], "thousandths"),
        (["from,to,start,duration,record type", "ann,bob,2024-07-13 12:00:00,0,17"], "may tell calls from texts"),
        (["from,to,start,duration,status", "ann,bob,2024-07-13 12:00:00,9,blorp", "ann,bob,2024-07-14 12:00:00,8,blurp"], "tells who answered"),
        (["from,to,start,duration", "ann,bob,2024-07-13 12:00:00 PST,9"], "mean more than one offset"),
        (["from,to,start,duration,utc offset", "ann,bob,2024-07-13 12:00:00,9,120"], "a unit that is not told"),
        (["a number,b number,start,duration,direction", "ann,bob,2024-07-13 12:00:00,9,OUT", "ann,bob,2024-07-14 12:00:00,9,IN"], "swapped"),
        (["source,destination,start,duration", "fs,36301000001,2024-07-13 12:00:00,65", "fs,36301000002,2024-07-14 12:00:00,9"], "hold different things"),
        (["from,to,Start (CET),duration", "ann,bob,2024-07-13 12:00:00,65"], "says CET in its name"),
        (["from,to,Start UTC+2,duration", "ann,bob,2024-07-13 12:00:00,65"], "says UTC+2 in its name"),
        (["call id,from,to,start,duration", "1,36301000001,600,2024-07-13 12:00:00,65", "1,36301000001,201,2024-07-13 12:00:20,61"], "have different parties"),
        (["source,target,weight", "ann,bob,3"], "--format edge-list"),
        (["source ip,source port,destination ip,destination port,start time,duration", "10.0.0.1,5,10.0.0.2,6,2024-07-13 12:00:00,9"], "flows between machines"),
        (["hello world", "nothing here"], "no column reads as times"),
        (["1,2024-07-13 12:00:00,402", "2,2024-07-14 12:00:00,403"], "no name tells who called"),
    ],
)  # fmt: skip
def test_what_is_unclear_is_left_to_be_decided(tmp_path, lines, says):
    assert says in undecided(tmp_path, *lines)


def test_one_column_for_another_is_not_taken(tmp_path):
    found = columns(
        tmp_path,
        "caller id name,calling party number,original called party number,final called party number,start stamp,answer stamp,duration,billsec,bill duration,imsi,cost",
        "Ann,36301000001,36302000001,36302000009,2024-07-13 12:00:00,2024-07-13 12:00:09,69,60,60,21601,0.1",
        "Ann,36301000001,36302000003,36302000003,2024-07-14 12:00:00,2024-07-14 12:00:09,19,10,60,21601,0.1",
    )
    wanted = {
        "caller": "calling party number",
        "callee": "final called party number",
        "started_at": "start stamp",
        "duration_s": "billsec",
    }
    assert found == wanted


def test_the_end_less_the_answer_is_the_talk(tmp_path):
    found = columns(tmp_path, "from,to,start,answer,end,duration", "ann,bob,2024-07-13 12:00:00,2024-07-13 12:00:10,2024-07-13 12:01:00,60",
                    "ann,bob,2024-07-14 12:00:00,,2024-07-14 12:00:20,20", "ann,bob,2024-07-15 12:00:00,2024-07-15 12:00:05,2024-07-15 12:00:20,20")  # fmt: skip
    assert 'date_diff(\'second\', "answer", "end")' in found["duration_s"]


def test_kilobytes_are_no_party_and_become_megabytes(tmp_path, store):
    path = text(
        tmp_path / "x.csv",
        "MSISDN;BEGINN;ENDE;VOL_UP_KB;VOL_DOWN_KB",
        "491700001;13.07.2024 12:00:00;13.07.2024 12:05:00;1000;9000",
    )
    found = draft(path)
    import_logs(
        store,
        [path],
        mapping=text(tmp_path / "m.toml", found.text),
        config=Config(ids=Ids(pseudonymise="none")),
        key=bytes(32),
    )
    assert store.read("events").select("kind", "volume_mb", "started_at").rows() == [
        ("data", 10.0, datetime(2024, 7, 13, 12))
    ]


def test_values_decide_between_two_forms_of_parties(tmp_path):
    rows = [
        f"{i % 3 + 100},{i + 9_000_000},{'IN' if i % 2 else 'OUT'},2024-07-{i + 10:02} 12:00:00,{i + 5}"
        for i in range(14)
    ]
    found = draft(text(tmp_path / "x.csv", "caller,callee,direction,start,duration", *rows))
    assert 'direction = "direction"' in found.text and "the same ids stand in caller" in found.text


def test_days_and_months_by_rows_far_down(tmp_path):
    rows = [f"a{i % 5};b{i % 7};{i % 12 + 1:02}/{i % 11 + 1:02}/2024 10:{i % 60:02}:00;60" for i in range(300)]
    found = draft(text(tmp_path / "x.csv", "caller;callee;start;duration", *rows, "a1;b2;02/25/2024 10:00:00;60"))
    assert "%m/%d/%Y" in found.text and not found.undecided


def test_days_and_months_by_days_in_a_row(tmp_path):
    """One day of each of six months, or six days in a row: of contacts only the second happens."""
    rows = [f"a{i % 5},b{i % 7},6/{i // 15 + 1}/2006 {i % 15 + 1}:08,60" for i in range(90)]
    found = draft(text(tmp_path / "x.csv", "From,To,DateTime,Duration(seconds)", *rows))
    assert "%m/%d/%Y %H:%M" in found.text and not found.undecided


def test_columns_that_are_not_read_are_named(tmp_path):
    """Records imported without their handsets are duplicates when they come again with them."""
    found = draft(
        text(
            tmp_path / "x.csv",
            "From,To,When,Seconds,Colour",
            "a,b,2026-03-01 10:00:00,60,red",
            "b,a,2026-03-02 10:00:00,30,blue",
        )
    )
    assert 'not read: "Colour"; the other names to give: ' in found.text and "caller_tac" in found.text


@pytest.mark.parametrize(
    ("table", "lines", "wanted", "words"),
    [
        ("customers", ["Kundennummer;Geschlecht;Wohnort;Alter", "1;w;Wien;40", "2;m;Graz;41"],
         {"customer_id": "Kundennummer", "gender": "Geschlecht", "residence": "Wohnort", "age": "Alter"}, {"gender": {"w": "female", "m": "male"}}),
        ("customers", ["ügyfélszám,nem,település", "1,nő,Pécs", "2,férfi,Győr"],
         {"customer_id": "ügyfélszám", "gender": "nem", "residence": "település"}, {"gender": {"nő": "female", "férfi": "male"}}),
        ("treatments", ["Kunde;Kampagne;Angebot;Gesendet am;Angenommen", "1;A;X;13.07.2024;J", "2;A;;14.07.2024;N"],
         {"customer_id": "Kunde", "campaign_id": "Kampagne", "offer_id": "Angebot", "sent_at": "Gesendet am", "accepted": "Angenommen"}, {"accepted": {"j": "yes", "n": "no"}}),
        ("devices", ["TAC,Brand Name,Marketing Name", "35209900,Nokia,3310"], {"tac": "TAC", "manufacturer": "Brand Name", "model": "Marketing Name"}, {}),
        ("consents", ["id cliente,finalidad,otorgado", "1,ads,2024-07-13"], {"customer_id": "id cliente", "purpose": "finalidad", "granted_at": "otorgado"}, {}),
    ],
)  # fmt: skip
def test_other_tables_are_drafted_too(tmp_path, table, lines, wanted, words):
    found = draft(text(tmp_path / "x.csv", *lines), table)
    profile = mapping.load(text(tmp_path / "own.toml", found.text), table)[0]
    assert {c: own[0] for c, own in profile.columns.items()} == wanted
    assert profile.values == words


def test_other_tables_leave_undecided_what_is_needed(tmp_path):
    found = draft(text(tmp_path / "x.csv", "customer,sent,accepted", "1,03/04/2024,maybe"), "treatments")
    assert {line.split(":")[0] for line in found.undecided} == {"campaign_id", "sent_at", "accepted"}


def test_words_of_several_languages():
    for word, role in {"Hívott szám": "callee", "Numer dzwoniący": "caller", "被叫号码": "callee", "Вызывающий": "caller", "Süre (sn)": "duration",
                       "caller_id_name": "ignore", "totalCallEventDuration": "duration", "VOL_UP_KB": "up", "Conversation Time": "talk"}.items():  # fmt: skip
        assert names.role(word) == role, word
    for word, meaning in {
        "mtSMSRecord": "incoming",
        "user_out": "outgoing",
        "in uscita": "outgoing",
        "Giden Arama": "outgoing",
        "Voicemail": "",
    }.items():
        assert vocabulary.direction(word) == meaning, word
    for word, meaning in {
        "NO_ANSWER": "no",
        "not answered": "no",
        "NORMAL_CLEARING": "yes",
        "nicht angenommen": "no",
        "blorp": "",
    }.items():
        assert vocabulary.answered(word) == meaning, word


def test_a_telephone_number_is_no_time():
    assert moments.ways("01795550666") == ()
    assert {way.order for way, _ in moments.ways("1719828000")} == {"seconds"}
    assert {way.order for way, _ in moments.ways("03/04/2024 10:00")} == {"dmy", "mdy"}
