# ruff: noqa: E501 (rows of data and their names, one a line)
"""Layouts that came in wrong, or did not although one can read them, before the draft was taught their kind."""

from __future__ import annotations

from tests.drafts.layouts_public import ISO, ZULU, Event, Layout, Row, log, plain


def _hms(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _ego(e: Event) -> Row:
    """The file's name is the subscriber."""
    return (e.other, "36305550777", *plain(e)[2:]) if e.into else ("36305550777", e.other, *plain(e)[2:])


def every() -> list[Layout]:
    """All of them."""
    day, router = "%d.%m.%Y %H:%M:%S", "%H:%M:%S.000 UTC %a %b %d %Y"
    return [
        log("ids_of_records_and_customers", "ContactId,Channel,InitiationMethod,SystemEndpoint,CustomerEndpoint,InitiationTimestamp,ConnectedToAgentTimestamp,DisconnectTimestamp,AgentInteractionDuration",
            lambda e: [f"i{e.n}", "VOICE", e.way("OUTBOUND", "INBOUND"), "+" + e.own, "+" + e.other, e.f(ZULU), e.f(ZULU, e.answer), e.f(ZULU, e.hung_up), e.talk], missed=False),
        log("callers_by_turns", "callEventType,chargeableSubscriber,calledNumber,callingNumber,callEventStartTimeStamp,totalCallEventDuration",
            lambda e: [e.way("MOC", "MTC"), e.own, "" if e.into else e.other, e.other if e.into else "", e.f("%Y%m%d%H%M%S"), e.talk], missed=False),
        log("clocks_before_days", "CDR ID|Src number bill|Dst number bill|Setup time|Connect time|Disconnect time|Elapsed time",
            lambda e: [e.n, e.a, e.b, e.f(router), e.f(router, e.answer) if e.talk else "", e.f(router, e.hung_up), e.talk], sep="|"),
        log("cancelled_is_outgoing", "Call type,Date,Duration,Number,Contact,Service",
            lambda e: [e.way("Outgoing", "Incoming") if e.talk else e.way("Cancelled", "Missed"), e.f(ISO), _hms(e.talk), "+" + e.other, "Ann Bell", "Phone"], file="36305550777.csv", own=1, rows=_ego),
        log("lengths_in_days", "Caller;Receiver;Start;End;Duration", lambda e: [e.a, e.b, e.f(day), e.f(day, e.end), f"{e.talk / 86400:.9f}".replace(".", ",")], sep=";", missed=False),
        log("codes_of_kinds", "caller,callee,start,duration,class", lambda e: [e.a, e.b, e.f(ISO), e.talk, "X2" if e.text else "X1"], texts=True, missed=False, refused=True),
        log("texts_in_a_note", "caller,called,start,duration,note", lambda e: [e.a, e.b, e.f(ISO), e.talk, "SMS sent" if e.text else ""], texts=True, missed=False, refused=True),
        log("end_for_a_start", "caller,callee,time,duration,end_time", lambda e: [e.a, e.b, e.f(ISO, e.end), e.talk, e.f(ISO, e.end)], missed=False, refused=True),
        log("pairs_without_order", "user_a,user_b,initiated_by,ts,dur", lambda e: [e.own, e.other, e.way("a", "b"), e.epoch(), e.talk], missed=False, refused=True),
        log("destination_in_words", "Anschlussnummer;Datum/Zeit;Ziel;Gewählte Nummer;Dauer;Dienst", lambda e: [e.own, e.f(day), "Mobile", e.other, f"{e.talk // 60}' {e.talk % 60:02}\"", "Gespräch"], sep=";", missed=False, into=False),
        log("units_in_words", "通话类型,对方号码,本机号码,起始时间,通话时长", lambda e: [e.way("主叫", "被叫"), e.other, e.own, e.f(ISO), f"{e.talk // 60}分{e.talk % 60}秒"], missed=False),
        log("customers_named_callers", "Caller Number,Employee Number,Call Type,Date,Time,Duration", lambda e: ["+" + e.other, "+" + e.own, e.way("Outgoing", "Incoming"), e.f("%d-%m-%Y"), e.f("%I:%M:%S %p"), _hms(e.talk)], missed=False),
    ]  # fmt: skip
