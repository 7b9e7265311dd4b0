"""How a text holds a table: what stands between fields, what encloses them, where the header is.

Found from its first lines. A rule for all: what does not split as most lines do is no row, and what stands above the
first line that does is a preamble.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

_FIRST = (",", "\t", ";", "|")
_OTHERS = "^~\x01\x1f\x1e\x1c§¦¬·¤!#$%&*:"
_UNIT = "\x1f"  # stands for delimiters of several letters once they are found
_RUNS = ((r" {2,}", "  "), (r"[ \t]+", " "))
_LINES = 200  # of a file's first ones that are judged
_MOST = 0.6  # share of the lines that must split alike for a delimiter to be one
DOUBTFUL, STRAY, _ALIKE = 3, 6, 0.8  # see `stray`; share of the lines that would be rows
_WIDER, _NEAR = 0.34, 10  # share of rows that may be wider than a header; rows below it among which a better one may be
_NEARLY = 0.9  # the same, of an unusual one
_COMMENT = re.compile(r"\s*(#|//|--|%)")
_FIELDS = re.compile(r"#\s*fields(?::\s*|\t)", re.IGNORECASE)
_TYPE = re.compile(
    r"(?:var)?(?:n?var)?(?:char|text|string|varchar2?|nvarchar2?|int(?:eger)?\d?|bigint|smallint|tinyint|number|numeric|"
    r"decimal|float\d?|double(?: precision)?|real|bool(?:ean)?|bit|date|time|datetime2?|timestamp(?:tz)?|uuid|"
    r"uniqueidentifier|binary|varbinary|blob|clob|money|long|short|object)(?:\(\s*\w+\s*(?:,\s*\d+\s*)?\))?"
    r"(?: (?:not )?null)?",
    re.IGNORECASE,
)
_RULE = re.compile(r"[-=+|: ,;\t\x1f]*[-=]{3}[-=+|: ,;\t\x1f]*")
_COUNT = re.compile(
    r"\W*(?:\d+ (?:rows?|records?|zeilen|sor|lignes|filas)\b[^,;\t|]*|"
    r"(?:rows?|records?)(?: count| selected)?:? *\d+)\W*",
    re.IGNORECASE,
)
_FOOT = re.compile(
    r"\W*(?:(?:grand |sub-?)?(?:totals?|sums?|summe|gesamt(?:summe)?|insgesamt|összesen|summa|somme|totale|итого|всего)"
    r"(?: (?:rows?|records?|calls?|duration|count|amount|minutes|seconds|of .*))?\W*\d*\W*$|"
    r"(?:end|ende|fin) (?:of|der|des|du|de)\b|eof\b|time taken\b|elapsed\b|(?:report )?generated\b|printed\b|"
    r"page \d+)",
    re.IGNORECASE,
)
_VALUE = re.compile(r"[+-]?\(?[\d][\d.,:/ T+()Z-]*|")
_ENDS = " \t\x1a\x0c\x04"  # marks of an end that old systems write
_TOLD = re.compile(r"sep=(.)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Dialect:
    """How a line splits.

    Args:
        delimiter: one letter between fields, after
        swap: a pattern that is replaced by it first ("" = none), which stands for
        restore: this, where it stood within a field.
        quote: what may enclose a field.
        backslash: whether a quote within quotes is written so, besides twice.
    """

    delimiter: str = ","
    quote: str = '"'
    backslash: bool = False
    swap: str = ""
    restore: str = ""

    @property
    def quoted(self) -> str:
        """Pattern of a field within quotes."""
        q = self.quote
        return f" *{q}(?:[^{q}\\\\]|\\\\.|{q}{q})*{q} *" if self.backslash else f" *{q}(?:[^{q}]|{q}{q})*{q} *"

    @property
    def field(self) -> str:
        """Pattern of a delimiter and the field after it."""
        d = re.escape(self.delimiter)
        return f"{d}(?:{self.quoted}|[^{d}]*)"

    @cached_property
    def _compiled(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        return re.compile(self.field, re.DOTALL), re.compile(self.quoted, re.DOTALL)

    def split(self, text: str) -> list[str] | None:
        """The fields of one row; None where a quote is not closed, or something stands behind a closed one.

        `engine.forms.rows` does the same for many lines at once.
        """
        field, quoted = self._compiled
        if self.swap:
            text = re.sub(self.swap, self.delimiter, text if self.restore.strip() else text.strip(" \t"))
        parts = field.findall(self.delimiter + text)
        if sum(map(len, parts)) != len(text) + 1:
            return None
        found = []
        for part in parts:
            value = part[1:]
            if value.lstrip(" ").startswith(self.quote):
                if not quoted.fullmatch(value):
                    return None
                value = value.strip(" ")[1:-1]
                if self.backslash:
                    value = re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)
                value = value.replace(self.quote * 2, self.quote)
            else:
                value = value.strip(" ")
            found.append(value.replace(self.delimiter, self.restore) if self.swap else value)
        return found

    def quotes(self, text: str) -> int:
        """How many quotes stand in a text."""
        return (re.sub(r"\\.", "", text) if self.backslash else text).count(self.quote)


@dataclass(frozen=True)
class Found:
    """What the first lines tell.

    Args:
        dialect: how lines split.
        skip: physical lines above the first row.
        header: the header's cells as they stand; empty = none.
        rows: the first rows, split; rows of another number of fields among them.
        plain: whether every line seen is a row, as wide as the header, that any reader splits in the same way.
        notes: what was passed over: `preamble_lines`, `type_rows`.
    """

    dialect: Dialect
    skip: int
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    plain: bool
    notes: tuple[tuple[str, int], ...] = ()


def lines_of(text: str) -> list[str]:
    """A text's lines, whatever ends them."""
    return text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def records(lines: Sequence[str], dialect: Dialect) -> Iterator[tuple[int, int, list[str] | None]]:
    """Rows of some lines: where each begins, how many lines it takes, its fields (None: it is damaged).

    A row whose quote is open goes on up to the line that closes it; where that makes no row, the line is damaged alone.
    """
    at = 0
    while at < len(lines):
        fields, stop = dialect.split(lines[at]), at + 1
        if fields is None and dialect.quotes(lines[at]) % 2:
            end = next((i for i in range(stop, len(lines)) if dialect.quotes(lines[i]) % 2), None)
            some = lines[at : end + 1] if end is not None else []
            width = dialect.split("\n".join(some)) if some else None
            joined = width if width and stray(some, dialect, len(width)) < DOUBTFUL else None
            if joined is not None and end is not None:
                fields, stop = joined, end + 1
        yield at, stop - at, fields
        at = stop


def stray(lines: Sequence[str], dialect: Dialect, width: int) -> float:
    """How much speaks against a row of several lines, where each would be one if its quotes were letters: 0 = nothing.

    A text within quotes may hold a line break, and then a delimiter or two; it hardly holds as many as a row has, line
    after line. From `STRAY` on the first quote is believed to be a stray one, from `DOUBTFUL` on nobody knows.
    """
    full = 0
    for line in lines:
        text = re.sub(dialect.swap, dialect.delimiter, line) if dialect.swap else line
        full += text.count(dialect.delimiter) + 1 == width
    return (full - 1) * (width - 1) if full >= _ALIKE * len(lines) else 0


def find(lines: Sequence[str], *, delimiter: str | None = None, header: bool = True, skip: int = 0) -> Found:
    """How a table is written.

    Args:
        lines: the first lines of its file.
        delimiter: between fields, where it is known.
        header: whether there is a line of names.
        skip: lines above it, where they are known; 0 = what stands above is found.
    """
    lines = list(lines[: _LINES + skip])
    top = skip
    if not skip:
        while top < len(lines) and not lines[top].strip():
            top += 1
        if top < len(lines) and (told := _TOLD.fullmatch(lines[top].strip().strip('"'))):
            delimiter = delimiter or told[1]
            top += 1
        said = next((i for i in range(top, min(top + _NEAR, len(lines))) if _FIELDS.match(lines[i])), None)
        if said is not None:  # as web servers and Zeek write it
            top, lines[said] = said, _FIELDS.sub("", lines[said])
    best = _best(lines[top:], delimiter, header)
    split = [(at + top, n, fields) for at, n, fields in records(lines[top:], best)]
    split = [row for row in split if "".join(lines[row[0] : row[0] + row[1]]).strip()]
    start = _header_at(split, lines, header, skip) if split else 0
    return _told(lines, split, start, best, header)


def _told(
    lines: list[str], split: list[tuple[int, int, list[str] | None]], start: int, dialect: Dialect, header: bool
) -> Found:
    head: tuple[str, ...] = ()
    first, rest = (split[start][0] if split else len(lines)), split[start:]
    notes = {"preamble_lines": first} if first else {}
    if header and rest:
        at, n, fields = rest[0]
        head = tuple(_name(cell) for cell in fields or dialect_cells(lines[at], dialect))
        first, rest = at + n, rest[1:]
        while rest and is_aside(rest[0][2], "\n".join(lines[rest[0][0] : rest[0][0] + rest[0][1]])):
            notes["type_rows"] = notes.get("type_rows", 0) + 1
            first, rest = rest[0][0] + rest[0][1], rest[1:]
    rows = tuple(tuple(fields) for _, _, fields in rest if fields is not None)
    width = len(head) or Counter(map(len, rows)).most_common(1)[0][0] if (head or rows) else 0
    closed = lines[:-1] if lines and not lines[-1] else lines
    plain = (
        dialect == Dialect(dialect.delimiter)
        and dialect.delimiter.isascii()
        and all(n == 1 and fields is not None and len(fields) == width for _, n, fields in rest)
        and (not head or bool(head[-1]))
        and len(closed) - first == len(rest)  # no line is empty
        and all(any(fields or ()) for _, _, fields in rest)
        and not any(_padded(re.sub(dialect.quoted, "", lines[at]), dialect.delimiter) for at, _, _ in rest)
    )
    return Found(dialect, first, head, rows, plain, tuple(notes.items()))


def header_of(rows: Sequence[Sequence[str]], *, header: bool, skip: int) -> int:
    """The number of the row of a sheet that is its header, or its first row where it has none.

    Args:
        rows: the first ones, split.
        header: whether it has one.
        skip: rows above it; 0 = found.
    """
    split = [(at, 1, list(cells)) for at, cells in enumerate(rows) if at >= skip and any(cells)]
    lines = [",".join(cells) for cells in rows]
    return split[_header_at(split, lines, header, skip)][0] if split else len(rows)


def dialect_cells(line: str, dialect: Dialect) -> list[str]:
    """The cells of a damaged line, as well as can be."""
    return [cell.strip(" ").strip(dialect.quote) for cell in line.split(dialect.delimiter)]


def _name(cell: str) -> str:
    return " ".join(cell.replace("\ufeff", "").split())


def _padded(line: str, delimiter: str) -> bool:
    """Whether spaces stand around a delimiter or before a quote."""
    return f"{delimiter} " in line or f" {delimiter}" in line or line[:1] == " " or line[-1:] == " "


def is_aside(fields: Sequence[str] | None, text: str) -> bool:
    """Whether a row under the header is none: types of SQL, or a line of dashes."""
    if _RULE.fullmatch(text) or text.startswith("#"):
        return True
    cells = [cell for cell in fields or () if cell]
    return len(cells) > 1 and all(_TYPE.fullmatch(cell.strip()) for cell in cells)


def is_footer(fields: Sequence[str] | None, text: str, width: int) -> bool:
    """Whether a row at a table's end is none: a total, a count of rows, an end mark, a line of dashes."""
    if _RULE.fullmatch(text) or _COUNT.fullmatch(text) or not text.strip(_ENDS):
        return True
    cells = list(fields or ())
    filled = [cell for cell in cells if cell.strip()]
    odd = len(_trimmed(cells)) != width or len(filled) < width
    first = filled[0] if filled else text
    return bool(odd and (_FOOT.match(first) or _COMMENT.match(text)))


def named(cells: Sequence[str]) -> bool:
    """Whether some cells are names of columns, not values."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    return bool(filled) and not any(_VALUE.fullmatch(cell) for cell in filled) and 2 * len(filled) >= len(cells)


def _trimmed(fields: Sequence[str] | None) -> list[str]:
    found = list(fields or ())
    while found and not found[-1].strip():
        found.pop()
    return found


def _best(lines: list[str], delimiter: str | None, header: bool) -> Dialect:
    """The dialect in which most lines split alike, into columns with names."""
    if delimiter is not None:
        return _variant(lines, Dialect(delimiter))
    text = "\n".join(lines)
    found = Dialect()
    scores: list[tuple[tuple[bool, float, int], Dialect]] = []
    for candidate in (*_FIRST, *(c for c in _OTHERS if c in text)):
        if candidate not in text:
            continue
        dialect = _variant(lines, Dialect(candidate))
        score = _score(lines, dialect, header)
        if score is not None and (candidate in _FIRST or (score[0] and score[1] > _NEARLY)):
            scores.append((score, dialect))
    if scores:
        best = max(scores, key=lambda scored: scored[0])
        if best[1].delimiter == ":":  # clocks have colons: they part fields where nothing else does
            others = [scored for scored in scores if scored is not best and scored[0][2] > 2]
            best = max(others, key=lambda scored: scored[0], default=best)
        return best[1]
    for pattern, restore in _RUNS:
        dialect = Dialect(_UNIT, swap=pattern, restore=restore)
        score = _score(lines, dialect, header)
        if score is not None and score[0] and score[1] > _NEARLY:
            return dialect
    return found


def _variant(lines: list[str], dialect: Dialect) -> Dialect:
    """With the quotes and the repeats of its delimiter that some lines have."""
    d = dialect.delimiter
    spoken = [line for line in lines if line.strip()]
    doubled = [line for line in spoken if d * 2 in line]
    if d in "|~^:;" and spoken and len(doubled) == len(spoken) and all(d not in x.replace(d * 2, "") for x in spoken):
        return Dialect(_UNIT, swap=re.escape(d * 2), restore=d * 2)
    single = re.compile(rf"(?:^|{re.escape(d)}) *'[^']*' *(?=$|{re.escape(d)})")
    body = spoken[1:] or spoken
    enclosed = [line for line in body if len(single.findall(line)) * 2 > line.count(d) + 1 and '"' not in line]
    if body and len(enclosed) >= 0.8 * len(body):
        dialect = replace(dialect, quote="'")
    escaped = dialect.quote and "\\" + dialect.quote in "\n".join(lines)
    if escaped:
        other = replace(dialect, backslash=True)
        whole = [sum(row[2] is not None for row in records(lines, one)) for one in (dialect, other)]
        broken = [sum(row[2] is None for row in records(lines, one)) for one in (dialect, other)]
        if (broken[1], -whole[1]) < (broken[0], -whole[0]):
            return other
    return dialect


def _score(lines: list[str], dialect: Dialect, header: bool) -> tuple[bool, float, int] | None:
    """Whether the first line that splits as most do holds names; the share that does; into how many columns. None: it
    is no delimiter of these lines."""
    rows = [fields for at, _, fields in records(lines, dialect) if lines[at].strip()]
    widths = Counter(len(fields) for fields in rows if fields is not None and len(fields) > 1)
    if not widths:
        return None
    # A row of which the last cell is left out is one column short.
    width, _ = max(widths.items(), key=lambda item: (item[1], item[0]))
    alike = sum(n for w, n in widths.items() if abs(w - width) <= (not dialect.swap))
    first = next((f for f in rows if f is not None and len(_trimmed(f)) >= width - 1 and len(f) > 1), None)
    if first is None or (alike < _MOST * len(rows) and len(rows) > 3 and not (header and named(first))):
        return None
    return named(first) if header else True, round(alike / len(rows), 2), width


def _header_at(split: Sequence[tuple[int, int, list[str] | None]], lines: list[str], header: bool, skip: int) -> int:
    """The number of the row that is the header (of the first one without): the first as wide as most of what follows,
    unless a wider row of names stands a little below."""
    if skip or not header:
        return 0
    widths = [len(_trimmed(fields)) for _, _, fields in split]
    if max(widths, default=0) < 2:
        return _after_comments(split, lines)
    for number, (at, _, fields) in enumerate(split):
        below, width = widths[number + 1 :], widths[number]
        if fields and below and set(below) == {width + 1} and named(fields) and _numbered(split[number + 1 :]):
            fields.insert(0, "")  # as R writes it: the numbers of the rows have no name
            return number
        wider = sum(other > width for other in below)
        if width < 2 or (wider > _WIDER * len(below) and not named(fields or ())):
            continue
        near = split[number + 1 : number + 1 + _NEAR] if wider else []
        if any(len(_trimmed(f)) > width and named(f or ()) and len(set(f or ())) == len(f or ()) for _, _, f in near):
            continue
        if _COMMENT.match(lines[at]) and fields is not None:
            after = next((f for _, _, f in split[number + 1 :]), None)
            if after is None or named(after):
                continue
            fields[0] = fields[0].lstrip("#/-% ")
        return number
    return 0


def _numbered(split: Sequence[tuple[int, int, list[str] | None]]) -> bool:
    """Whether the first cells of some rows count them."""
    first = [fields[0] if fields else "" for _, _, fields in split]
    return first in ([str(i + n) for i in range(len(first))] for n in (0, 1))


def _after_comments(split: Sequence[tuple[int, int, list[str] | None]], lines: list[str]) -> int:
    for number, (at, _, _) in enumerate(split):
        if not _COMMENT.match(lines[at]):
            return number
    return 0
