"""A first draft of a mapping file, from a table's names and first rows, for a person to correct."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from engine import forms
from engine.errors import InputError
from engine.textfile import Layout

_NAMES = {
    "caller": "caller callingnumber callingparty anumber aparty from src source sender originator origin msisdn "
    "servedmsisdn subscriber userid user ego",
    "callee": "callee callednumber calledparty bnumber bparty to dst destination dest recipient receiver "
    "msisdncounterpart counterpart correspondentid otherparty othernumber other target",
    "started_at": "startedat starttime start datetime timestamp calldate localtimestamp answertime time date when ts",
    "duration_s": "durations durationseconds billsec callduration talktime duration seconds length dur",
    "kind": "kind calltype eventtype recordtype interaction service type",
    "direction": "direction outgoing inout",
    "utc_offset": "utcoffset utctimeoffset timezoneoffset offset",
    "answered": "answered disposition status",
    "volume_mb": "volumemb volumetotal volume bytes totalbytes",
    "call_id": "callid callsid",
    "caller_imei": "callerimei servedimei imei",
    "caller_tac": "callertac tac",
    "caller_cell": "callercell celltower cellid cell antennaid antenna locationid tower",
}
_FORMATS = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y%m%d%H%M%S", "%Y%m%d %H%M%S",
    "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M", "%d-%m-%Y %H:%M:%S", "%d-%b-%Y %H:%M:%S", "%a, %d %b %Y %H:%M:%S %z",
)  # fmt: skip
_MIN_YEAR, _MAX_YEAR = 1990, 2100


def guess(path: Path) -> str:
    """Draft a mapping file.

    Args:
        path: a readable table of call records.

    Returns:
        TOML text for `--mapping`, with a comment wherever something was a guess.

    Raises:
        InputError: the file is no table, or neither parties nor times can be made out.
    """
    with forms.plain(path) as form:
        layout = form.layout()
        header = layout.packing == "parquet" or not _looks_like_data(layout.names)
        if not header:
            layout = form.layout(header=False)
    values = {name: _column(layout, i) for i, name in enumerate(layout.names)}
    found = _by_name(layout.names) if header else {}
    notes: dict[str, str] = {}
    if "started_at" not in found or (_time_of(values[found["started_at"]]) is None and layout.sample):
        timed = [n for n in layout.names if _time_of(values[n])]
        if timed:
            found["started_at"], notes["started_at"] = timed[0], "the first column that reads as times"
    for party in ("caller", "callee"):
        if party not in found:
            rest = [n for n in layout.names if n not in found.values() and _reads_as_ids(values[n])]
            if rest:
                found[party], notes[party] = rest[0], "the next column that reads as ids: check it"
    missing = [c for c in ("caller", "callee", "started_at") if c not in found]
    if missing:
        raise InputError(
            f"{' and '.join(missing)} cannot be made out in {', '.join(layout.names)}.",
            file=path,
            fix="Write the mapping file by hand; engine/logs/profiles/examples holds four to start from.",
        )
    if "duration_s" not in found:
        rest = [n for n in layout.names if n not in found.values() and _share(values[n], _is_number) == 1 and values[n]]
        if rest:
            found["duration_s"], notes["duration_s"] = rest[0], "the next column of numbers: check it"
    return _write(path, layout, header, found, notes, values)


def _write(
    path: Path,
    layout: Layout,
    header: bool,
    found: dict[str, str],
    notes: dict[str, str],
    values: dict[str, list[str]],
) -> str:
    lines = [
        "# Drafted from the first rows; correct it, then: kindred import logs FILE --mapping THIS",
        'name = "mine"',
    ]
    if layout.packing != "parquet":
        lines.append(f"delimiter = {_quoted(layout.delimiter)}")
    if not header:
        lines += ["header = false", f"names = [{', '.join(map(_quoted, layout.names))}]"]
    kinds = sorted({v.lower() for v in values[found["kind"]]}) if "kind" in found else []
    if kinds:
        sorted_kinds = {kind: [w for w in kinds if _kind_of(w) == kind] for kind in ("call", "text", "data")}
        lines.append(f"kind = {{ {', '.join(f'{k} = [{_words(w)}]' for k, w in sorted_kinds.items() if w)} }}")
    elif "duration_s" not in found:
        lines.append('kind = { default = "text" }  # no column of durations')
    if "direction" in found:
        words = sorted({v.lower() for v in values[found["direction"]]})
        incoming = [w for w in words if re.match(r"in|mt|e|f$|false|0|term|recei", w)]
        outgoing = [w for w in words if w not in incoming]
        lines.append(f"direction = {{ outgoing = [{_words(outgoing)}], incoming = [{_words(incoming)}] }}")
    lines += ["", "[columns]"]
    for canonical, name in found.items():
        note = f"  # {notes[canonical]}" if canonical in notes else ""
        lines.append(f"{canonical} = {_quoted(name)}{note}")
    if left := [name for name in layout.names if name not in found.values()]:
        lines.append(
            f"# not read: {', '.join(map(_quoted, left))}; the other names to give: {', '.join(_unread(found))}"
        )
    lines += ["", "[time]", *_time_lines(values[found["started_at"]])]
    if "duration_s" in found and any("." in v for v in values[found["duration_s"]]):
        lines += ["", "[duration]", "seconds_per_unit = 1  # fractions were seen: 60 if these are minutes"]
    volume = found.get("volume_mb", "")
    if "byte" in volume.lower():
        lines += ["", "[volume]", "megabytes_per_unit = 1e-6"]
    return "\n".join(lines) + "\n"


def _unread(found: dict[str, str]) -> list[str]:
    """Columns of call records that nothing was found for."""
    names = ("kind", "answered", "volume_mb", "caller_tac", "callee_tac", "caller_imei", "callee_imei")
    return [name for name in (*names, "caller_cell", "callee_cell") if name not in found]


def _time_lines(values: list[str]) -> list[str]:
    kind = _time_of(values) or ["iso"]
    if kind[0].startswith("%"):
        others = f"  # {' and '.join(kind[1:])} would read too" if len(kind) > 1 else ""
        return [f"formats = [{_quoted(kind[0])}]{others}", 'timezone = "UTC"  # of these times, e.g. "Europe/Budapest"']
    note = "  # seconds from a start to be given with --epoch" if kind[0] == "relative" else ""
    zone = ['timezone = "UTC"  # of times without an offset'] if kind[0] == "iso" else []
    return [f'form = "{kind[0]}"{note}', *zone]


def _time_of(values: list[str]) -> list[str] | None:
    """Ways that read all of some values as times: strptime formats, or one of the forms; None = none."""
    if not values:
        return None
    if all(_is_number(v) for v in values):
        numbers = [float(v) for v in values]
        for form, unit in (("seconds", 1), ("milliseconds", 1e3), ("microseconds", 1e6)):
            if all(6e8 * unit <= n <= 4.2e9 * unit for n in numbers):
                return [form]
        compact = [f for f in ("%Y%m%d%H%M%S",) if all(_reads(v, f) for v in values)]
        rising = len(numbers) > 2 and numbers == sorted(numbers) and numbers[0] < numbers[-1] < 1e9
        return compact or (["relative"] if rising else None)
    formats = [f for f in _FORMATS if all(_reads(v, f) for v in values)]
    if not formats and all(_iso(v) for v in values):
        return ["iso"]
    return ["iso"] if formats and formats[0].startswith("%Y-%m-%d") else (formats or None)


def _reads(value: str, form: str) -> bool:
    try:
        return _MIN_YEAR <= datetime.strptime(value, form).year < _MAX_YEAR
    except ValueError:
        return False


def _iso(value: str) -> bool:
    try:
        return len(value) > 10 and _MIN_YEAR <= datetime.fromisoformat(value).year < _MAX_YEAR
    except ValueError:
        return False


def _by_name(names: Iterable[str]) -> dict[str, str]:
    plain = {name: re.sub(r"[^a-z0-9]", "", name.lower()) for name in names}
    found: dict[str, str] = {}
    for exact in (True, False):
        for canonical, words in _NAMES.items():
            if canonical in found:
                continue
            for word in words.split():
                free = [(n, p) for n, p in plain.items() if n not in found.values()]
                fits = [n for n, p in free if p == word or (not exact and len(word) > 3 and word in p)]
                if fits:
                    found[canonical] = fits[0]
                    break
    return {c: found[c] for c in _NAMES if c in found}


def _column(layout: Layout, place: int) -> list[str]:
    return [row[place].strip() for row in layout.sample if len(row) > place and row[place].strip()]


def _looks_like_data(names: tuple[str, ...]) -> bool:
    return any(_is_number(n) or _iso(n) or any(_reads(n, f) for f in _FORMATS) for n in names)


def _reads_as_ids(values: list[str]) -> bool:
    return bool(values) and _share(values, lambda v: re.fullmatch(r"\+?[\w@.()-]{2,40}", v) is not None) > 0.9


def _share(values: list[str], test: Callable[[str], bool]) -> float:
    return sum(map(test, values)) / len(values) if values else 0.0


def _is_number(value: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", value) is not None


def _kind_of(word: str) -> str:
    if re.search(r"sms|text|mms|message", word):
        return "text"
    return "data" if re.search(r"data|gprs|inter|web|lte|packet", word) else "call"


def _words(words: Iterable[str]) -> str:
    return ", ".join(map(_quoted, words))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'"{escaped}"'
