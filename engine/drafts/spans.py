"""Columns of lengths and of numbers: how they read, in what unit, with what signs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.drafts import names
from engine.drafts.draft import Draft, name_in_sql
from engine.drafts.sheet import Column, number

MINUTES = names.those("""
    min mins minute minutes minuten minutos minuti minuta minuty minuter perc dakika dk minut мин минуты минут 分钟
    分
""")
_MILLIS = {"ms", "msec", "msecs", "millis", "millisecond", "milliseconds", "millisekunden", "milisegundos"}
_CENTIS = {"cs", "centisecond", "centiseconds", "hundredths"}
_DECIS = {"ds", "decisecond", "deciseconds", "tenths"}
_HOURS = names.those("h hrs hours hour stunden std horas heures uren timmar saat часы godziny")
_TIMES = {"6": 6, "10": 10, "ten": 10, "30": 30, "60": 60, "100": 100, "hundred": 100}
SECONDS = names.those("""
    s sec secs second seconds sek sekunden segundos seg segs secondes secondi masodperc mp sekundy sekund seconden
    sekunder saniye sn сек секунды секунд с 秒 billsec
""")
_SPELLED = re.compile(
    r"(?:pt)?(?=\d)(?:(\d+) ?(?:h|hrs?|hours?))? ?(?:(\d+) ?(?:m|mins?|minutes?))? ?"
    r"(?:(\d+(?:\.\d+)?) ?(?:s|secs?|seconds?))?"
)
# Units in other languages' words and signs -> what an import reads.
_UNIT_WORDS = {
    "h": names.those("""
        std stunde stunden hora horas heure heures ora ore godz uur tim timmar saat sa ч час часа часов hod t timer 小时
        小時 时 時間 時 시간
    """),
    "m": names.those("""
        minuten minuto minutos minuti minuta minuty perc p dk dakika мин минут минуты хв 分钟 分鐘 分 분 ' ′
    """),
    "s": names.those("""
        sek sekunden segundo segundos seg secondi secondo seconde secondes sekund sekundy mp masodperc sn saniye сек с
        секунд 秒 秒钟 초 " ″ ''
    """),
}
_WORD = r"[^\W\d_]+|''|['\"′″]"
_SIX = re.compile(r"\d\d[0-5]\d[0-5]\d")
_DISTINCT = 8  # lengths of six digits that would be no clock one by one, before they are taken for such


@dataclass(frozen=True)
class Length:
    """A column of lengths: of what name, in seconds for each row, with the unit if it is known.

    Args:
        column: of the file.
        seconds: each row's length, None where it is none.
        unit: seconds a unit of the column has; None = not told.
    """

    column: Column
    seconds: list[float | None]
    unit: float | None


def decimal(columns: Sequence[Column], draft: Draft) -> str:
    """The sign before fractions in some columns; drafts `[numbers]` where it is no point."""
    texts = [v for c in columns for v in c.distinct]
    comma = [v for v in texts if re.fullmatch(r"-?\d{1,3}(\.\d{3})*,\d+", v)]
    point = [v for v in texts if re.fullmatch(r"-?\d{1,3}(,\d{3})*\.\d+", v)]
    odd = [v for v in comma if not re.fullmatch(r"-?\d{1,3},\d{3}", v)]
    if odd and not point:
        draft.say("numbers", "decimal", ",", f"such as {odd[0]}")
        if any("." in v for v in texts):
            draft.say("numbers", "thousands", ".", "a point between thousands")
        return ","
    if comma and not point and not odd:
        draft.say("numbers", "thousands", ",", f"such as {comma[0]}", False)
    elif any(re.search(r",\d{3}\.", v) for v in point):
        draft.say("numbers", "thousands", ",", "a comma between thousands")
    return "."


def _spelled(column: Column) -> Column:
    """A column of lengths whose units are words of another language, as one that an import reads."""
    values = {v: v.lower() for v in column.distinct}
    found = {w for v in values.values() for w in re.findall(_WORD, v)}
    means = {w: unit for w in found for unit, words in _UNIT_WORDS.items() if names.plain(w) in words}
    native = bool(found) and all(_SPELLED.fullmatch(v) for v in values.values())
    spelled = rf"(?:\d{{1,4}}\s?(?:{_WORD})\.?\s?){{1,3}}"
    if native or not means or not all(w in means or w in "hms" or w == "min" for w in found):
        return column
    if not all(re.fullmatch(spelled, v) or v.isdigit() for v in values.values()):
        return column
    text, dots = f"lower({name_in_sql(column.name)})", any("." in v for v in values.values())
    for word in sorted(means, key=lambda w: (-len(w), w)):
        values = {v: own.replace(word, means[word]) for v, own in values.items()}
        text = f"replace({text}, '{word.replace(chr(39), chr(39) * 2)}', '{means[word]}')"
    if dots:
        values, text = {v: own.replace(".", "") for v, own in values.items()}, f"replace({text}, '.', '')"
    return replace(column, values=tuple(values.get(v, v) for v in column.values), sql=text)


def length(column: Column, decimal: str) -> Length | None:
    column = _spelled(column)
    if column.spans and ":" in column.filled[0]:
        own = set(names.words(column.name)) if column.named else set()
        minutes = bool(own & MINUTES and own & SECONDS)  # (min:sec)
        told = 1.0 if "ss" in own or minutes or _three(column) else 60.0 if {"hh", "mm"} <= own else None
        return Length(column, column.seconds(), told)
    if digits(column):
        return Length(column, [_of_digits(v) for v in column.values], 1.0)
    numbers = [_plain_seconds(v, decimal) for v in column.values]
    good = sum(n is not None for n in numbers)
    if good < 0.95 * len(column.filled):
        return None
    if any(re.search("[a-z:]", v.lower()) for v in column.distinct):
        return Length(column, numbers, 1.0)  # the values say their units
    return Length(column, numbers, _unit(names.words(column.name)) if column.named else None)


def _unit(own: tuple[str, ...]) -> float | None:
    """Seconds of the unit in a name's words; ten of them where it says so (10 ms), None where it says none."""
    own = tuple(part for word in own for part in re.findall(r"\d+|\D+", word))
    for words, seconds in (
        (MINUTES, 60.0),
        (_MILLIS, 0.001),
        (_CENTIS, 0.01),
        (_DECIS, 0.1),
        (SECONDS, 1.0),
        (_HOURS, 3600.0),
    ):
        found = [i for i, word in enumerate(own) if word in words]
        if found:
            times = _TIMES.get(own[found[0] - 1], 1) if found[0] else 1
            return seconds * times if times == 1 or seconds < 1 else None  # "6 s" may be what lengths are rounded to
    return None


def digits(column: Column) -> bool:
    """Whether lengths are hours, minutes and seconds in six digits, filled with noughts: none ends on more than 59."""
    if column.share(_SIX) < 1 or not any(v.startswith("0") for v in column.distinct):
        return False
    return sum(int(v) > 99 for v in column.distinct) >= _DISTINCT


def _of_digits(text: str) -> float | None:
    return int(text[:2]) * 3600.0 + int(text[2:4]) * 60 + int(text[4:]) if _SIX.fullmatch(text) else None


def _plain_seconds(text: str, decimal: str) -> float | None:
    """A number, or hours, minutes and seconds in one of the ways that an import reads."""
    parts = text.split(":")
    if len(parts) == 3 and all(part.isdigit() for part in parts):
        return int(parts[0]) * 3600.0 + int(parts[1]) * 60 + int(parts[2])
    if match := _SPELLED.fullmatch(text.lower()):
        return sum(float(match[i] or 0) * per for i, per in ((1, 3600), (2, 60), (3, 1)))
    return number(text, decimal)


def _three(column: Column) -> bool:
    """Whether lengths say hours, minutes and seconds, or minutes beyond what an hour or a day has."""
    parts = [v.split(":") for v in column.filled]
    return all(len(p) == 3 for p in parts) or any(len(p) == 2 and int(p[0]) >= 24 for p in parts)
