"""No file is half read: where many rows are rejected for what a mapping can tell, all of it is refused, saying what."""

from __future__ import annotations

from collections.abc import Collection

from engine import sources
from engine.errors import InputError
from engine.logs import words
from engine.logs.recognise import Reading

LEAST = 20  # rows from which on a file is refused
_LISTED, _LONG = 5, 20  # words that are named, and their letters
# Reason -> our column, and the key of a mapping that tells what stands there.
_KEYS = {
    "unknown_kind": ("kind", '[values.kind] "{word}" = "call"'),
    "unknown_direction": ("direction", '[values.direction] "{word}" = "outgoing"'),
    "unknown_answered": ("answered", '[values.answered] "{word}" = "yes"'),
    "unreadable_time": ("started_at", '[time] formats = ["%d/%m/%Y %H:%M"]'),
    "unreadable_offset": ("utc_offset", '[time] offset_unit = "seconds"'),
    "ambiguous_zone": ("started_at", '[time] zones = {{ CST = "-06:00" }}'),
    "unreadable_duration": ("duration_s", '[numbers] decimal = "," or [duration] form = "mm:ss"'),
}


def check(read: Reading, reasons: dict[str, int], rows: int, share: float) -> None:
    """Refuse a file with too many rows whose words, times or numbers are not understood.

    Args:
        read: how it was read.
        reasons: rejected rows by reason.
        rows: of the file.
        share: of the rows that may be rejected for one such reason.

    Raises:
        InputError: it names the column, what stands there (in the first rows), and the key of a mapping.
    """
    for reason, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
        if reason not in _KEYS or count < LEAST or count <= share * rows:
            continue
        column, key = _KEYS[reason]
        found, named = _found(read, column)
        told = f"; there stand {', '.join(map(repr, found))}" if found else ""
        word = found[0] if named else "word"
        raise InputError(
            f"{count} of {rows} rows would be rejected: {reason.replace('_', ' ')}{told}.",
            file=read.file,
            column=read.found.get(column, column),
            fix=f"Say what it means in a mapping (--mapping): {key.format(word=word)}; or set intake.max_rejected.",
        )


def _known(read: Reading, column: str) -> Collection[str] | None:
    """The words of a column that are understood; None where it holds no words."""
    if column == "kind":
        return words.kinds(read.profile)
    if column == "direction":
        return words.directions(read.profile)
    return words.answers(read.profile) if column == "answered" else None


def _found(read: Reading, column: str) -> tuple[list[str], bool]:
    """What stands in a column in the first rows, and whether it is named: words that are not understood, else their
    shapes (9 for a digit, a for a letter), for they may be somebody's."""
    if column not in read.found:
        return [], False
    place = read.layout.names.index(read.found[column])
    texts = [row[place].strip() for row in read.layout.sample if len(row) > place and row[place].strip()]
    known = _known(read, column)
    if known is not None:
        texts = [text for text in texts if text.lower() not in known]
    found = list(dict.fromkeys(texts))
    if known is not None and 0 < len(found) <= _LISTED and all(len(text) <= _LONG for text in found):
        return found, True
    return list(dict.fromkeys(sources.mask(text[:_LONG]) for text in found))[:_LISTED], False
