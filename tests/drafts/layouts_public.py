# ruff: noqa: E501 (rows of data and their names, one a line)
"""Call records as exchanges, operators' bills, apps and research data write them, with the rows that they tell.

Numbers are invented. Each layout writes the same drawn events in its way; what a file cannot tell (seconds where it has
minutes) its expected rows do not have either.
"""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

_SEED, _ROWS = 11, 40


@dataclass(frozen=True)
class Event:
    """A contact: who called whom, when, seconds of ringing and talk; `into`: the subscriber was called."""

    n: int
    own: str
    other: str
    into: bool
    at: datetime
    ring: int
    talk: int
    text: bool
    up: int
    down: int

    @property
    def a(self) -> str:
        return self.other if self.into else self.own

    @property
    def b(self) -> str:
        return self.own if self.into else self.other

    @property
    def answer(self) -> datetime:
        return self.at + timedelta(seconds=self.ring)

    @property
    def end(self) -> datetime:
        """Without ringing: for layouts that know none."""
        return self.at + timedelta(seconds=self.talk)

    @property
    def hung_up(self) -> datetime:
        return self.answer + timedelta(seconds=self.talk)

    @property
    def whole(self) -> int:
        return self.ring + self.talk

    def way(self, out: str, into: str) -> str:
        return into if self.into else out

    def f(self, form: str, at: datetime | None = None) -> str:
        return (at or self.at).strftime(form)

    def split(self, seconds: int | None = None) -> tuple[int, int, int]:
        s = self.talk if seconds is None else seconds
        return s // 3600, s // 60 % 60, s % 60

    def hms(self, seconds: int | None = None, form: str = "{:02}:{:02}:{:02}") -> str:
        return form.format(*self.split(seconds))

    def epoch(self, per: int = 1, at: datetime | None = None) -> int:
        return int(((at or self.at) - datetime(1970, 1, 1)).total_seconds()) * per


Row = tuple[str, str, datetime, int, str]
Rows = Callable[[Event], Row]


@dataclass(frozen=True)
class Layout:
    """One file.

    Args:
        name: what writes such files.
        text: what stands in it; bytes of a workbook.
        rows: caller's digits, the called one's, start (as written), seconds, kind; MB in place of the called one of data.
        file: its name.
        refused: nobody could know, so it must not come in.
    """

    name: str
    text: str | bytes
    rows: tuple[Row, ...]
    file: str = "export.csv"
    refused: bool = False


def events(*, own: int = 5, texts: bool = False, missed: bool = True, into: bool = True, whole: int = 1) -> list[Event]:
    """Drawn events of some subscribers over two months."""
    rng = random.Random(_SEED + own)
    mine = [f"36305550{rng.randint(100, 999)}" for _ in range(own)]
    others = [f"44770{rng.randint(1000000, 9999999)}" for _ in range(18)]
    at = datetime(2024, 1, 3, 8, 0, 0)
    found = []
    for n in range(_ROWS):
        at += timedelta(seconds=rng.randint(20_000, 200_000) // whole * whole)
        text = texts and n % 3 == 1
        no = text or (missed and n % 7 == 3)
        found.append(
            Event(n, rng.choice(mine), rng.choice(others), into and rng.random() < 0.45, at, 0 if text else rng.randint(4, 40),
                  0 if no else rng.randint(2, 1900), text, rng.randint(1000, 9_000_000), rng.randint(10_000, 90_000_000))
        )  # fmt: skip
    return found


def plain(e: Event) -> Row:
    return e.a, e.b, e.at, e.talk, "text" if e.text else "call"


def _minute(e: Event) -> Row:
    return e.a, e.b, e.at.replace(second=0), e.talk, "text" if e.text else "call"


def _data(e: Event) -> Row:
    return e.own, f"{(e.up + e.down) / 1e6:.3f}", e.at, 0, "data"


def _written(head: str, lines: list[list[object]], sep: str) -> str:
    rows = [sep.join(_cell(str(v), sep) for v in line) for line in lines]
    return "\n".join([*([head] if head else []), *rows]) + "\n"


def _cell(value: str, sep: str) -> str:
    return '"' + value.replace('"', '""') + '"' if sep in value or '"' in value else value


def log(name: str, head: str, row: Callable[[Event], list[object]], *, sep: str = ",", rows: Rows = plain,
         file: str = "export.csv", refused: bool = False, **drawn: object) -> Layout:  # fmt: skip
    found = events(**drawn)  # type: ignore[arg-type]
    return Layout(name, _written(head, [row(e) for e in found], sep), tuple(map(rows, found)), file, refused)


ISO = "%Y-%m-%d %H:%M:%S"
ZULU = "%Y-%m-%dT%H:%M:%SZ"
_FR = ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."]
_DE = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
]
_ES = ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"]


def _serial(e: Event, at: datetime | None = None) -> str:
    return f"{((at or e.at) - datetime(1899, 12, 30)) / timedelta(days=1):.8f}"


def exchanges() -> list[Layout]:
    """What exchanges, proxies and hosted voice export."""
    return [
        log("opensips_acc", "id,method,from_tag,to_tag,callid,sip_code,sip_reason,time,duration,ms_duration,setuptime,created,caller,callee",
             lambda e: [e.n + 1, "INVITE", f"a{e.n}", f"b{e.n}", f"c{e.n}@pbx", 200, "OK", e.f(ISO), e.talk, e.talk * 1000 + 120, e.ring, e.f(ISO, e.at), e.a, e.b], missed=False),
        log("grandstream_ucm", "AcctId,accountcode,src,dst,dcontext,clid,channel,dstchannel,lastapp,lastdata,start,answer,end,duration,billsec,disposition,amaflags,uniqueid,userfield,channel_ext,dstchannel_ext,service,caller_name,recordfiles",
             lambda e: [e.n, "", e.a, e.b, "from-internal", f'"{e.a}" <{e.a}>', f"PJSIP/{e.a}-0001", f"PJSIP/t-{e.n}", "Dial", "", e.f(ISO), e.f(ISO, e.answer) if e.talk else "", e.f(ISO, e.hung_up), e.whole, e.talk, _told(e, "ANSWERED", "NO ANSWER"), "DOCUMENTATION", f"17{e.n:05}.{e.n}", "Outbound", e.a, "", "s", "", ""]),
        log("aircall", "line,date (TZ offset incl.),number timezone,datetime (utc),country_code,direction,from,to,answered,missed_call_reason,user,duration (total),duration (in call),via,voicemail,tags",
             lambda e: ["Main", e.f("%Y-%m-%d %H:%M:%S", e.at + timedelta(hours=1)), "Europe/Budapest", e.f(ISO), "HU", e.way("outbound", "inbound"), e.a, e.b, _told(e, "Yes", "No"), "", "Ann", e.whole, e.talk, "", "", ""]),
        log("dialpad", "call_id,category,direction,external_number,internal_number,date_started,date_connected,date_ended,talk_duration,total_duration,was_recorded,timezone",
             lambda e: [f"5{e.n:09}", e.way("outgoing", "incoming"), e.way("outbound", "inbound"), e.other, e.own, e.f(ISO), e.f(ISO, e.answer) if e.talk else "", e.f(ISO, e.hung_up), f"{e.talk / 60:.4f}", f"{e.whole / 60:.4f}", "false", "UTC"]),
        log("genesys_cloud", "Conversation Start,Conversation End,Direction,ANI,DNIS,Media Type,Talk,Duration,Disconnect Type",
             lambda e: [e.f("%m/%d/%Y %I:%M:%S %p"), e.f("%m/%d/%Y %I:%M:%S %p", e.hung_up), e.way("Outbound", "Inbound"), e.a, e.b, "voice", e.talk * 1000, e.whole * 1000, "peer"]),
        log("nec_univerge", "Start Date;Start Time;End Date;End Time;Calling Number;Called Number;Trunk",
             lambda e: [e.f("%Y/%m/%d"), e.f("%H:%M:%S"), e.f("%Y/%m/%d", e.end), e.f("%H:%M:%S", e.end), e.a, e.b, "001"], sep=";", missed=False),
        log("panasonic_smdr_csv", "Date,Time,Ext,CO,Dial Number,Ring,Duration,Acc Code,CD",
             lambda e: [e.f("%m/%d/%y"), e.f("%I:%M%p"), e.own[-3:], "01", e.way("", "<I>") + e.other, f"{e.ring // 60}'{e.ring % 60:02}", "{:02}:{:02}'{:02}".format(*e.split()), "", _told(e, "", "NA")], refused=True),
        log("cisco_ios_cdr", "unix_time,call_id,cdr_type,leg_type,h323_conf_id,peer_address,connect_time,disconnect_time,calling_number,called_number",
             lambda e: [e.epoch(at=e.end), e.n, 1, 1, f"AB{e.n}", e.b, e.f("%H:%M:%S.%f UTC %a %b %d %Y")[:12] + e.f(" UTC %a %b %d %Y"), e.f("%H:%M:%S.000 UTC %a %b %d %Y", e.end), e.a, e.b], missed=False),
        log("mitel_micollab", "Call Start;Duration;Time to Answer;Calling Party;Called Party;Digits Dialed",
             lambda e: [e.f("%d/%m/%Y %H:%M:%S"), e.hms(), e.ring, e.a, e.b, e.b], sep=";", missed=False),
        log("broadworks", "recordId,type,userNumber,direction,callingNumber,calledNumber,startTime,answerIndicator,answerTime,releaseTime,terminationCause",
             lambda e: [f"{e.n:010}", "Normal", e.own, e.way("Originating", "Terminating"), e.a, e.b, e.f("%Y%m%d%H%M%S.000"), _told(e, "Yes", "No"), e.f("%Y%m%d%H%M%S.000", e.answer) if e.talk else "", e.f("%Y%m%d%H%M%S.000", e.hung_up), "016"]),
    ]  # fmt: skip


def switches() -> list[Layout]:
    """Decoded records of switches, usage of data, and what radius writes."""
    return [
        log("ericsson_msc", "recordType;callingPartyNumber;calledPartyNumber;dateForStartOfCharge;timeForStartOfCharge;chargeableDuration;imsi",
             lambda e: [e.way("MOC", "MTC"), e.a, e.b, e.f("%y%m%d"), e.f("%H%M%S"), e.hms(form="{:02}{:02}{:02}"), f"21630{e.n:010}"], sep=";", missed=False),
        log("nokia_msc", "call_reference;calling_number;called_number;in_channel_allocated_time;charging_start_time;charging_end_time",
             lambda e: [f"AF{e.n:04}", e.a, e.b, e.f("%d-%m-%Y %H:%M:%S"), e.f("%d-%m-%Y %H:%M:%S", e.answer), e.f("%d-%m-%Y %H:%M:%S", e.hung_up)], sep=";", missed=False),
        log("radacct_data", "radacctid,acctsessionid,username,nasipaddress,acctstarttime,acctstoptime,acctsessiontime,acctinputoctets,acctoutputoctets,callingstationid",
             lambda e: [e.n, f"8100{e.n:04}", e.own, "10.0.0.1", e.f(ISO), e.f(ISO, e.end), e.talk, e.up, e.down, e.own], rows=_data),
        log("mixed_units", "msisdn;other_party;service;start;quantity;unit",
             lambda e: [e.own, "" if e.n % 4 == 2 else e.other, "data" if e.n % 4 == 2 else "voice", e.f(ISO), e.up // 1000 if e.n % 4 == 2 else e.talk, "KB" if e.n % 4 == 2 else "SEC"], sep=";", missed=False, into=False,
             rows=lambda e: (e.own, f"{e.up // 1000 / 1000:.3f}", e.at, 0, "data") if e.n % 4 == 2 else plain(e), refused=True),
        log("epoch_us", "caller,callee,start_us,end_us",
             lambda e: [e.a, e.b, e.epoch(10**6), e.epoch(10**6, e.end)], missed=False),
        log("excel_serials", "Caller;Called;Start;Talk time (s)", lambda e: [e.a, e.b, _serial(e), e.talk], sep=";"),
        log("sql_dump_nulls", "id,a_number,b_number,started_at,answered_at,ended_at,cell_id",
             lambda e: [e.n, e.a, e.b, e.f(ISO) + ".000000", e.f(ISO, e.answer) + ".000000" if e.talk else "\\N", e.f(ISO, e.hung_up) + ".000000", "\\N"]),
        log("headerless_words", "", lambda e: [e.own, e.other, e.way("OUT", "IN"), "SMS" if e.text else "CALL", e.f("%d.%m.%Y %H:%M:%S"), e.talk], sep=";", texts=True, missed=False),
        log("headerless_us", "", lambda e: ["1" + e.a[-10:], "1" + e.b[-10:], e.f("%m/%d/%Y %I:%M:%S %p"), e.hms()], rows=lambda e: ("1" + e.a[-10:], "1" + e.b[-10:], e.at, e.talk, "call")),
        log("headerless_days_clocks", "", lambda e: [e.n, e.a, e.b, e.f("%d/%m/%Y"), e.f("%d/%m/%Y", e.end), e.f("%H:%M:%S"), e.f("%H:%M:%S", e.end), "Local"], missed=False),
        log("offset_minutes", "caller,callee,start_local,utc_offset_minutes,duration_sec",
             lambda e: [e.a, e.b, e.f(ISO, e.at + timedelta(minutes=120)), 120, e.talk]),
        log("offset_hhmm", "caller,callee,start_time,utc_offset,duration_sec",
             lambda e: [e.a, e.b, e.f(ISO, e.at + timedelta(minutes=330)), "+0530", e.talk]),
        log("midnight_24", "A;B;Start;Sec", lambda e: [e.a, e.b, e.f("%d/%m/%Y 24:00:00") if e.n % 9 == 0 else e.f("%d/%m/%Y %H:%M:%S"), e.talk], sep=";",
             rows=lambda e: (e.a, e.b, datetime(e.at.year, e.at.month, e.at.day) + timedelta(days=1) if e.n % 9 == 0 else e.at, e.talk, "call")),
    ]  # fmt: skip


def bills() -> list[Layout]:
    """Itemised bills in several languages; most have outgoing calls only."""
    one = {"missed": False, "into": False}
    return [
        log("de_o2_months", "Rufnummer;Zeitpunkt;Zielnummer;Dauer (Sek.)",
             lambda e: [e.own, f"{e.at.day}. {_DE[e.at.month - 1]} {e.at.year} {e.f('%H:%M')}", e.other, e.talk], sep=";", rows=_minute, **one),
        log("de_minutes_comma", "Anschluss;Datum;Uhrzeit;Gewählte Rufnummer;Dauer in Minuten;Preis",
             lambda e: [e.own, e.f("%d.%m.%y"), e.f("%H:%M"), e.other, f"{e.talk // 6 / 10:.1f}".replace(".", ","), "0,00"], sep=";", rows=lambda e: (e.a, e.b, e.at.replace(second=0), e.talk // 6 * 6, "call"), **one),
        log("fr_facture", "N° appelant;Date;Heure;N° appelé;Durée;Type;Montant HT",
             lambda e: [e.own, e.f("%d/%m/%Y"), e.f("%H:%M:%S"), e.other, e.hms(form="{:02}h{:02}min{:02}s") if e.n % 2 else e.hms(form="{:02}h{:02}m{:02}s"), "National", "0,00"], sep=";", **one),
        log("fr_mois", "Ligne;Date;Correspondant;Durée (s);Sens",
             lambda e: [e.own, f"{e.at.day} {_FR[e.at.month - 1]} {e.at.year} {e.f('%H:%M')}", e.other, e.talk, e.way("Émis", "Reçu")], sep=";", rows=_minute, missed=False),
        log("es_factura", "Línea;Fecha;Hora;Número llamado;Duración (min:seg);Importe",
             lambda e: [e.own, e.f("%d/%m/%Y"), e.f("%H:%M:%S"), e.other, f"{e.talk // 60:02}:{e.talk % 60:02}", "0,10"], sep=";", **one),
        log("es_meses", "Origen,Destino,Fecha y hora,Segundos", lambda e: [e.a, e.b, f"{e.at.day:02}/{_ES[e.at.month - 1]}/{e.at.year} {e.f('%H:%M:%S')}", e.talk], missed=False),
        log("pl_biling", "Numer telefonu;Data;Godzina;Numer wybrany;Czas trwania;Typ usługi;Koszt",
             lambda e: [e.own, e.f("%Y-%m-%d"), e.f("%H:%M:%S"), e.other, e.hms(), "SMS" if e.text else "Rozmowa głosowa", "0,00"], sep=";", texts=True, **one),
        log("pt_fatura", "Telefone;Data;Hora;Número Chamado;Duração;Tipo",
             lambda e: [e.own, e.f("%d/%m/%Y"), e.f("%H:%M:%S"), e.other, f"{e.talk // 60}m{e.talk % 60:02}s", "Chamada local"], sep=";", **one),
        log("uk_vodafone", "Mobile number,Date,Time,Number called,Duration,Cost",
             lambda e: ["0" + e.own[2:], e.f("%d %b %Y"), e.f("%H:%M:%S"), e.other, e.hms(), "£0.00"], rows=lambda e: ("0" + e.own[2:], e.other, e.at, e.talk, "call"), **one),
        log("us_verizon", "Wireless Number,Date,Time,Number,Origination,Destination,Min.,Airtime Charges",
             lambda e: [e.own, e.f("%m/%d/%Y"), e.f("%I:%M %p"), e.other, "Boston MA", "Incoming CL" if e.into else "Salem MA", -(-e.talk // 60), "--"], missed=False, refused=True),
        log("nl_spec", "Gebeld vanaf;Datum;Tijd;Gebeld nummer;Duur;Soort gesprek",
             lambda e: [e.own, e.f("%d-%m-%Y"), e.f("%H:%M:%S"), e.other, e.hms(), "sms" if e.text else "Mobiel bellen"], sep=";", texts=True, **one),
        log("cz_vypis", "Volající číslo;Volané číslo;Datum a čas;Délka (s)", lambda e: [e.a, e.b, e.f("%d.%m.%Y %H:%M:%S"), e.talk], sep=";", missed=False),
        log("ro_factura", "Număr apelant;Număr apelat;Data și ora;Durata (sec)", lambda e: [e.a, e.b, e.f("%d.%m.%Y %H:%M:%S"), e.talk], sep=";", missed=False),
        log("ru_detalizaciya", "Исходящий номер;Входящий номер;Дата;Время;Длительность (мин:сек)",
             lambda e: [e.a, e.b, e.f("%d.%m.%Y"), e.f("%H:%M:%S"), f"{e.talk // 60}:{e.talk % 60:02}"], sep=";", missed=False),
        log("spelled_english", "Phone Number,Other Number,Direction,Call Date,Call Length",
             lambda e: [e.own, e.other, e.way("Outgoing", "Incoming"), e.f("%B %d, %Y %I:%M:%S %p"), " ".join(f"{n}{u}" for n, u in zip(e.split(), "hms", strict=True) if n) or "0s"]),
    ]  # fmt: skip


def research() -> list[Layout]:
    """Public data sets and what apps write; some are no call records at all."""
    sums = [e for e in events() if e.talk]
    return [
        log("nodobo", "user,other,direction,duration,timestamp",
             lambda e: [e.own, e.other, e.way("Outgoing", "Incoming") if e.talk or not e.into else "Missed", e.talk, e.f("%a %b %d %H:%M:%S UTC %Y")]),
        log("reality_mining", "person_oid,endtime,starttime,other_oid,direction,duration,description",
             lambda e: [e.own[-4:], e.f(ISO, e.end), e.f(ISO), e.other[-4:], e.way("Outgoing", "Incoming"), e.talk, "Voice call"], missed=False,
             rows=lambda e: (e.a[-4:], e.b[-4:], e.at, e.talk, "call")),
        log("social_evolution", "user_id,time_stamp,duration,dest_user_id_if_known,dest_phone_hash",
             lambda e: [e.own[-3:], e.f(ISO), e.talk, e.other[-3:] if e.n % 3 == 0 else "", f"h{e.other}"], missed=False, into=False, refused=True),
        log("studentlife_sms", "sender,receiver,timestamp", lambda e: [e.a, e.b, e.epoch()], file="sms.csv", rows=lambda e: (e.a, e.b, e.at, 0, "text")),
        log("d4d_set2", "", lambda e: [e.n % 7, e.f(ISO), 400 + e.n % 9], refused=True),
        Layout("d4d_set1", _written("", [[e.f("%Y-%m-%d %H:00:00"), 100 + e.n % 7, 200 + e.n % 5, 1 + e.n % 9, e.talk] for e in sums], ","), (), refused=True),
        Layout("telecom_italia_grid", _written("square_id,time_interval,country_code,sms_in,sms_out,call_in,call_out,internet", [[e.n, e.epoch(1000), 39, f"0.{e.n:02}", "0.1", "0.2", f"0.3{e.n:02}", "11.02"] for e in sums], ","), (), refused=True),
        Layout("churn_table", _written("phone_number,account_length,day_mins,day_calls,eve_mins,churn", [[f"382-4{e.n:03}", e.n, f"{e.talk / 10:.1f}", e.n % 99, "12.1", "False"] for e in sums], ","), (), refused=True),
        log("phone_app_ego", "Type,Number,Date,Duration", lambda e: [e.way("Outgoing", "Incoming"), e.other, e.f("%d.%m.%Y %H:%M:%S"), e.hms(form="{:d}h {:d}m {:d}s")], file="36305550999.csv", own=1, missed=False,
             rows=lambda e: ("36305550999" if not e.into else e.other, e.other if not e.into else "36305550999", e.at, e.talk, "call")),
        Layout("json_api", json.dumps([{"callId": f"c{e.n}", "from": "+" + e.a, "to": "+" + e.b, "direction": e.way("outbound", "inbound"), "startTime": e.at.isoformat() + ".000Z", "answerTime": e.answer.isoformat() + ".000Z" if e.talk else None, "endTime": e.hung_up.isoformat() + ".000Z"} for e in events()]),
               tuple(map(plain, events())), "export.json"),
        Layout("json_lines_ms", "\n".join(json.dumps({"caller_number": e.a, "destination": e.b, "start_ms": e.epoch(1000), "talk_ms": e.talk * 1000}) for e in events()) + "\n", tuple(map(plain, events())), "export.jsonl"),
        _workbook(),
    ]  # fmt: skip


def _workbook() -> Layout:
    """An export of a spreadsheet: days, clocks and lengths are numbers with a form."""
    import xlsxwriter

    held = io.BytesIO()
    own = events(missed=False)
    with xlsxwriter.Workbook(held) as book:
        page = book.add_worksheet()
        day, clock, length = (book.add_format({"num_format": form}) for form in ("dd/mm/yyyy", "hh:mm:ss", "[h]:mm:ss"))
        page.write_row(0, 0, ["Call log"])
        page.write_row(1, 0, ["Caller", "Called number", "Date", "Time", "Duration"])
        for n, e in enumerate(own, start=2):
            page.write_row(n, 0, [e.a, e.b])
            page.write_datetime(n, 2, e.at.date(), day)
            page.write_datetime(n, 3, e.at.time(), clock)
            page.write_datetime(n, 4, timedelta(seconds=e.talk), length)
    return Layout("workbook", held.getvalue(), tuple(map(plain, own)), "export.xlsx")


def _told(e: Event, yes: str, no: str) -> str:
    return yes if e.talk or e.text else no


def more() -> list[Layout]:
    """What else stands in such files: two things in one column, one thing in two, times without a day of their own."""
    return [
        log("direction_and_kind","MSISDN,B-Party,Call Type,Date & Time,Duration,Cell ID,Site",lambda e:[e.own,e.other,e.way("Outgoing","Incoming")+(" SMS" if e.text else ""),e.f("%m/%d/%Y %H:%M"),e.talk,"410-4-1","Lahore"],texts=True,rows=_minute,missed=False),
        log("clock_of_the_end","Originador;Recebedor;Data;Hora Inicio;Hora Fim;Tipo",lambda e:[e.a,e.b,e.f("%d/%m/%Y"),e.f("%H:%M:%S"),e.f("%H:%M:%S",e.end),"VOZ"],sep=";",missed=False),
        log("kinds_in_plurals","Telefono Origen,Telefono Destino,Fecha,Hora,Duracion(seg),Tipo,Latitud,Longitud",lambda e:[e.a,e.b,e.f("%d-%m-%Y"),e.f("%H:%M:%S"),e.talk,"MENSAJES 2 VIAS" if e.text else "VOZ SALIENTE","19.4","-99.1"],texts=True,missed=False, into=False),
        log("days_and_clocks_of_digits","calling_msisdn,called_msisdn,call_dt,call_tm,dur_sec",lambda e:[e.a,e.b,e.f("%Y%m%d"),e.f("%H%M%S"),e.talk],missed=False),
        log("peer_msisdn","cdr_id,subscriber_msisdn,peer_msisdn,direction,event_start_ts,event_end_ts,event_type,cell_tower",lambda e:[e.n,e.own,e.other,e.way("originating","terminating"),e.f(ISO),e.f(ISO,e.end),"sms" if e.text else "voice",f"T{e.n}"],texts=True,missed=False),
        log("made_before_answer","id,createdAt,completedAt,direction,from,to,duration,status,answeredAt",lambda e:[f"AC{e.n}",e.f("%Y-%m-%dT%H:%M:%SZ"),e.f("%Y-%m-%dT%H:%M:%SZ",e.hung_up),e.way("outgoing","incoming"),"+"+e.a,"+"+e.b,e.talk,_told(e, "completed","no-answer"),e.f("%Y-%m-%dT%H:%M:%SZ",e.answer) if e.talk else ""]),
        Layout("whole_thousands","\n".join(json.dumps({"accountId":"1","sourceTn":"+"+e.a,"destinationTn":"+"+e.b,"startTime":e.at.isoformat()+"Z","duration":e.talk*1000,"callDirection":e.way("OUTBOUND","INBOUND"),"callResult":"COMPLETED"}) for e in events(missed=False))+"\n",tuple(map(plain,events(missed=False))),"cdr.jsonl"),
        log("volumes_of_days","MSISDN;Datum;Datenvolumen (MB)",lambda e:[e.own,e.f("%d.%m.%Y"),f"{e.up/1e6:.3f}".replace(".",",")],sep=";",refused=True),
        log("minutes_and_seconds","caller,called,start,minutes,seconds",lambda e:[e.a,e.b,e.f(ISO),e.talk//60,e.talk%60],missed=False),
        log("total_and_answer","calling,called,call_time,answer_time,total_sec,result",lambda e:[e.a,e.b,e.f(ISO),e.f(ISO,e.answer) if e.talk else "",e.whole,_told(e, "answered","busy")]),
        log("codes_of_sip","caller,callee,start,duration,sip_code",lambda e:[e.a,e.b,e.f(ISO),e.whole,200 if e.talk else 486],rows=lambda e:(e.a,e.b,e.at,e.whole if e.talk else 0,"call")),
        log("codes_of_a_direction", "msisdn_a,msisdn_b,type_id,start,seconds", lambda e: [e.own, e.other, e.way("1", "2"), e.f(ISO), e.talk], missed=False, refused=True),
        log("start_of_a_session", "SessionIdTime,FromNumber,ToNumber,ConnectTime,SessionEndTime", lambda e: [e.f(ISO) + ".000", e.a, e.b, e.f(ISO, e.answer) + ".000", e.f(ISO, e.hung_up) + ".000"], missed=False),
        log("texts_without_lengths", "a_party,b_party,service_type,call_start,call_duration", lambda e: [e.a, e.b, "SMS-MO" if e.text else "VOICE-MO", e.f(ISO), "NA" if e.text else e.talk], texts=True, missed=False, into=False),
        log("japanese", "発信者番号,着信者番号,開始日時,通話時間(秒)", lambda e: [e.a, e.b, e.f("%Y/%m/%d %H:%M:%S"), e.talk], missed=False),
    ]  # fmt: skip


def carriers() -> list[Layout]:
    """What hosted voice, switches, bills and message centres write; each taught the draft something."""
    return [
        log("alcatel_oxe","TicketVersion;CalledNumber;ChargedNumber;ChargedUserName;StartDateTime;EndDateTime;EffectiveCallDuration;ComType;Direction", lambda e:["ED5.2",e.b,e.a,"ANN",e.f("%Y%m%d %H:%M:%S"),e.f("%Y%m%d %H:%M:%S",e.end),e.talk,"PublicNetworkOutgoing","Outgoing"],sep=";",into=False),
        log("units_of_ten_ms","Record Type,Gateway Name,Start Time,Calling Number,Called Number,Call Duration (10 ms),Disconnect Reason", lambda e:["STOP","GW1",e.f(ISO),e.a,e.b,e.talk*100,"16"],missed=False),
        log("nokia_ten_ms","RECORD_TYPE;CALLING_NUMBER;CALLED_NUMBER;CHARGING_START_TIME;ORIG_MCZ_DURATION_TEN_MS", lambda e:["MOC",e.a,e.b,e.f("%d-%m-%Y %H:%M:%S"),e.talk*100],sep=";",missed=False),
        log("telnyx","Id,Originating Number,Terminating Number,Started At,Answered At,Finished At,Call Sec,Billed Sec,Cost", lambda e:[e.n,"+"+e.a,"+"+e.b,e.f(ZULU),e.f(ZULU,e.answer) if e.talk else "",e.f(ZULU,e.hung_up),e.talk,-(-e.talk//60)*60,"0.01"]),
        log("voip_ms","Date,CallerID,Destination,Description,Account,Disposition,Duration,Seconds,CallRate,TotalCost", lambda e:[e.f(ISO),f'"Ann {e.n}" <{e.a}>',e.b,"Outbound","100001",_told(e,"ANSWERED","NO ANSWER"),e.hms(),e.talk,"0.01","0.02"],into=False),
        log("own_number_beside_number","Datum;Richtung;Eigene Rufnummer;Rufnummer;Status;Dauer", lambda e:[e.f("%d.%m.%Y %H:%M:%S"),e.way("ausgehend","eingehend"),e.own,e.other,_told(e,"angenommen","verpasst"),e.hms()],sep=";"),
        log("fr_destination_in_words","Ligne;Date;Heure;Numéro appelé;Destination;Durée;Type;Montant HT",lambda e:[e.own,e.f("%d/%m/%Y"),e.f("%H:%M:%S"),e.other,"Mobile",e.hms(),"Appel","0,10"],sep=";",into=False,missed=False),
        log("es_texts_among_calls","Línea;Fecha;Hora;Nº llamado;Tipo destino;Duración/Cantidad;Importe",lambda e:[e.own,e.f("%d/%m/%Y"),e.f("%H:%M:%S"),e.other,"SMS" if e.text else "Móvil","1" if e.text else e.hms(),"0,1"],sep=";",into=False,missed=False,texts=True),
        log("smsc_log","submit_time,done_time,source_addr,destination_addr,status,msg_id,esm_class",lambda e:[e.f(ISO),e.f(ISO,e.at+timedelta(seconds=4)),e.a,e.b,"DELIVRD" if e.n%5 else "UNDELIV",f"m{e.n}",0],rows=lambda e:(e.a,e.b,e.at,0,"text")),
        log("octets_in_and_out","msisdn,apn,session_start,session_end,octets_in,octets_out,rat",lambda e:[e.own,"web",e.f(ISO),e.f(ISO,e.end),e.down,e.up,"LTE"],rows=_data),
        log("volumes_of_gprs","servedMSISDN;recordOpeningTime;duration;dataVolumeGPRSUplink;dataVolumeGPRSDownlink;apn",lambda e:[e.own,e.f(ZULU),e.talk,e.up,e.down,"web"],sep=";",rows=_data),
    ]  # fmt: skip


def every() -> list[Layout]:
    """All of them."""
    return [*exchanges(), *switches(), *bills(), *research(), *more(), *carriers()]
