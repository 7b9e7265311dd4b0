"""Calls, texts or data: the column that tells, or what all rows are."""

from __future__ import annotations

import re
from pathlib import Path

from engine.drafts import names, unnamed, vocabulary
from engine.drafts.direction import Direction
from engine.drafts.draft import Draft, Line
from engine.drafts.sheet import Column, Sheet

_ROWS = 3  # beside each word, before lengths tell what it means
_MESSAGES = names.those("""
    sms message messages text texts msg mms nachricht nachrichten mensaje mensajes messaggi mensagem uzenet wiadomosc
    bericht meddelande characters chars segments mesaj сообщение 短信
""")


def find(sheet: Sheet, made: Draft, used: set[int], told: Direction | None, path: Path) -> tuple[Column | None, str]:
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
        if {"text", "data"} & set(words.values()):  # beside "outgoing SMS" a plain "outgoing" is a call
            words = {w: k or ("call" if vocabulary.direction(w) else "") for w, k in words.items()}
        if "call" in words.values() or "text" in words.values():  # beside SMS or a call, a sort is one of calls
            words = {w: k or ("call" if vocabulary.sort(w) else "") for w, k in words.items()}
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
    default = _default(sheet, made, unsure, path)
    if default == "call" and (apart := _apart(sheet, used)):
        made.leave(
            "kind",
            f"{apart.name} may tell calls from texts: all lengths are 0 beside some of its words, and none beside the "
            f"others ({', '.join(list(apart.distinct)[:6])}).",
            f'kind = "{apart.name}" under [columns] and its words under [kind], or default = "call" alone',
        )
    if default == "call" and (spoken := _spoken_of(sheet, used)):
        shown = ", ".join(list(spoken.distinct)[:8])
        made.leave(
            "kind",
            f"{spoken.name} speaks of texts or data in some rows, and not all of its words are known ({shown}).",
            f'kind = "{spoken.name}" under [columns] and its words under [kind] (call = [...], text = [...])',
        )
    return None, default


def _apart(sheet: Sheet, used: set[int]) -> Column | None:
    """A column of codes that nothing names, which part lengths of 0 from all others as kinds do."""
    lengths = [c for c in sheet.columns if c.role in ("duration", "talk")]
    for column in sheet.columns if len(lengths) == 1 else []:
        free = column.place not in used and not column.times and column.role in ("", "kind", "ignore")
        if not free or not 2 <= len(column.distinct) <= 6 or any(map(vocabulary.answered, column.distinct)):
            continue
        zeros: dict[str, list[bool]] = {}
        for word, length in zip(column.values, lengths[0].values, strict=True):
            zeros.setdefault(word, []).append(not re.search("[1-9]", length))
        told = {all(z) for z in zeros.values()} == {any(z) for z in zeros.values()} == {True, False}
        if told and "" not in zeros and all(len(z) >= _ROWS for z in zeros.values()):
            return column
    return None


def _spoken_of(sheet: Sheet, used: set[int]) -> Column | None:
    """A column that says of a row here and there that it is no call, whatever its name."""
    for column in sheet.columns:
        words = len(column.distinct) + (len(column.filled) < len(column.values))
        few = column.place not in used and 2 <= words <= 40 and not column.numeric
        if few and {"text", "data"} & {vocabulary.kind(w) for w in column.distinct if not re.search(r"\d", w)}:
            return column
    return None


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
    return all(vocabulary.sort(w) or vocabulary.direction(w) for w in column.distinct)


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
        one = len(column.distinct) == 1 and column.numeric and "end" in roles  # a code of the format, beside an end
        if not one and not _spoken(sheet, column):
            shown = ", ".join(list(column.distinct)[:8])
            made.leave(
                "kind",
                f"{column.name} may tell calls from texts and data, and its words are not known ({shown}).",
                f'kind = "{column.name}" under [columns] and its words under [kind] (call = [...], text = [...]), or '
                'default = "call" alone',
            )
            return "call"
    times = sum(1 for c in sheet.columns if c.times and c.times.what == "moment")
    tokens = {w for text in (path.stem, *(c.name for c in sheet.columns if c.named)) for w in names.words(text)}
    texts = bool(_MESSAGES & tokens) and not {"call", "calls", "voice"} & tokens
    if texts and (not spoken or (not sheet.header and not any(_numbers(c) for c in _unpaired(sheet)))):
        made.say("kind", "default", "text", "no durations, and the names speak of messages", False)
        return "text"
    if not spoken and times < 2:
        if {"start", "time"} & roles and not spoken and times:
            made.leave(
                "kind", "no column of kinds and none of durations.", 'default = "text" under [kind] if all are texts'
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


def _unpaired(sheet: Sheet) -> list[Column]:
    """Columns without a name but for the two that are parties."""
    pair = unnamed.pair([c for c in sheet.columns if c.ids and not c.times]) or ()
    return [c for c in sheet.columns if c not in pair]


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
