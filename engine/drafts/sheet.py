"""A table's columns as a sample of rows from all over the file shows them."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from engine.drafts import moments, names, vocabulary
from engine.drafts.draft import Sql, name_in_sql
from engine.forms import textfile
from engine.forms.textfile import Layout

if TYPE_CHECKING:
    from engine.forms import Plain

ROWS = 4000  # of a sample at most
_A_BLOCK = 200  # rows of every further block
_PHONE = re.compile(r"(?:tel:|sip:)?\+?\(?\d[\d\s()./-]{0,22}\d")
_SHOWN = re.compile(r'"?[^<>"]*"?\s*<(?:sips?:|tel:)?[^<>\s]+>')  # Ann <100>
_IP = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d+)?|[+-]?\d{1,3}(?:[.,' ]\d{3})+(?:[.,]\d+)?")
_DIGITS = re.compile(r"\d[\d\s.]*\s[\d\s.]*\d")  # of a row that spaces part
_SPAN = re.compile(r"(?:\d{1,4}:\d{1,2}|\d{1,4}):\d{2}(?:[.,]\d+)?")
# A day that stands in another order as an ISO text, which alone may have 24:00.
_DAY_END = r"[/.-](\d{1,2})[/.-](\d{4}) (.*)$'"
TURNED = {
    "dmy": (r"'^(\d{1,2})" + _DAY_END, r"'\3-\2-\1 \4'"), "mdy": (r"'^(\d{1,2})" + _DAY_END, r"'\3-\1-\2 \4'"),
}  # fmt: skip
_PEOPLE = ("caller", "callee", "callee_final", "subscriber", "other")
_WHEN = ("start", "answer_time", "end", "time")
_ID = re.compile(r"[^\s,;|\"]{1,120}")


@dataclass(frozen=True)
class Column:
    """One column of a sample.

    Args:
        place: in the file, from 0.
        name: in the file.
        values: one for each row of the sample, without outer space; "" where empty.
        named: whether the file names it.
        sql: an expression that makes it of the file's columns; "" = it is one of them.
    """

    place: int
    name: str
    values: tuple[str, ...]
    named: bool = True
    sql: str = ""

    @property
    def where(self) -> str | Sql:
        """What `[columns]` says of it."""
        return Sql(self.text) if self.text != name_in_sql(self.name) else self.name

    @cached_property
    def text(self) -> str:
        """It in an expression, with what no form of time reads replaced."""
        text, read = self.sql or name_in_sql(self.name), self.times
        if read and read.ends and read.order in TURNED:
            return f"regexp_replace({text}, {', '.join(TURNED[read.order])})"
        for place, (word, number) in enumerate(read.replace if read else ()):
            text = f"replace({text if place else f'lower({text})'}, '{word}', '{number}')"
        return text

    @cached_property
    def filled(self) -> tuple[str, ...]:
        """Values that say something (no NULL and no \\N)."""
        return tuple(v for v in self.values if v and v.casefold() not in vocabulary.EMPTY)

    @cached_property
    def distinct(self) -> Counter[str]:
        """Filled values and how often each stands."""
        return Counter(self.filled)

    @cached_property
    def roles(self) -> tuple[tuple[str, int], ...]:
        """What its name tells, best first."""
        return names.roles(self.name) if self.named else ()

    @property
    def role(self) -> str:
        """What its name tells best, "" where nothing."""
        return self.roles[0][0] if self.roles else ""

    @cached_property
    def times(self) -> moments.Reading | None:
        """How it reads as times."""
        named = any(role in _WHEN for role, _ in self.roles[:1])
        return moments.reading(self.filled, whole=0.6 if named else 0.95, named=named)

    def share(self, pattern: re.Pattern[str]) -> float:
        """Of the filled values that a pattern fits as a whole."""
        return sum(n for v, n in self.distinct.items() if pattern.fullmatch(v)) / max(len(self.filled), 1)

    @cached_property
    def numeric(self) -> bool:
        """All filled values are numbers."""
        return bool(self.filled) and self.share(_NUMBER) >= 0.98

    @cached_property
    def spans(self) -> bool:
        """Filled values are lengths of time such as 00:02:05 or 2:05."""
        return bool(self.filled) and self.share(_SPAN) >= 0.98

    @cached_property
    def phones(self) -> float:
        """Share of the filled values that are written like numbers one can dial, extensions among them."""
        good = sum(n for v, n in self.distinct.items() if _phone(v))
        return good / max(len(self.filled), 1)

    @cached_property
    def ids(self) -> bool:
        """Values that may tell people: numbers to dial, or short words without spaces; no addresses of machines."""
        known = [v for v in self.filled if v.casefold() not in vocabulary.NOBODY]
        if not known or self.share(_IP) > 0.2:
            return False
        good = sum(
            1
            for v in known
            if _phone(v) or _SHOWN.fullmatch(v) or (_ID.fullmatch(v) and not re.fullmatch(r"[+-]?\d+[.,]\d+", v))
        )
        return good >= (0.5 if self.role in _PEOPLE else 0.8) * len(known) or self.phones >= 0.6

    def numbers(self, decimal: str = ".") -> list[float | None]:
        """Each row's value as a number, None where it is none."""
        return [number(v, decimal) for v in self.values]

    def seconds(self) -> list[float | None]:
        """Each row's value as a length of time in seconds (hours:minutes:seconds or minutes:seconds)."""
        found: list[float | None] = []
        for value in self.values:
            parts = value.replace(",", ".").split(":") if _SPAN.fullmatch(value) else []
            found.append(sum(float(p) * 60**i for i, p in enumerate(reversed(parts))) if parts else None)
        return found


@dataclass(frozen=True)
class Sheet:
    """A sample of a table.

    Args:
        layout: how the file is laid out.
        header: whether it names its columns.
        columns: in file order.
        rows: how many the sample has.
    """

    layout: Layout
    header: bool
    columns: tuple[Column, ...]
    rows: int


def _phone(value: str) -> bool:
    if _SHOWN.fullmatch(value):  # with a name before it
        value = value[value.rindex("<") + 1 : -1]
    match = _PHONE.fullmatch(value)
    return bool(match) and not _IP.fullmatch(value) and 2 <= sum(c.isdigit() for c in value) <= 16


def number(text: str, decimal: str = ".") -> float | None:
    """A text as a number with a given decimal sign; None where it is none."""
    other = "," if decimal == "." else "."
    plain = text.replace(other, "").replace("'", "").replace(" ", "").replace(decimal, ".")
    try:
        return float(plain) if re.fullmatch(r"[+-]?\d+(\.\d+)?", plain) else None
    except ValueError:
        return None


def sheet(form: Plain) -> Sheet:
    """Look at a table.

    Args:
        form: the opened table.

    Raises:
        InputError: the file is no table.
    """
    layout = form.layout()
    named = layout.packing == "parquet" and not layout.problems
    header = named or not _looks_like_data(layout.names)
    if not header:
        layout = form.layout(header=False)
    ready = form.ready(layout)
    rows = _parquet_rows(ready.path, layout.names) if ready.packing == "parquet" else _text_rows(ready)
    width = len(layout.names)
    # A row of another width (a total at the end, a remark) tells nothing of the columns.
    rows = [row for row in rows if len(row) == width and any(row)] or [
        (*r[:width], *[""] * (width - len(r))) for r in rows
    ]
    head = tuple(name.casefold() for name in layout.names)
    rows = [row for row in rows if tuple(v.strip().casefold() for v in row) != head]  # a header that comes again
    columns = tuple(
        Column(i, name, tuple(row[i].strip() for row in rows), header) for i, name in enumerate(layout.names)
    )
    return Sheet(layout, header, columns, len(rows))


def _looks_like_data(found: tuple[str, ...]) -> bool:
    """Whether a first line is a row: it has a number or a time, which are no names."""
    return any(
        _DIGITS.fullmatch(n) or _NUMBER.fullmatch(n.strip()) or moments.ways(n) or (_phone(n) and len(n) > 4)
        for n in found
        if n.strip()
    )


def _text_rows(layout: Layout) -> list[tuple[str, ...]]:
    rows: list[str] = []
    skip, rest, first = layout.skip, b"", True
    try:
        for block in textfile.blocks(layout.path, layout.packing):
            head, newline, tail = (rest + block).rpartition(b"\n")
            rest = tail
            if not newline:
                continue
            lines = head.split(b"\n")
            if first:
                lines = lines[skip:]
            rows += [line.decode("utf-8", "replace") for line in _some(lines, ROWS if first else _A_BLOCK)]
            first = False
    except EOFError:
        pass
    if rest.strip() and first:
        rows += [line.decode("utf-8", "replace") for line in rest.split(b"\n")[skip:]]
    elif rest.strip():
        rows.append(rest.decode("utf-8", "replace"))
    if len(rows) > 2 * ROWS:
        rows = rows[:ROWS] + list(_some(rows[ROWS:], ROWS))
    return [tuple(_split(line.rstrip("\r"), layout.delimiter)) for line in rows if line.strip()]


def _split(line: str, delimiter: str) -> list[str]:
    return next(csv.reader(io.StringIO(line), delimiter=delimiter), [""])


def _some(lines: Sequence, most: int) -> list:
    """At most so many of some lines, from all over them and in order."""
    if len(lines) <= most:
        return list(lines)
    return [lines[i * len(lines) // most] for i in range(most)]


def _parquet_rows(path: Path, wanted: tuple[str, ...]) -> list[tuple[str, ...]]:
    import polars as pl

    with textfile.literally(path) as name:
        frame = pl.scan_parquet(name, hive_partitioning=False).select(wanted)
        n = frame.select(pl.len()).collect().item()
        if n > ROWS:
            step = -(-n // ROWS)
            frame = frame.gather_every(step)
        texts = frame.with_columns(pl.selectors.binary().cast(pl.String, strict=False)).collect()
    cells = []
    for column in texts.get_columns():
        if column.dtype.is_nested() or column.dtype == pl.Duration:
            cells.append([""] * len(column))
        elif column.dtype == pl.Datetime:
            zoned = getattr(column.dtype, "time_zone", None)
            shown = (column.dt.convert_time_zone("UTC") if zoned else column).dt.strftime("%Y-%m-%d %H:%M:%S")
            cells.append([v + ("+00:00" if zoned else "") if v else "" for v in shown.to_list()])
        else:
            cells.append([v or "" for v in column.cast(pl.String, strict=False).to_list()])
    return list(zip(*cells, strict=True)) if cells else []
