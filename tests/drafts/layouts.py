# ruff: noqa: E501 (rows of data and their names, one a line)
"""Files of call records in drawn layouts, with the rows they tell: names in a language, order, delimiter, forms of times
and lengths, codes of directions, both parties named or a subscriber and another one, units, kinds, columns beside."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

# caller, callee, subscriber, other, direction, start, end, answer, duration, talk, ring, kind, answered, date, clock
_WORDS = {
    "en": ["A-Number", "Called Number", "msisdn", "Other Party", "Direction", "Start Time", "End Time", "Answer Time", "Duration", "billsec", "Ring Time", "Call Type", "Status", "Date", "Time"],
    "en2": ["calling_party", "called_party", "subscriber_id", "counterpart", "call_direction", "call_start", "call_end", "connect_time", "duration_sec", "talk_time", "ring_duration", "service", "disposition", "call_date", "call_time"],
    "de": ["Anrufer", "Angerufene Nummer", "Teilnehmer", "Gegenstelle", "Richtung", "Beginn", "Ende", "Annahme", "Dauer", "Gesprächsdauer", "Rufdauer", "Dienst", "Ergebnis", "Datum", "Uhrzeit"],
    "es": ["Número Origen", "Número Destino", "Abonado", "Interlocutor", "Sentido", "Fecha Inicio", "Fecha Fin", "Hora Respuesta", "Duración", "Duración Conversación", "Timbre", "Tipo de Servicio", "Resultado", "Fecha", "Hora"],
    "fr": ["Appelant", "Appelé", "Abonné", "Correspondant", "Sens", "Début", "Fin", "Heure réponse", "Durée", "Durée conversation", "Sonnerie", "Type d'appel", "Statut", "Date", "Heure"],
    "it": ["Chiamante", "Chiamato", "Utenza", "Interlocutore", "Direzione", "Inizio", "Fine", "Ora risposta", "Durata", "Durata conversazione", "Squillo", "Tipo chiamata", "Esito", "Data", "Ora"],
    "pt": ["Origem", "Destino", "Assinante", "Interlocutor", "Direção", "Início", "Fim", "Hora atendimento", "Duração", "Tempo de conversação", "Toque", "Tipo de serviço", "Situação", "Data", "Hora"],
    "hu": ["hívó", "hívott", "előfizető", "másik fél", "irány", "kezdet", "vége", "fogadás ideje", "időtartam", "beszélgetés", "csengetés", "típus", "eredmény", "dátum", "óra idő"],
    "pl": ["Numer dzwoniący", "Numer wybierany", "Abonent", "Rozmówca", "Kierunek", "Data rozpoczęcia", "Data zakończenia", "Czas odebrania", "Czas trwania", "Czas rozmowy", "Dzwonienie", "Rodzaj połączenia", "Wynik", "Dzień", "Godzina"],
    "nl": ["Bellend nummer", "Gebeld nummer", "Abonnee", "Tegenpartij", "Richting", "Starttijd", "Eindtijd", "Beantwoord om", "Duur", "Gesprekstijd", "Beltijd", "Soort", "Resultaat", "Datum", "Tijd"],
    "sv": ["Uppringande nummer", "Uppringt nummer", "Abonnent", "Motpart", "Riktning", "Starttid", "Sluttid", "Svarstid", "Varaktighet", "Samtalstid", "Ringtid", "Samtalstyp", "Utfall", "Dag", "Klockslag"],
    "tr": ["Arayan Numara", "Aranan Numara", "Abone No", "Karşı Taraf", "Yön", "Başlangıç Zamanı", "Bitiş Zamanı", "Cevap Zamanı", "Süre", "Konuşma Süresi", "Çalma Süresi", "Arama Türü", "Sonuç", "Tarih", "Saat"],
    "ru": ["Вызывающий", "Вызываемый", "Абонент", "Собеседник", "Направление", "Начало", "Конец", "Время ответа", "Длительность", "Длительность разговора", "Время дозвона", "Тип услуги", "Результат", "Дата", "Время"],
    "zh": ["主叫号码", "被叫号码", "用户号码", "对方号码", "方向", "开始时间", "结束时间", "应答时间", "时长", "通话时长", "振铃时长", "业务类型", "通话状态", "日期", "时间"],
}  # fmt: skip
_ROLES = [
    "caller",
    "callee",
    "subscriber",
    "other",
    "direction",
    "start",
    "end",
    "answer",
    "duration",
    "talk",
    "ring",
    "kind",
    "answered",
    "date",
    "clock",
]
# outgoing, incoming, call, text, answered, not answered
_CODES = {
    "en": ["Outgoing", "Incoming", "Voice", "SMS", "ANSWERED", "NO ANSWER"], "en2": ["MOC", "MTC", "call", "text", "answered", "busy"],
    "de": ["ausgehend", "eingehend", "Sprache", "SMS", "angenommen", "besetzt"], "es": ["saliente", "entrante", "voz", "mensaje", "contestada", "ocupado"],
    "fr": ["Sortant", "Entrant", "Voix", "SMS", "répondu", "occupé"], "it": ["in uscita", "in entrata", "Voce", "SMS", "risposto", "occupato"],
    "pt": ["saída", "entrada", "Voz", "SMS", "atendida", "ocupado"], "hu": ["kimenő", "bejövő", "hívás", "SMS", "fogadott", "foglalt"],
    "pl": ["wychodzące", "przychodzące", "rozmowa", "SMS", "odebrane", "zajęte"], "nl": ["uitgaand", "inkomend", "gesprek", "SMS", "beantwoord", "bezet"],
    "sv": ["utgående", "inkommande", "samtal", "SMS", "besvarat", "upptaget"], "tr": ["giden", "gelen", "arama", "SMS", "cevaplandı", "meşgul"],
    "ru": ["исходящий", "входящий", "звонок", "СМС", "отвечен", "занято"], "zh": ["主叫", "被叫", "语音", "短信", "已接通", "未接通"],
}  # fmt: skip
_FORMS = [
    "iso",
    "iso_z",
    "iso_offset",
    "dmy_dot",
    "dmy_slash",
    "mdy_ampm",
    "epoch",
    "epoch_ms",
    "compact",
    "split",
    "named",
    "ymd_slash",
]
_LENGTHS = ["talk", "plain", "both", "end", "answer_end", "ring", "hms", "minutes", "ms", "total_answer"]
# What has gone wrong in real files: the subscriber in a column named as the caller's, days up to the twelfth, each contact
# twice, a time of loading, numbers dialled beside those reached, billed lengths, kilobytes beside parties, names.
_TRAPS = [
    "always_first",
    "first_days",
    "two_legs",
    "loaded",
    "forwarded",
    "billed",
    "volumes",
    "names",
    "no_header",
    "comma",
    "quoted",
]


@dataclass(frozen=True)
class Layout:
    """One drawn file: its text, the rows it tells (caller, callee, start, seconds, kind), and what was drawn."""

    text: str
    rows: list[tuple[str, str, datetime, int, str]]
    about: str


def draw(seed: int) -> Layout:
    """The file of a seed."""
    rng = random.Random(seed)
    language = rng.choice(sorted(_WORDS))
    name = dict(zip(_ROLES, _WORDS[language], strict=True))
    code = _CODES[language]
    form, length = rng.choice(_FORMS), rng.choice(_LENGTHS)
    own = rng.random() < 0.5
    coding = rng.choice(["words", "words", "letters", "numbers"]) if own else rng.choice(["", "", "words", "numbers"])
    kinds = rng.random() < 0.4 and length in ("talk", "plain", "both", "hms")
    told = rng.random() < 0.4 or length == "ring"
    trap = rng.choice(_TRAPS) if rng.random() < 0.6 else ""
    if trap == "always_first" and not own:
        trap = ""
    short = trap == "first_days" and form in ("dmy_slash", "mdy_ampm")
    events = _events(rng, kinds=kinds, whole=60 if form == "mdy_ampm" else 1, short=short)
    if trap == "two_legs" and own:
        events = [leg for e in events for leg in (e, e | {"in": not e["in"]})]
    letters = (
        rng.choice([("O", "I"), ("S", "E")])
        if coding == "letters"
        else ("1", "2")
        if coding == "numbers"
        else tuple(code[:2])
    )
    columns: dict[str, list[str]] = {}
    first, second = ("subscriber", "other") if own and trap != "always_first" else ("caller", "callee")
    columns[name[first]] = [e["callee"] if own and e["in"] else e["caller"] for e in events]
    columns[name[second]] = [e["caller"] if own and e["in"] else e["callee"] for e in events]
    if coding:
        columns[name["direction"]] = [letters[e["in"]] for e in events]
    _put_time(columns, name, "start", form, [e["at"] for e in events])
    _put_length(columns, name, length, form, events, comma=trap == "comma")
    if trap == "loaded":
        columns["inserted_at"] = [
            (e["at"] + timedelta(days=1, seconds=7)).strftime("%Y-%m-%d %H:%M:%S") for e in events
        ]
    if trap == "forwarded" and not own:
        columns["Original Called Number"] = [
            e["callee"][:-1] + "0" if i % 3 else e["callee"] for i, e in enumerate(events)
        ]
    if trap == "billed":
        columns["billed_seconds"] = [str(-(-e["seconds"] // 60) * 60) for e in events]
    if trap == "volumes":
        columns["uplink_kb"] = [str(rng.randint(0, 9)) for _ in events]
        columns["downlink_kb"] = [str(rng.randint(0, 99)) for _ in events]
    if trap == "names":
        columns["caller name"] = [f"Person {e['caller'][-3:]}" for e in events]
    if kinds:
        columns[name["kind"]] = [code[3] if e["text"] else code[2] for e in events]
    if told:
        columns[name["answered"]] = [code[4] if e["seconds"] or e["text"] else code[5] for e in events]
    for noise in rng.sample(["price", "cell_id", "imsi", "record no", "operator"], rng.randint(0, 3)):
        columns[noise] = [_noise(rng, noise, i) for i in range(len(events))]
    order = list(columns)
    if trap != "no_header":  # without names the caller stands first: only that order tells
        rng.shuffle(order)
    delimiter = rng.choice([",", ";", "\t", "|"])
    header = trap != "no_header"
    if trap == "quoted" or (trap == "comma" and delimiter == ","):
        columns = {c: [f'"{v}"' for v in values] for c, values in columns.items()}
    lines = [delimiter.join(order)] * header + [
        delimiter.join(columns[c][i] for c in order) for i in range(len(events))
    ]
    rows = sorted(
        {
            (e["caller"], e["callee"], e["at"], 0 if e["text"] else e["seconds"], "text" if e["text"] else "call")
            for e in events
        }
    )
    return Layout(
        "\n".join(lines) + "\n",
        rows,
        f"{seed}: {language} {form} {length} own={own} {coding} kinds={kinds} told={told} {trap}",
    )


def _events(rng: random.Random, *, kinds: bool, whole: int, short: bool) -> list[dict]:
    home = [f"+3630555{rng.randint(1000, 9999)}" for _ in range(8)]
    out = [f"+4470055{rng.randint(10000, 99999)}" for _ in range(20)]
    at = datetime(2024, rng.randint(1, 9), rng.randint(1, 28), 8)
    events = []
    if short:
        at = at.replace(day=1)
    for _ in range(60):
        at += timedelta(seconds=rng.randint(3600, 14_000 if short else 100_000) // whole * whole)
        incoming = rng.random() < 0.45
        mine, other = rng.choice(home), rng.choice(out)
        text = kinds and rng.random() < 0.4
        seconds = 0 if text or rng.random() < 0.15 else rng.randint(3, 900)
        events.append({"caller": other if incoming else mine, "callee": mine if incoming else other, "at": at, "in": incoming, "text": text,
                       "seconds": seconds, "ring": 0 if text else rng.randint(2, 40)})  # fmt: skip
    return events


def _put_time(
    columns: dict[str, list[str]], name: dict[str, str], role: str, form: str, times: list[datetime | None]
) -> None:
    patterns = {"iso": "%Y-%m-%d %H:%M:%S", "iso_z": "%Y-%m-%dT%H:%M:%SZ", "iso_offset": "%Y-%m-%d %H:%M:%S+00:00", "dmy_dot": "%d.%m.%Y %H:%M:%S",
                "dmy_slash": "%d/%m/%Y %H:%M:%S", "mdy_ampm": "%m/%d/%Y %I:%M %p", "compact": "%Y%m%d%H%M%S", "named": "%d-%b-%Y %H:%M:%S",
                "ymd_slash": "%Y/%m/%d %H:%M:%S", "split": "%d.%m.%Y %H:%M:%S"}  # fmt: skip
    if form == "split" and role == "start":
        columns[name["date"]] = [t.strftime("%d.%m.%Y") if t else "" for t in times]
        columns[name["clock"]] = [t.strftime("%H:%M:%S") if t else "" for t in times]
    elif form.startswith("epoch"):
        unit = 1000 if form == "epoch_ms" else 1
        columns[name[role]] = [str(int((t - datetime(1970, 1, 1)).total_seconds()) * unit) if t else "" for t in times]
    else:
        columns[name[role]] = [t.strftime(patterns[form]) if t else "" for t in times]


def _put_length(
    columns: dict[str, list[str]], name: dict[str, str], length: str, form: str, events: list[dict], *, comma: bool
) -> None:
    """The length in one of its forms. Where ends are told, ringing comes before the talk."""
    if form in ("mdy_ampm", "split") and length in ("end", "answer_end", "total_answer"):
        length = "talk"
    talk = [e["seconds"] for e in events]
    whole = [e["seconds"] + e["ring"] for e in events]
    if length in ("talk", "both"):
        columns[name["talk"]] = list(map(str, talk))
    if length in ("plain", "ring"):
        columns[name["duration"]] = list(map(str, talk))
    if length == "both":
        columns[name["duration"]] = list(map(str, whole))
    if length == "ring":
        columns[name["ring"]] = [str(e["ring"]) for e in events]
    if length == "hms":
        columns[name["duration"]] = [f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}" for s in talk]
    if length == "minutes":
        columns[name["duration"] + " (min)"] = [f"{s / 60:.4f}".replace(".", "," if comma else ".") for s in talk]
    if length == "ms":
        columns[name["duration"] + " ms"] = [str(s * 1000) for s in talk]
    if length == "end":
        _put_time(columns, name, "end", form, [e["at"] + timedelta(seconds=e["seconds"]) for e in events])
    if length in ("answer_end", "total_answer"):
        _put_time(
            columns,
            name,
            "answer",
            form,
            [e["at"] + timedelta(seconds=e["ring"]) if e["seconds"] else None for e in events],
        )
        _put_time(columns, name, "end", form, [e["at"] + timedelta(seconds=e["ring"] + e["seconds"]) for e in events])
    if length == "total_answer":
        columns[name["duration"]] = list(map(str, whole))


def _noise(rng: random.Random, noise: str, i: int) -> str:
    return {"price": f"0.{rng.randint(10, 99)}", "cell_id": f"C{rng.randint(1, 40)}", "imsi": f"2160155500{rng.randint(10000, 99999)}",
            "record no": str(i + 1), "operator": rng.choice(["North", "South"])}[noise]  # fmt: skip


def write(layout: Layout, path: Path) -> Path:
    """The file on disk."""
    path.write_text(layout.text, encoding="utf-8")
    return path
