# ruff: noqa: E501 (rows of data and their names, one a line)
"""Ready-made formats: invented rows of each, recognised by themselves and read as their makers mean them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from engine.config import Config, Ids
from engine.errors import InputError
from engine.logs import mapping
from engine.logs.importer import import_logs
from engine.usecases.drafting import draft

A, B, C = "+34600000001", "+34600000002", "+34600000003"


def load(store, path, **more):
    return import_logs(store, [path], config=Config(ids=Ids(pseudonymise="none")), key=bytes(32), **more)[0]


def read(store):
    ids = dict(store.read("parties").select("node", "party_id").iter_rows())
    rows = store.read("events").sort("started_at", "caller", "duration_s").to_dicts()
    return [(r["kind"], ids[r["caller"]], ids.get(r["callee"]), r["started_at"], r["duration_s"]) for r in rows]


def at(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2024, 7, day, hour, minute, second)


_UUID = "0a1b2c3d-0000-4000-8000-00000000000"
# Format -> name of the file, its lines, the events they tell.
FORMATS: dict[str, tuple[str, list[str], list[tuple]]] = {
    "freeswitch": (
        "Master.csv",
        [f'"Ann","{A}","1001","default","2024-07-01 10:00:00","2024-07-01 10:00:09","2024-07-01 10:01:09","69","60","NORMAL_CLEARING","{_UUID}1","","acc","PCMA","PCMA"',
         f'"1001","1001","{B}","default","2024-07-02 10:00:00","","2024-07-02 10:00:20","20","0","ORIGINATOR_CANCEL","{_UUID}2","","acc","PCMA","PCMA"'],
        [("call", A, "1001", at(1, 10), 60), ("call", "1001", B, at(2, 10), 0)],
    ),
    "freeswitch ": (
        "headed.csv",
        ["caller_id_name,caller_id_number,destination_number,context,start_stamp,answer_stamp,end_stamp,duration,billsec,hangup_cause,uuid",
         f"Ann,{A},1001,default,2024-07-01 10:00:00,2024-07-01 10:00:09,2024-07-01 10:01:09,69,60,NORMAL_CLEARING,{_UUID}1"],
        [("call", A, "1001", at(1, 10), 60)],
    ),
    "fusionpbx": (
        "cdr.csv",
        ["direction,caller_id_name,caller_id_number,caller_destination,destination_number,start_stamp,start_epoch,duration,billsec,hangup_cause,missed_call",
         f"inbound,Ann,{A},{C},201,2024-07-01 12:00:00,1719828000,70,60,NORMAL_CLEARING,false",
         f"outbound,Bob,201,{B},{B},2024-07-02 12:00:00,1719914400,30,0,NO_ANSWER,true"],
        [("call", A, "201", at(1, 10), 60), ("call", "201", B, at(2, 10), 0)],
    ),
    "asterisk": (
        "Master.csv",
        [f'"","{A}","201","ctx","{A}","SIP/t-1","SIP/201-2","Dial","SIP/201","2024-07-01 10:00:00","2024-07-01 10:00:05","2024-07-01 10:01:05",65,60,"ANSWERED","DOCUMENTATION","1.1",""',
         f'"","201","{B}","ctx","201","SIP/201-3","SIP/t-4","Dial","SIP/t","2024-07-02 10:00:00","","2024-07-02 10:00:20",20,0,"NO ANSWER","DOCUMENTATION","1.3",""'],
        [("call", A, "201", at(1, 10), 60), ("call", "201", B, at(2, 10), 0)],
    ),
    "asterisk ": (  # cdr_custom
        "custom.csv",
        [f'"{A}","{A}","201","ctx","SIP/t-1","SIP/201-2","Dial","SIP/201","2024-07-01 10:00:00","2024-07-01 10:00:05","2024-07-01 10:01:05","65","60","ANSWERED","3","","1.1","","1"',
         f'"201","201","{B}","ctx","SIP/201-3","SIP/t-4","Dial","SIP/t","2024-07-02 10:00:00","","2024-07-02 10:00:20","20","0","BUSY","3","","1.3","","2"'],
        [("call", A, "201", at(1, 10), 60), ("call", "201", B, at(2, 10), 0)],
    ),
    "asterisk  ": (  # FreePBX: a call to a queue rings two agents, and one takes it
        "freepbx.csv",
        ["calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,amaflags,accountcode,uniqueid,userfield,linkedid",
         f"2024-07-01 10:00:00,{A},{A},600,ext-queues,SIP/t-1,Local/201@from-queue-1;1,Queue,600,80,80,ANSWERED,3,,1.1,,1.1",
         f"2024-07-01 10:00:03,{A},{A},202,from-queue,Local/202@from-queue-2;2,SIP/202-5,Dial,SIP/202,15,0,NO ANSWER,3,,1.2,,1.1",
         f"2024-07-01 10:00:20,{A},{A},201,from-queue,Local/201@from-queue-1;2,SIP/201-6,Dial,SIP/201,60,55,ANSWERED,3,,1.3,,1.1",
         f"2024-07-02 10:00:00,201,201,{B},from-internal,SIP/201-7,SIP/t-8,Dial,SIP/t,30,0,NO ANSWER,3,,1.7,,1.7"],
        [("call", A, "201", at(1, 10, 0, 20), 55), ("call", "201", B, at(2, 10), 0)],
    ),
    "cucm": (
        "cdr.csv",
        ["cdrRecordType,globalCallID_callId,dateTimeOrigination,callingPartyNumber,originalCalledPartyNumber,finalCalledPartyNumber,dateTimeConnect,dateTimeDisconnect,duration",
         "INTEGER,INTEGER,INTEGER,VARCHAR(50),VARCHAR(50),VARCHAR(50),INTEGER,INTEGER,INTEGER",
         f"1,7,1719828000,{A},2000,2001,1719828005,1719828065,60", f"1,8,1719914400,2001,{B},{B},0,1719914420,0"],
        [("call", A, "2001", at(1, 10), 60), ("call", "2001", B, at(2, 10), 0)],
    ),
    "3cx": (
        "cdr.log",
        [f"Call 1,a_0,00:01:00,2024/07/01 10:00:00,2024/07/01 10:00:08,2024/07/01 10:01:08,TerminatedByDst,{A},Ext.100,10000,100,100,,,,,,,,Chain: {A};Ext.100;",
         f"Call 2,a_1,,2024/07/02 10:00:00,,2024/07/02 10:00:20,TerminatedBySrc,Ext.100,{B},100,10000,{B},,,,,,,,Chain: Ext.100;{B};",
         f"Call 3,a_2,00:00:30,2024/07/03 10:00:00,2024/07/03 10:00:08,2024/07/03 10:00:38,TerminatedByDst,{A},Ext.100,10000,100,100,Forwarded,Ext.101,101,,,,,Chain: {A};Ext.100;Ext.101;"],
        [("call", A, "100", at(1, 10), 60), ("call", "100", B, at(2, 10), 0), ("call", A, "101", at(3, 10), 30)],
    ),
    "avaya": (
        "smdr.csv",
        [f"2024/07/01 10:00:00,00:01:00,9,{A},I,300,300,,0,1001,0,E300,Ann,T9001,Line 1.1,0,0",
         f"2024/07/02 10:00:00,00:00:00,12,300,O,{B},{B},,0,1002,0,E300,Ann,T9001,Line 1.1,0,0",
         f"2024/07/03 10:00:00,00:00:30,5,{C},I,300,300,,0,1003,1,E300,Ann,T9001,Line 1.1,0,0",
         f"2024/07/03 10:00:40,00:02:00,0,{C},I,300,300,,0,1003,0,E301,Bob,T9001,Line 1.1,0,0"],
        [("call", A, "300", at(1, 10), 60), ("call", "300", B, at(2, 10), 0), ("call", C, "300", at(3, 10), 30),
         ("call", C, "301", at(3, 10, 0, 40), 120)],
    ),
    "teams": (
        "pstn.csv",
        ["UsageId,Call ID,Conference ID,User Location,AAD ObjectId,UPN,User Display Name,Caller ID,Call Type,Number Type,Destination Number,Start Time,End Time,Duration Seconds",
         f"u1,c1,,DE,o1,ann@example.com,Ann,{A},user_out,User,{B},2024-07-01T10:00:00.1234567Z,2024-07-01T10:01:00.1234567Z,60",
         f"u2,c2,,DE,o1,ann@example.com,Ann,{C},user_in,User,{A},2024-07-02T10:00:00Z,2024-07-02T10:00:00Z,0"],
        [("call", A, B, datetime(2024, 7, 1, 10, 0, 0, 123456), 60), ("call", C, A, at(2, 10), 0)],
    ),
    "twilio": (
        "calls.csv",
        ["Call Sid,Status,From,To,Start Time,End Time,Duration,Price,Direction",
         f'CA1,Completed,{A},{B},2024-07-01 10:00:00 UTC,2024-07-01 10:01:00 UTC,60,-0.01,inbound', f'CA2,No Answer,{B},{A},"Tue, 02 Jul 2024 10:00:00 +0000",,20,,outbound-api'],
        [("call", A, B, at(1, 10), 60), ("call", B, A, at(2, 10), 0)],
    ),
    "twilio ": (
        "messages.csv",
        ["From,To,Body,Status,SentDate,NumSegments,Sid,Direction", f"{A},{B},x,delivered,2024-07-01T10:00:00Z,1,SM1,outbound-api",
         f"{B},{A},y,received,2024-07-01T12:05:00+02:00,1,SM2,inbound"],
        [("text", A, B, at(1, 10), 0), ("text", B, A, at(1, 10, 5), 0)],
    ),
    "plivo": (
        "calls.csv",
        ["call_uuid,from_number,to_number,call_direction,call_duration,bill_duration,initiation_time,answer_time,end_time",
         f"u1,{A},{B},inbound,12,60,2024-07-01 12:00:00+02:00,2024-07-01 12:00:05+02:00,2024-07-01 12:00:17+02:00"],
        [("call", A, B, at(1, 10), 12)],
    ),
    "plivo ": (
        "messages.csv",
        ["message_uuid,from_number,to_number,message_direction,message_state,message_time", f"m1,{A},{B},outbound,delivered,2024-07-01 10:00:00+00:00"],
        [("text", A, B, at(1, 10), 0)],
    ),
    "vonage": (
        "sms.csv",
        ["account_id,message_id,direction,from,to,date_received,date_finalized,latency,status", f"a,m1,outbound,{A},{B},2024-07-01T10:00:00Z,2024-07-01T10:00:01Z,900,delivered",
         f"a,m2,inbound,{B},{A},2024-07-01T10:05:00Z,2024-07-01T10:05:01Z,900,delivered"],
        [("text", A, B, at(1, 10), 0), ("text", B, A, at(1, 10, 5), 0)],
    ),
    "sinch": (
        "cdr.csv",
        ["CallId;UserSpaceId;CallTime;Result;Reason;Duration;AnswerTime;From;To;Amount;Currency", f"c1;1;2024-07-01T10:00:00Z;ANSWERED;N/A;60;2024-07-01T10:00:05Z;{A};{B};0.01;EUR",
         f"c2;1;2024-07-02T10:00:00Z;NOANSWER;TIMEOUT;30;;{A};{C};0;EUR"],
        [("call", A, B, at(1, 10), 60), ("call", A, C, at(2, 10), 0)],
    ),
    "cdr-stats": (
        "import.csv",
        ["switch,cdr_source_type,callid,caller_id_number,caller_id_name,destination_number,starting_date,duration,billsec,hangup_cause_id,direction",
         f"10.0.0.1,1,x1,{A},Ann,{B},2024-07-01 10:00:00,70,60,16,1", f"10.0.0.1,1,x2,{B},Bob,{A},2024-07-02 10:00:00,20,0,19,2"],
        [("call", A, B, at(1, 10), 60), ("call", B, A, at(2, 10), 0)],
    ),
    "sms-backup-restore": (
        f"{C}.csv",
        ["number,duration,date,type,presentation,readable_date,contact_name", f"{A},60,1719828000000,1,1,x,Ann", f"{A},30,1719914400000,2,1,x,Ann", f"{B},0,1720000800000,3,1,x,Bob"],
        [("call", A, C, at(1, 10), 60), ("call", C, A, at(2, 10), 30), ("call", B, C, at(3, 10), 0)],
    ),
    "sms-backup-restore ": (
        f"{C[1:]}.csv",
        ["protocol,address,date,type,subject,body", f"0,{A},1719828000000,1,null,hello", f"0,{A},1719914400000,2,null,hi", f"0,{A},1719914400000,3,null,draft"],
        [("text", A, C[1:], at(1, 10), 0), ("text", C[1:], A, at(2, 10), 0)],
    ),
    "sms-backup-restore  ": (
        f"{C}.xml",
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<calls count="2">',
            f'<call number="{A}" duration="60" date="1719828000000" type="1" presentation="1" readable_date="x" />',
            f'<call number="{B}" duration="30" date="1719914400000" type="2" presentation="1" readable_date="x" />',
            "</calls>",
        ],
        [("call", A, C, at(1, 10), 60), ("call", C, B, at(2, 10), 30)],
    ),
    "android": (
        f"{C}.csv",
        ["Call Date (timestamp),Call date,Caller name,Caller #,Call duration (s),Call duration,Call Type", f"1719828000000,x,Ann,{A},60,0:01:00,Incoming",
         f"1719914400000,x,Ann,{A},30,0:00:30,Outgoing", f"1720000800000,x,Bob,{B},7,0:00:07,Missed"],
        [("call", A, C, at(1, 10), 60), ("call", C, A, at(2, 10), 30), ("call", B, C, at(3, 10), 0)],
    ),
    "iphone": (
        f"{C}.csv",
        ["Z_PK,ZANSWERED,ZORIGINATED,ZCALLTYPE,ZDATE,ZDURATION,ZADDRESS", f"1,1,0,1,741520800.25,60.2,{A}", f"2,0,1,1,741607200,29.9,{B}"],
        [("call", A, C, datetime(2024, 7, 1, 10, 0, 0, 250000), 60), ("call", C, B, at(2, 10), 30)],
    ),
    "tap3": (
        "tap.csv",
        ["callType,msisdn,otherParty,localTimeStamp,utcTimeOffset,totalCallEventDuration,imei,cellId", f"moCall,{A},{B},20240701120000,+0200,60,352099001761481,c1",
         f"mtCall,{A},{B},20240702053000,-0430,30,,"],
        [("call", A, B, at(1, 10), 60), ("call", B, A, at(2, 10), 30)],
    ),
    "3gpp": (
        "msc.csv",
        ["recordType,servedMSISDN,otherNumber,answerTime,callDuration,servedIMEI,cellIdentifier,networkCallReference", f"mOCallRecord,{A},{B},2024-07-01 12:00:00+0200,60,352099001761481,c1,r1",
         f"mTSMSRecord,{A},{B},2024-07-02 12:00:00+0200,,,,"],
        [("call", A, B, at(1, 10), 60), ("text", B, A, at(2, 10), 0)],
    ),
    "ipdr": (
        "usage.csv",
        ["msisdn,imei,start_time,end_time,uplink_bytes,downlink_bytes,apn,cell", f"{A[1:]},352099001761481,2024-07-01 10:00:00,2024-07-01 10:05:00,1000000,9000000,internet,c1"],
        [("data", A[1:], None, at(1, 10), 0)],
    ),
}  # fmt: skip


def write(tmp_path: Path, name: str) -> Path:
    file, lines, _ = FORMATS[name]
    path = tmp_path / file
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_format_is_recognised_and_read(store, tmp_path, name):
    summary = load(store, write(tmp_path, name))
    assert summary.format == name.strip()
    assert read(store) == FORMATS[name][2]


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_the_draft_of_a_known_format_is_its_profile(tmp_path, name):
    own = tmp_path / "own.toml"
    found = draft(write(tmp_path, name))
    assert (found.format, found.undecided) == (name.strip(), ())
    own.write_text(found.text, encoding="utf-8")
    assert [replace(p, digest="") for p in mapping.load(own)] == mapping.ready(name.strip())


def test_every_ready_made_format_is_tested():
    elsewhere = {"asterisk-cel", "bandicoot", "copenhagen", "edge-list", "flowkit", "telecom-italia"}
    assert set(mapping.ready_names()) == {name.strip() for name in FORMATS} | elsewhere


@pytest.mark.parametrize("name", ["android", "iphone", "sms-backup-restore"])
def test_a_log_of_nobody_knows_whom_is_refused(store, tmp_path, name):
    path = write(tmp_path, name).rename(tmp_path / "calls.csv")
    with pytest.raises(InputError, match="one person's log"):
        load(store, path)
    with pytest.raises(InputError, match="one person's log"):
        draft(path)


def test_events_of_channels_are_no_calls(store, tmp_path):
    path = tmp_path / "cel.csv"
    path.write_text(
        "eventtype,eventtime,cid_num,exten,uniqueid,linkedid\nCHAN_START,2024-07-01 10:00:00,+34600000001,201,1.1,1.1\n"
    )
    with pytest.raises(InputError, match="events of channels"):
        load(store, path)


def test_volumes_of_ipdr_are_added(store, tmp_path):
    load(store, write(tmp_path, "ipdr"))
    assert store.read("events")["volume_mb"].to_list() == [10.0]


@pytest.mark.parametrize("lines", [
    ["From,To,Start Time,Duration,Direction", f"{A},{B},2024-07-01 10:00:00,60,outbound", f"{A},{B},2024-07-02 10:00:00,60,inbound"],
    ["callType,msisdn,otherParty,localTimeStamp,totalCallEventDuration", f"X1,{A},{B},20240701120000,60"],
    ["recordType,servedMSISDN,otherNumber,answerTime,callDuration", f"7,{A},{B},2024-07-01 12:00:00+0200,60"],
])  # fmt: skip
def test_no_format_is_chosen_by_its_names_alone(store, tmp_path, lines):
    path = tmp_path / "x.csv"
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match="no format fits"):
        load(store, path)
