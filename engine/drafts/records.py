"""A draft for a file of call records: times, directions, parties, kinds, answered or not, talk and volumes."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from engine.drafts import lengths, names, vocabulary, when, who
from engine.drafts.draft import Draft, Line, Sql, name_in_sql, quoted
from engine.drafts.sheet import Column, Sheet
from engine.drafts.when import Times
from engine.drafts.who import Direction, Parties
from engine.intake.language import CANONICAL

# Sorts of calls: a column of them tells nothing of texts and data.
_SORTS = names.those("""
    local national international intl mobile roaming internal external emergency domestic landline conference premium
    onnet offnet tollfree long distance ort fern inland ausland nacional internacional interna externa locale
    nationale internationale nazionale internazionale belfoldi kulfoldi krajowe zagraniczne standard normal special
    fixed net user
""")
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
_MESSAGES = names.those("""
    sms message messages text texts msg mms nachricht nachrichten mensaje mensajes messaggi mensagem uzenet wiadomosc
    bericht meddelande mesaj сообщение 短信
""")
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
    told, unknown = who.direction(sheet, used)
    kinds, default = _kinds(sheet, made, used, told, path)
    used |= {c.place for c in ([told.column] if told else []) + ([kinds] if kinds else [])}
    data = default == "data" or (kinds is not None and _all_data(kinds))
    ends = who.parties(
        sheet, made, used, told, unknown, path, data=data, begun=times.start.read() if times.start else []
    )
    used |= {c.place for c in (ends.caller, ends.callee) if c} if ends else set()
    calls = default == "call" and not (kinds and not _has_calls(kinds))
    silent, answered = _answered(sheet, used, told, ends)
    talk = lengths.find(sheet, made, times, silent, used, needed=calls) if calls else False
    if answered and calls:
        _draft_answered(sheet, made, answered, talk)
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
            "import pairs with --format edge-list --epoch DAY."
        )
    return ""


def _kinds(sheet: Sheet, made: Draft, used: set[int], told: Direction | None, path: Path) -> tuple[Column | None, str]:
    """Draft `kind`; returns its column and the kind of rows that say none."""
    unsure: list[Column] = []
    for column in sorted(sheet.columns, key=lambda c: -max((n for r, n in c.roles if r == "kind"), default=0)):
        named = any(r == "kind" for r, _ in column.roles) or column.role == "direction"
        plausible = (named or not column.named) and 0 < len(column.distinct) <= 60 and column.place not in used
        many = not named and (len(column.distinct) > 12 or len(column.distinct) > 0.5 * sheet.rows > 4)
        if (
            not plausible
            or many
            or column.role in ("answered", "cause")
            or (not named and any(re.search(r"\d", w) for w in column.distinct))
        ):
            continue
        words = {w: vocabulary.kind(w) for w in column.distinct}
        known = {w: k for w, k in words.items() if k}
        rows = sum(column.distinct[w] for w in known)
        if known and rows >= 0.5 * len(column.filled):
            return _say_kinds(made, column, known, [w for w in words if w not in known])
        if named and column.role == "kind" and not _harmless(column, told):
            unsure.append(column)
    for column in sheet.columns:  # by its words alone, whatever its name
        words = {w: vocabulary.kind(w) for w in column.distinct}
        if (
            2 <= len(words) <= 20
            and all(words.values())
            and {"text", "data"} & set(words.values())
            and column.place not in used
        ):
            return _say_kinds(made, column, words, [])
    return None, _default(sheet, made, unsure, path)


def _say_kinds(made: Draft, column: Column, known: dict[str, str], rest: list[str]) -> tuple[Column, str]:
    if "call" not in known.values():
        most = max(("text", "data"), key=lambda k: sum(column.distinct[w] for w, own in known.items() if own == k))
        made.say("kind", "default", most, "no calls among its words")
    made.columns["kind"] = Line(
        column.name, "known words" if not rest else f"not known, so rejected: {', '.join(rest[:8])}", not rest
    )
    for kind in ("call", "text", "data"):
        words = sorted({w.lower() for w, k in known.items() if k == kind})
        if words:
            made.say("kind", kind, words, "known words")
    return column, "call"


def _harmless(column: Column, told: Direction | None) -> bool:
    """Whether a column that is named as one of kinds tells a direction or a sort of calls instead."""
    if told and told.column is column:
        return True
    return all(set(names.words(w)) <= _SORTS or vocabulary.direction(w) for w in column.distinct)


def _default(sheet: Sheet, made: Draft, unsure: list[Column], path: Path) -> str:
    """The kind of all rows, where no column says it."""
    roles = {c.role for c in sheet.columns if c.filled}
    spoken = {"duration", "talk", "billed"} & roles or not sheet.header
    volumes = {"up", "down", "volume"} & roles
    parties = {"callee", "callee_final", "other"} & roles
    if volumes and not parties:
        made.say("kind", "default", "data", "volumes, and no other party", True)
        return "data"
    for column in unsure:
        if not _spoken(sheet, column):
            shown = ", ".join(list(column.distinct)[:8])
            made.leave(
                "kind", f"{column.name} may tell calls from texts and data, and its words are not known ({shown})."
            )
            return "call"
    times = sum(1 for c in sheet.columns if c.times and c.times.what == "moment")
    tokens = {w for text in (path.stem, *(c.name for c in sheet.columns if c.named)) for w in names.words(text)}
    texts = bool(_MESSAGES & tokens) and not {"call", "calls", "voice"} & tokens
    if texts and (not spoken or (not sheet.header and not any(_numbers(c) for c in sheet.columns))):
        made.say("kind", "default", "text", "no durations, and the names speak of messages", False)
        return "text"
    if not spoken and times < 2:
        if {"start", "time"} & roles and not spoken and times:
            made.leave(
                "kind", 'no column of kinds and none of durations: say kind = { default = "text" } if all are texts.'
            )
        return "call"
    if {"duration", "talk"} & roles or times > 1:
        sure = not unsure
        made.say(
            "kind",
            "default",
            "call",
            "no column of kinds, and lengths"
            if sure
            else f"{unsure[0].name} tells no kinds that are known, and all have lengths",
            sure,
        )
    return "call"


def _numbers(column: Column) -> bool:
    return (
        (column.numeric or column.spans)
        and not column.times
        and not (column.phones > 0.9 and all(len(v) > 6 for v in column.distinct))
    )


def _spoken(sheet: Sheet, column: Column) -> bool:
    """Whether each word of a column stands beside lengths above 0, as no text does."""
    spans = [c for c in sheet.columns if c.role in ("duration", "talk")]
    for word in column.distinct:
        rows = [i for i, v in enumerate(column.values) if v == word]
        if not any(re.search("[1-9]", c.values[i]) for c in spans for i in rows):
            return False
    return bool(spans)


def _all_data(column: Column) -> bool:
    return all(vocabulary.kind(w) == "data" for w in column.distinct)


def _has_calls(column: Column) -> bool:
    return any(vocabulary.kind(w) == "call" for w in column.distinct)


def _answered(
    sheet: Sheet, used: set[int], told: Direction | None, ends: Parties | None
) -> tuple[list[str], tuple[Column, dict[str, str]] | None]:
    """For each row whether somebody answered, and the column that says so with what its words mean."""
    nothing = [""] * sheet.rows
    for column in sorted(sheet.columns, key=lambda c: (c.role != "answered", c.role != "cause")):
        if column.role not in ("answered", "cause") or column.place in used or not 0 < len(column.distinct) <= 60:
            continue
        inverted = {"missed", "unanswered"} & set(names.words(column.name))
        words = {w: vocabulary.answered(w) for w in column.distinct}
        if inverted:
            words = {w: {"yes": "no", "no": "yes"}.get(m, "") for w, m in words.items()}
        if column.numeric and (len(column.distinct) > 2 or column.role == "cause"):
            continue
        if not any(words.values()) and (column.role == "cause" or len(words) < 2):
            continue
        return [words.get(v, "") for v in column.values], (column, words)
    if told and ends and ends.swaps:
        words = {w: "no" if vocabulary.missed(w) else "yes" for w in told.words}
        if "no" in words.values():
            return [words.get(v, "") for v in told.column.values], (told.column, words)
    return nothing, None


def _draft_answered(sheet: Sheet, made: Draft, found: tuple[Column, dict[str, str]], talk: bool) -> None:
    """Draft `answered`, unless the talk says as much and some word is not known, or the two disagree."""
    column, words = found
    unknown = [w for w, m in words.items() if not m]
    talked = made.columns.get("duration_s")
    if talk and talked and isinstance(talked.value, str):
        length = next(c for c in sheet.columns if c.name == talked.value)
        rows = [(words.get(a, ""), d) for a, d in zip(column.values, length.values, strict=True)]
        against = sum(1 for told, d in rows if told == "no" and re.search("[1-9]", d))
        if against:
            made.remarks.append(
                f"{column.name} is left out: {talked.value} tells who talked, and the two disagree in {against} rows."
            )
            return
    if unknown and talk:
        made.remarks.append(f"{column.name} is left out: the time talked tells who answered.")
        return
    if unknown and _lengths_tell(sheet, made, column):
        made.remarks.append(
            f"{column.name} is left out: the lengths are 0 beside some of its words, which tells who answered."
        )
        return
    if unknown:
        shown = ", ".join(unknown[:6])
        made.leave(
            "answered",
            f"{column.name} tells who answered, and some words are not known ({shown}): "
            "put them under [answered] no or yes.",
        )
        return
    made.columns["answered"] = Line(column.name, "known words")
    for meaning in ("no", "yes"):
        if own := sorted({w.lower() for w, m in words.items() if m == meaning}):
            made.say("answered", meaning, own, "known words")


def _lengths_tell(sheet: Sheet, made: Draft, column: Column) -> bool:
    """Whether all lengths are 0 beside some words of a column, and none beside the others."""
    line = made.columns.get("duration_s")
    length = next((c for c in sheet.columns if line and c.name == line.value), None)
    if length is None:
        return False
    zeros: dict[str, set[bool]] = {}
    for word, value in zip(column.values, length.values, strict=True):
        zeros.setdefault(word, set()).add(not re.search("[1-9]", value))
    return {True} in zeros.values() and all(len(own) == 1 for own in zeros.values())


def _volumes(sheet: Sheet, made: Draft, used: set[int]) -> None:
    def of(role: str) -> list[Column]:
        return [c for c in sheet.columns if c.role == role and c.numeric and c.place not in used]

    up, down, total = of("up"), of("down"), of("volume")
    unit = {_unit(c) for c in (up + down if up and down else total)}
    chosen = up + down if len(up) == len(down) == 1 else total
    if not chosen:
        return
    if len(unit) != 1 or None in unit or len(chosen) > 2:
        made.remarks.append(
            f"check: volume_mb is left out: {', '.join(c.name for c in chosen)} "
            "tell no unit (bytes, KB, MB). Name the column and [volume] megabytes_per_unit."
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


def _unit(column: Column) -> float | None:
    return next((_MEGABYTES[w] for w in reversed(names.words(column.name)) if w in _MEGABYTES), None)


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
            first = {who.key(c) for c in ends.caller.distinct} if ends.caller else set()
            note = "taken for the caller's" if first else ""
            if role != "cell":
                made.remarks.append(
                    f"check: {own[0].name} is {note}; take the line away if it may be the called one's."
                )
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
        pairs = {frozenset(who.key(c.values[i]) for c in (ends.caller, ends.callee) if c) for i in own}
        at = [t for i in own if (t := begun[i]) is not None]
        far = bool(at) and (max(at) - min(at)).total_seconds() > _APART
        parts += len(own) if len(pairs) > 1 and not far else 0
        strange += len(own) if len(pairs) > 1 or far or len(own) > 2 else 0
    if parts >= 0.1 * sheet.rows:
        made.leave(
            "call_id",
            f"rows that share {column.name} have different parties (calls passed on, queues, groups that ring): "
            "say which rows are contacts with where under [rows].",
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
