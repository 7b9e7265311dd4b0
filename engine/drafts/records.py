"""A draft for a file of call records: times, directions, parties, kinds, answered or not, talk and volumes."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from engine.drafts import answers, direction, kinds, lengths, names, vocabulary, when, who
from engine.drafts.draft import Draft, Line, Sql, name_in_sql, quoted
from engine.drafts.sheet import Column, Sheet
from engine.drafts.when import Times
from engine.drafts.who import Parties
from engine.intake.language import CANONICAL

# What happens to a call: a column of such words is a log of events.
_EVENTS = names.those("""
    chanstart chanend answer hangup bridgeenter bridgeexit appstart append linkedidend localoptimize start stop
    interim interimupdate alive invite bye ack cancel ringing connect connected disconnect disconnected setup
    alerting release setupbegin enterqueue ringnoanswer completecaller completeagent abandon created destroyed begin
    end offhook onhook
""")
_IP = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
_MEGABYTES = {
    "bytes": 1e-6, "byte": 1e-6, "octets": 1e-6, "octet": 1e-6, "octetos": 1e-6, "bajt": 1e-6, "байт": 1e-6, "kb": 1e-3,
    "kib": 1e-3, "kbytes": 1e-3,
    "kilobytes": 1e-3, "кб": 1e-3, "mb": 1.0, "mib": 1.0, "mbytes": 1.0, "megabytes": 1.0, "мб": 1.0, "gb": 1e3,
    "gib": 1e3, "gigabytes": 1e3, "гб": 1e3, "ko": 1e-3, "mo": 1.0, "b": 1e-6,
}  # fmt: skip
_WAYS = names.those("in out up down ul dl rx tx sent received input output uplink downlink incoming outgoing")
_IMEI = re.compile(r"\d{14,16}")
_TAC = re.compile(r"\d{7,8}")
_APART = 600  # seconds within which rows of one call id are one call


def draft(sheet: Sheet, path: Path) -> Draft:
    """Draft a mapping of call records.

    Args:
        sheet: of the file.
        path: whose name may tell the subscriber, or that these are texts.

    Returns:
        What was found; what is unclear is left to be decided.
    """
    made = Draft()
    if not sheet.header:
        made.top["header"] = Line(False, "the first line reads as a row")
        made.top["names"] = Line([c.name for c in sheet.columns], "names given here, in the order of the fields")
    if strange := _no_calls(sheet):
        for column in ("caller", "callee", "started_at"):
            made.leave(column, strange)
        return made
    times = when.find(sheet, made)
    used = times.used
    told, unknown = direction.find(sheet, used)
    kind, default = kinds.find(sheet, made, used, told, path)
    used |= {c.place for c in ([told.column] if told else []) + ([kind] if kind else [])}
    data = default == "data" or (kind is not None and set(made.tables["kind"]) <= {"data", "default"})
    ends = who.parties(
        sheet, made, used, told, unknown, path, data=data, begun=times.start.read() if times.start else []
    )
    used |= {c.place for c in (ends.caller, ends.callee) if c} if ends else set()
    calls = default == "call" and not (kind and "call" not in made.tables["kind"])
    silent, answered = answers.find(sheet, used, told, ends)
    talk = lengths.find(sheet, made, times, silent, used, needed=calls) if calls else False
    if answered and calls:
        answers.draft(sheet, made, answered, talk)
    _volumes(sheet, made, used)
    _handsets(sheet, made, ends, used)
    _call_ids(sheet, made, ends, times, used)
    _short(sheet, made, ends)
    _not_read(sheet, made)
    return made


def _not_read(sheet: Sheet, made: Draft) -> None:
    """Say which columns are not read, and what else could be told: rows that come again with it are the same rows."""
    texts = [line.value for line in made.columns.values()]
    used = {text for text in texts if isinstance(text, str)}
    sql = " ".join(text.text for text in texts if isinstance(text, Sql))
    rest = [c.name for c in sheet.columns if c.name not in used and name_in_sql(c.name) not in sql]
    names_left = [c for c in CANONICAL if c not in made.columns and c not in ("n_calls", "talk_s", "n_texts")]
    if rest and sheet.header:
        made.remarks.append(
            f"not read: {', '.join(quoted(name) for name in rest)}; the other names to give: {', '.join(names_left)}."
        )


def _no_calls(sheet: Sheet) -> str:
    """Why rows cannot be calls, texts or usage of people at all; "" where nothing speaks against it."""
    ips = [c for c in sheet.columns if c.filled and c.share(_IP) > 0.8]
    ports = [c for c in sheet.columns if "port" in names.words(c.name)]
    if len(ips) >= 2 and ports:
        return "the rows are flows between machines (addresses and ports), not contacts of people."
    for column in sheet.columns:
        words = {"".join(names.words(v)) for v in column.distinct} if 2 <= len(column.distinct) <= 40 else set()
        if len(words & _EVENTS) >= 2 and len(words & _EVENTS) >= 0.5 * len(words):
            return (
                f"the rows are events of calls ({', '.join(sorted(column.distinct)[:4])}), several for each call; "
                "ask for call records."
            )
    counts = [c for c in sheet.columns if c.roles[:1] == (("count", 3),) and any((n or 0) > 1 for n in c.numbers())]
    if counts and not any(c.role in ("start", "answer_time", "end") for c in sheet.columns):
        return (
            f"the rows have counts ({counts[0].name}), so they are sums and no contacts; "
            "pairs come in with --format edge-list --epoch DAY."
        )
    return ""


def _volumes(sheet: Sheet, made: Draft, used: set[int]) -> None:
    def of(role: str) -> list[Column]:
        return [c for c in sheet.columns if c.role == role and c.numeric and c.place not in used]

    up, down, total = of("up"), of("down"), of("volume")
    if len(total) == 2 and not (up or down) and _opposite(total):
        up, down = total[:1], total[1:]
    unit = {_unit(c) for c in (up + down if up and down else total)}
    chosen = up + down if len(up) == len(down) == 1 else total
    if not any(n for c in chosen for n in c.numbers()):
        return
    if chosen == total and (half := next((c for c in total if _WAYS & set(names.words(c.name))), None)):
        made.leave("volume_mb", f"{half.name} may be one of two ways, and none is named as the other.")
        return
    if len(unit) != 1 or None in unit or len(chosen) > 2:
        shown = ", ".join(c.name for c in chosen)
        made.leave(
            "volume_mb",
            f"{shown} tell no unit (bytes, KB, MB).",
            f'volume_mb = "{chosen[0].name}" under [columns] and megabytes_per_unit = 1e-6 (bytes) under [volume]',
        )
        return
    factor = unit.pop()
    factor = factor or 1.0
    if len(chosen) == 2 and up and down:
        both = " + ".join(f"coalesce({name_in_sql(c.name)}, 0)" for c in chosen)
        made.columns["volume_mb"] = Line(Sql(both), "up and down together")
    else:
        made.columns["volume_mb"] = Line(chosen[0].name, "its name and values")
    if factor != 1.0:
        made.say("volume", "megabytes_per_unit", factor, "the unit in its name")


def _opposite(pair: list[Column]) -> bool:
    """Whether two volumes are named alike but for the way."""
    first, second = (set(names.words(c.name)) for c in pair)
    return first - _WAYS == second - _WAYS and bool(first & _WAYS) and bool(second & _WAYS)


def _unit(column: Column) -> float | None:
    if "gprs" in names.words(column.name) or "volumegprs" in "".join(names.words(column.name)):
        return 1e-6  # as 3GPP's records name their octets
    words = tuple(reversed(names.words(column.name)))
    whole = next((_MEGABYTES[w] for w in words if w in _MEGABYTES), None)
    parts = (_MEGABYTES[unit] for word in words for unit in ("octets", "bytes") if word.endswith(unit))
    return next(parts, None) if whole is None else whole


def _handsets(sheet: Sheet, made: Draft, ends: Parties | None, used: set[int]) -> None:
    """IMEIs, TACs and cells: those of a side, else of the row's own party."""
    for role, ours, pattern in (
        ("imei_a", "caller_imei", _IMEI), ("imei", "caller_imei", _IMEI), ("imei_b", "callee_imei", _IMEI),
        ("tac_a", "caller_tac", _TAC), ("tac", "caller_tac", _TAC), ("tac_b", "callee_tac", _TAC),
        ("cell_a", "caller_cell", None), ("cell", "caller_cell", None), ("cell_b", "callee_cell", None),
    ):  # fmt: skip
        found = [c for c in sheet.columns if c.role == role and c.filled and c.place not in used]
        found = [c for c in found if pattern is None or c.share(pattern) > 0.8]
        if not found or ours in made.columns:
            continue
        best = max(c.roles[0][1] for c in found)
        own = [c for c in found if c.roles[0][1] == best]
        if role in ("imei", "tac", "cell") and ends and not ends.swaps and ends.callee is not None:
            first = {direction.key(c) for c in ends.caller.distinct} if ends.caller else set()
            note = "taken for the caller's" if first else ""
            if role != "cell":
                made.checks.append(f"{own[0].name} is {note}; take the line away if it may be the called one's.")
            made.columns[ours] = Line(own[0].name, note, False)
        else:
            made.columns[ours] = Line(own[0].name, "its name and values")


def _call_ids(sheet: Sheet, made: Draft, ends: Parties | None, times: Times, used: set[int]) -> None:
    """Draft `call_id`, where rows that share one are the two ends of one contact."""
    found = [c for c in sheet.columns if c.role == "call_id" and c.filled and c.place not in used]
    if not found or ends is None or times.start is None:
        return
    best = max(c.roles[0][1] for c in found)
    column = next(c for c in found if c.roles[0][1] == best)
    begun = times.start.read()
    rows: dict[str, list[int]] = {}
    for i, value in enumerate(column.values):
        if value and value.casefold() not in vocabulary.EMPTY and value != "0":
            rows.setdefault(value, []).append(i)
    shared = [own for own in rows.values() if len(own) > 1]
    parts = strange = 0
    for own in shared:
        pairs = {frozenset(direction.key(c.values[i]) for c in (ends.caller, ends.callee) if c) for i in own}
        at = [t for i in own if (t := begun[i]) is not None]
        far = bool(at) and (max(at) - min(at)).total_seconds() > _APART
        parts += len(own) if len(pairs) > 1 and not far else 0
        strange += len(own) if len(pairs) > 1 or far or len(own) > 2 else 0
    if parts >= 0.1 * sheet.rows:
        made.leave(
            "call_id",
            f"rows that share {column.name} have different parties (calls passed on, queues, groups that ring).",
            "where = \"leg = 'A'\" (true for the rows that are contacts) under [rows]",
        )
        return
    if strange:
        made.remarks.append(
            f"{column.name} is left out: rows share it that are not the two ends of one contact "
            "(parts of a call, or numbers that come again)."
        )
        return
    made.columns["call_id"] = Line(
        column.name, "no two rows share one" if not shared else "rows that share one are two ends of a contact"
    )


def _short(sheet: Sheet, made: Draft, ends: Parties | None) -> None:
    """Draft `extensions` where short numbers call, as services do not."""
    if ends is None or ends.caller is None or ends.callee is None:
        return
    kinds = made.columns.get("kind")
    column = next((c for c in sheet.columns if kinds and c.name == kinds.value), None)
    kind = [vocabulary.kind(v) for v in column.values] if column else ["call"] * sheet.rows
    callers = Counter(
        v for v, what in zip(ends.caller.values, kind, strict=True) if what == "call" and re.fullmatch(r"\d{2,6}", v)
    )
    if made.tables.get("kind", {}).get("default", Line("call", "")).value != "call" and column is None:
        return
    called = sum(bool(re.fullmatch(r"\d{2,6}", v)) for v in ends.callee.values)
    if called > 0.4 * sheet.rows:
        why = "short numbers are called so often that they are extensions of an exchange, not services"
        made.top["extensions"] = Line(True, why, False)
    if callers and sum(callers.values()) >= 0.05 * sheet.rows:
        made.top["extensions"] = Line(True, "short numbers call: extensions of an exchange, not services", False)
