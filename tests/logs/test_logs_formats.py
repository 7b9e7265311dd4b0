"""Formats: each ready-made profile and example mapping on rows of its kind, recognition, and drafts of mappings."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from engine.config import Config, Ids
from engine.errors import InputError
from engine.logs import mapping
from engine.logs.importer import import_logs
from engine.usecases.drafting import draft as drafted

EXAMPLES = mapping.PROFILES / "examples"


def load(store, path, **more):
    return import_logs(store, [path], config=Config(ids=Ids(pseudonymise="none")), key=bytes(32), **more)[0]


def text(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def named(store):
    """Events with ids instead of nodes, in time order."""
    ids = dict(store.read("parties").select("node", "party_id").iter_rows())
    rows = store.read("events").sort("started_at", "caller").to_dicts()
    return [{**row, "caller": ids[row["caller"]], "callee": ids.get(row["callee"])} for row in rows]


def test_flowkit_calls_have_two_rows_and_one_id(store, tmp_path):
    path = text(
        tmp_path / "calls.csv",
        "id,outgoing,datetime,duration,network,msisdn,msisdn_counterpart,location_id,imsi,imei,tac",
        "c1,t,2024-01-01 10:00:00,1.5,,ann,bob,L1,,,1130000",
        "c1,f,2024-01-01 10:00:00,1.5,,bob,ann,L2,,,35672011",
        "c2,t,2024-01-01 10:00:10,1.5,,ann,bob,L1,,,1130000",
        "c3,t,2024-01-01 11:00:00,2,,ann,bob,L1,,,1130000",
        "c3,f,2024-01-01 11:01:00,2,,bob,ann,L2,,,35672011",
    )
    summary = load(store, path)
    assert (summary.format, summary.rows_kept, summary.rows_duplicate) == ("flowkit", 3, 2)
    assert "flowkit: columns" in summary.why
    first, second, third = named(store)
    assert (first["caller"], first["callee"], first["duration_s"]) == ("ann", "bob", 90)
    assert (first["caller_tac"], first["callee_tac"]) == ("01130000", "35672011")
    assert (third["caller_cell"], third["callee_cell"]) == ("L1", "L2")
    assert second["callee_tac"] is None


def test_flowkit_texts_data_and_topups(store, tmp_path):
    head = "id,outgoing,datetime,network,msisdn,msisdn_counterpart,location_id,imsi,imei,tac"
    rows = ["1,t,2024-01-01 10:00:00,,ann,bob,,,,", "1,f,2024-01-01 10:00:03,,bob,ann,,,,"]
    assert load(store, text(tmp_path / "sms.csv", head, *rows)).rows_kept == 1
    head = "id,datetime,duration,volume_total,volume_upload,volume_download,msisdn,location_id,imsi,imei,tac"
    assert (
        load(store, text(tmp_path / "mds.csv", head, "9,2024-01-02 10:00:00,5,12.5,1,11.5,ann,,,,35672011")).rows_kept
        == 1
    )
    head = "id,datetime,type,recharge_amount,airtime_fee,msisdn,location_id,imsi,imei,tac"
    assert (
        load(store, text(tmp_path / "topups.csv", head, "9,2024-01-03 10:00:00,x,5,0,ann,,,,35672011")).rows_kept == 1
    )
    assert [(e["kind"], e["caller"], e["callee"], e["volume_mb"]) for e in named(store)] == [
        ("text", "ann", "bob", None),
        ("data", "ann", None, 12.5),
        ("data", "ann", None, None),
    ]


def test_bandicoot_takes_the_ego_from_the_file_name(store, tmp_path):
    head = "interaction,direction,correspondent_id,datetime,call_duration,antenna_id"
    ego = text(
        tmp_path / "ann.csv", head, "call,out,bob,2024-01-01 10:00:00,60,7", "text,in,bob,2024-01-01 11:00:00,,8"
    )
    other = text(
        tmp_path / "bob.csv", head, "call,in,ann,2024-01-01 10:00:02,61,9", "text,out,ann,2024-01-01 11:00:00,,"
    )
    assert load(store, ego).rows_kept == 2
    again = load(store, other)
    assert (again.rows_kept, again.rows_duplicate, again.path) == (0, 2, "#.csv")
    call, message = named(store)
    assert (call["caller"], call["callee"], call["caller_cell"], call["callee_cell"]) == ("ann", "bob", "7", "9")
    assert (message["kind"], message["caller"], message["callee_cell"]) == ("text", "bob", "8")


@pytest.mark.real
def test_bandicoot_files_read_whole(store, real_data):
    summary = load(store, real_data / "bandicoot" / "ego.csv")
    assert (summary.format, summary.rows_in, summary.rows_rejected) == ("bandicoot", 314, 0)


def test_asterisk_without_a_header_in_local_time(store, tmp_path):
    row = '"","{src}","{dst}","ctx","""Ann"" <{src}>","SIP/1","SIP/2","Dial","x","{at}","","{at}",{d},{b},"{disp}","D"'
    path = text(
        tmp_path / "Master.csv",
        row.format(src="100", dst="200", at="2024-07-01 10:00:00", d=70, b=60, disp="ANSWERED"),
        row.format(src="100", dst="200", at="2024-10-27 02:30:00", d=20, b=0, disp="NO ANSWER"),
    )
    summary = load(store, path, options={"timezone": "Europe/Budapest"})
    assert (summary.format, summary.rows_kept) == ("asterisk", 2)
    assert "16 fields without a header" in summary.why
    assert summary.details["ambiguous_local_times"] == 1
    first, second = named(store)
    assert (first["started_at"], first["duration_s"], first["answered"]) == (datetime(2024, 7, 1, 8), 60, True)
    assert (second["answered"], second["duration_s"]) == (False, 0)


def test_edge_list_is_dated_by_the_user(store, tmp_path):
    path = text(tmp_path / "edges.csv", "source,target,weight", "a,b,3", "b,a,2", "a,c,0.4", "a,d,0", "a,e,x", "a,b,3")
    with pytest.raises(InputError, match="--epoch"):
        load(store, path)
    summary = load(store, path, options={"epoch": date(2024, 3, 1)})
    assert (summary.format, summary.rows_kept, summary.rows_duplicate, summary.rows_rejected) == ("edge-list", 3, 1, 2)
    days = store.read("pair_days")
    assert days["n_calls"].to_list() == [3, 1, 2]
    assert set(days["day"]) == {date(2024, 3, 1)}


def test_a_grid_of_sums_is_refused_with_the_reason(store, tmp_path):
    row = "1\t1383260400000\t39\t0.1\t0.2\t0.3\t0.4\t11.0"
    with pytest.raises(InputError, match="sums per square"):
        load(store, text(tmp_path / "sms-call-internet-mi-2013-11-01.txt", row, row))


EXAMPLE_ROWS = {
    "orange": (
        ["ann;bob;S;VOIX;01/07/2024 12:00:00;60;352099001761481;c1", "ann;bob;E;SMS;01/07/2024 13:00:00;;;"],
        [("call", "ann", "bob", datetime(2024, 7, 1, 10), 60), ("text", "bob", "ann", datetime(2024, 7, 1, 11), 0)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(EXAMPLE_ROWS))
def test_example_mappings_read_their_formats(store, tmp_path, name):
    rows, expected = EXAMPLE_ROWS[name]
    load(store, text(tmp_path / "x.csv", *rows), mapping=EXAMPLES / f"{name}.toml")
    found = [(e["kind"], e["caller"], e["callee"], e["started_at"], e["duration_s"]) for e in named(store)]
    assert found == expected
    assert store.read("events")["caller_tac"].drop_nulls().to_list() == ["35209900"]


def test_every_shipped_mapping_is_tested():
    assert {p.stem for p in EXAMPLES.glob("*.toml")} == set(EXAMPLE_ROWS)


@pytest.mark.real
def test_a_draft_for_vast_reads_the_file_as_it_is(store, tmp_path, real_data):
    path = real_data / "vast2008" / "CellPhoneCallRecords.csv"
    with pytest.raises(InputError, match="guess"):
        load(store, path)
    draft = tmp_path / "vast.toml"
    draft.write_text(drafted(path).text)
    summary = load(store, path, mapping=draft)
    assert (summary.rows_in, summary.rows_rejected) == (9834, 4)  # four negative durations
    assert store.count("parties") == 400
    assert store.read("events")["started_at"].dt.date().n_unique() == 10


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("name = ", "cannot be read"),
        ("[columns]\nbanana = 'x'", "banana"),
        ("nonsense = 1\n[columns]\ncaller='x'", "nonsense"),
        ("[columns]\ncaller='a'\n[time]\nform='moon'", "moon"),
        ("kind = { default = 'fax' }\n[columns]\ncaller='a'", "fax"),
        ("kind = { call = 'x' }\n[columns]\ncaller='a'", "list of words"),
        ("skip = 'two'\n[columns]\ncaller='a'", "skip should be a whole number"),
    ],
)
def test_broken_mapping_files_say_what_is_wrong(tmp_path, content, says):
    path = tmp_path / "m.toml"
    path.write_text(content)
    with pytest.raises(InputError, match=says):
        mapping.load(path)


def test_unknown_formats_zones_and_options(store, tmp_path):
    path = text(tmp_path / "x.csv", "caller,callee,started_at,duration_s", "a,b,2024-01-01 10:00:00,1")
    with pytest.raises(InputError, match="no format 'tap9'"):
        load(store, path, format="tap9")
    with pytest.raises(InputError, match="no time zone 'Mars/Base'"):
        load(store, path, options={"timezone": "Mars/Base"})
    with pytest.raises(InputError, match="no option 'moon'"):
        load(store, path, options={"moon": 1})
