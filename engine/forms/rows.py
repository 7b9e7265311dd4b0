"""The rows of a text, whatever is wrong with some of them: block by block, many lines at once, in bounded memory.

A row is a line, or several where a quote is open and the line that closes it makes a row of the right width. What is
no row is kept as such, with its reason: nothing is lost silently, and a stray quote costs its own line only. How the
blocks fall changes nothing.
"""

from __future__ import annotations

import codecs
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace as changed
from typing import TYPE_CHECKING, Any

from engine.forms import dialect as dialects
from engine.forms import textfile
from engine.forms.dialect import Dialect

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

PROBLEM, LINE = "__problem", "__line"  # columns of what is no row: why, and its text
WIDTH, LETTERS = "wrong_columns", "not_utf8"
_HELD = 40  # lines at the end, of which some may be a footer
_CELLS = 1 << 20  # at once, of a table of many columns
_NO_LETTER = "\ufffd"


@dataclass(frozen=True)
class Table:
    """How a text's rows are read.

    Args:
        dialect: how a line splits.
        names: of the columns, as they are handed on.
        header: the header's cells as they stand, by which it is known where it comes again; empty = there is none.
        skip: lines above the first row.
        encoding: of the letters.
    """

    dialect: Dialect
    names: tuple[str, ...]
    header: tuple[str, ...]
    skip: int
    encoding: str


def read(table: Table, blocks: Iterator[bytes], notes: dict[str, int]) -> Iterator[pl.DataFrame]:
    """Every row as text.

    Args:
        table: how.
        blocks: the unpacked bytes; `EOFError` = the archive is cut.
        notes: gets counts of what was passed over: `footer_lines`, `repeated_headers`, `nul_bytes`, and `cut_short`,
            `no_final_line_end`.

    Yields:
        The columns as text (empty = null), `PROBLEM` and `LINE` (null where the row is one), in the file's order.

    Raises:
        OverflowError: a line is longer than `textfile.LINE`.
    """
    bulk, rest, skip = _Bulk(table, notes), "", table.skip
    for text, last in _texts(table.encoding, blocks, notes):
        whole, end, rest = (rest + text).rpartition("\n")
        if last and rest and notes.get("cut_short"):
            bulk.torn = rest  # its last value may be cut
        elif last and rest:
            notes["no_final_line_end"] = 1
            whole, end = whole + end + rest, "\n"
        lines = _lines(whole, end)
        if len(rest) > textfile.LINE or (lines.str.len_bytes().max() or 0) > textfile.LINE:
            raise OverflowError
        if skip:
            skip, lines = max(skip - len(lines), 0), lines[skip:]
        for at in range(0, max(len(lines), 1), step := max(_CELLS // len(table.names), 1)):
            yield from bulk.take(lines[at : at + step], last=last and at + step >= len(lines))


def _lines(text: str, end: str) -> pl.Series:
    """A text's lines; none where no line ends."""
    import polars as pl

    return pl.Series("line", [text] if end else [], pl.String).str.split("\n").explode()


def _texts(encoding: str, blocks: Iterator[bytes], notes: dict[str, int]) -> Iterator[tuple[str, bool]]:
    """Blocks as text whose lines end in line feeds; the last one is marked."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    held, begun, done = "", False, False
    while not done:
        try:
            block = next(blocks, b"")
        except EOFError:
            block = b""
            notes["cut_short"] = 1
        done = not block
        text = held + decoder.decode(block, final=done and not notes.get("cut_short"))
        held = ""
        if not begun and text:
            text, begun = text.removeprefix("\ufeff"), True
        if not done:  # more line ends may follow
            kept = text.rstrip("\r")
            held, text = text[len(kept) :], kept
        if "\r" in text:
            text = text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
        yield text, done


class _Bulk:
    """Splits lines into rows as they come.

    Attributes:
        torn: the unfinished last line of a cut archive.
    """

    def __init__(self, table: Table, notes: dict[str, int]) -> None:
        self.table, self.notes = table, notes
        self.width = len(table.names)
        self.torn = ""
        self._lines = _lines("", "")
        dialect = table.dialect
        self._nothing = f" \t\r{dialect.delimiter}{dialect.restore}"  # what a line without values holds

    def take(self, lines: pl.Series, *, last: bool) -> Iterator[pl.DataFrame]:
        """The rows of some more lines, but for those that must wait for what follows."""
        import polars as pl

        held = pl.concat([self._lines, lines])
        if not last and len(held) <= _HELD:
            self._lines = held
            return
        if last:
            ready, done = self._without_footer(held), None
        else:
            ready, done = held, len(held) - _HELD
        used, frame = self._rows(ready, done)
        if not last:
            self._lines = held[used:]
        if frame.height:
            yield frame
        if last and self.torn:
            yield self._damaged([self.torn], [WIDTH])

    def _without_footer(self, lines: pl.Series) -> pl.Series:
        """All lines but the footer at the end; a line break inside quotes ends no line."""
        end = len(lines)
        while end and not self.torn:
            line = lines[end - 1]
            dialect = self.table.dialect
            open_ = dialect.quotes(line) % 2  # or closed, of a value with a line break
            if open_ or line.strip(self._nothing):
                if open_ or not dialects.is_footer(dialect.split(line), line, self.width):
                    break
                self.notes["footer_lines"] = self.notes.get("footer_lines", 0) + 1
            end -= 1
        return lines[:end]

    def _rows(self, lines: pl.Series, most: int | None) -> tuple[int, pl.DataFrame]:
        """Rows of lines, up to about `most` of them (None: all): how many lines were used, the rows."""
        import numpy as np
        import polars as pl

        texts = self._cleaned(lines)
        flat, start, count, good = _split(texts, self.table.dialect)
        good &= self._fits(flat, start, count)
        # A line with an open quote is no empty one, whatever stands in it.
        even = texts.str.count_matches(self.table.dialect.quote, literal=True) % 2 == 0
        blank = (even & (texts.str.strip_chars(self._nothing).str.len_bytes() == 0)).to_numpy()
        joined, gone, used = self._join(texts, good, blank, most)
        keep = ~(blank | gone)
        if used < len(lines):
            keep[used:] = False
        letters = texts.str.contains(r"[\x{FFFD}\x00]").fill_null(value=False).to_numpy()
        whole = good & keep & ~letters
        places = start[whole]
        columns = {name: flat.gather(places + i) for i, name in enumerate(self.table.names)}
        frame = pl.DataFrame(columns, schema=dict.fromkeys(self.table.names, pl.String))
        frame = frame.with_columns(pl.lit(None, pl.String).alias(PROBLEM), pl.lit(None, pl.String).alias(LINE))
        order = np.flatnonzero(whole)
        if len(joined):
            frame, order = self._with(frame, order, self._of(list(joined.values())), np.array(list(joined)))
        odd = np.flatnonzero(keep & ~whole & ~np.isin(np.arange(len(lines)), list(joined)))
        if len(odd):
            what = np.where(letters[odd], LETTERS, WIDTH).tolist()
            bad = self._damaged(lines.gather(odd).to_list(), what)
            frame, order = self._with(frame, order, bad, odd)
        return used, self._without_headers(_empty_is_null(frame, self.table.names))

    def _with(
        self, frame: pl.DataFrame, order: np.ndarray, other: pl.DataFrame, places: np.ndarray
    ) -> tuple[pl.DataFrame, np.ndarray]:
        """Rows and others in the order of the file."""
        import numpy as np
        import polars as pl

        both = np.concatenate([order, places])
        sorting = np.argsort(both, kind="stable")
        return pl.concat([frame, other])[sorting], both[sorting]

    def _of(self, rows: list[list[str]]) -> pl.DataFrame:
        import polars as pl

        data = {name: [row[i] for row in rows] for i, name in enumerate(self.table.names)}
        frame = pl.DataFrame(data, schema=dict.fromkeys(self.table.names, pl.String))
        odd = pl.any_horizontal(pl.col(self.table.names).str.contains(r"[\x{FFFD}\x00]"))
        problem = pl.when(odd).then(pl.lit(LETTERS)).alias(PROBLEM)
        return frame.with_columns(problem, pl.when(odd).then(pl.lit("?")).alias(LINE))

    def _damaged(self, lines: list[str], what: list[str]) -> pl.DataFrame:
        import polars as pl

        shown = ["?" if why == LETTERS else line for line, why in zip(lines, what, strict=True)]
        return pl.DataFrame(
            {**{name: [None] * len(lines) for name in self.table.names}, PROBLEM: what, LINE: shown},
            schema=dict.fromkeys([*self.table.names, PROBLEM, LINE], pl.String),
        )

    def _cleaned(self, texts: pl.Series) -> pl.Series:
        """Lines without what is no part of them: marks of a file's beginning, the NULs with which a value is filled."""
        nul = texts.str.contains("\0", literal=True)
        if nul.any():
            d = dialects.re.escape(self.table.dialect.delimiter)
            before = int(texts.str.count_matches("\0", literal=True).sum())
            texts = texts.str.replace_all(rf"\x00+({d}|\"|'|$)", "${1}")
            removed = before - int(texts.str.count_matches("\0", literal=True).sum())
            if removed:
                self.notes["nul_bytes"] = self.notes.get("nul_bytes", 0) + removed
        return texts.str.strip_prefix("\ufeff") if texts.str.starts_with("\ufeff").any() else texts

    def _fits(self, flat: pl.Series, start: np.ndarray, count: np.ndarray) -> np.ndarray:
        """Which rows are as wide as the header; empty fields beyond its last are none."""
        import numpy as np

        fits = count >= self.width
        for extra in range(self.width, min(int(count.max(initial=0)), self.width + 50)):
            rows = np.flatnonzero(fits & (count > extra))
            filled = (flat.gather(start[rows] + extra).str.len_bytes() > 0).to_numpy()
            fits[rows[filled]] = False
        return fits & (count <= self.width + 50)

    def _join(
        self, texts: pl.Series, good: np.ndarray, blank: np.ndarray, most: int | None
    ) -> tuple[dict[int, list[str]], np.ndarray, int]:
        """Rows of several lines, by where they begin; which lines are in them; how many lines can be used by now."""
        import numpy as np

        dialect, n = self.table.dialect, len(texts)
        used, gone = n if most is None else most, np.zeros(n, bool)
        joined: dict[int, list[str]] = {}
        bad = np.flatnonzero(~good & ~blank)
        if not len(bad):
            return joined, gone, used
        bare = texts.str.replace_all(r"\\.", "") if dialect.backslash else texts
        odd = np.flatnonzero((bare.str.count_matches(dialect.quote, literal=True) % 2 == 1).to_numpy()).tolist()
        ends, done = np.cumsum(texts.str.len_bytes().to_numpy() + 1), 0
        for i in bad.tolist():
            if i >= used:
                break
            if i < done:
                continue
            line, fields = texts[i], None
            place = bisect_right(odd, i)
            opened = place > 0 and odd[place - 1] == i
            if opened and place < len(odd):
                stop = odd[place]
                some = texts[i : stop + 1].to_list() if ends[stop] - ends[i] < textfile.LINE else []
                fields = self._right(dialect.split("\n".join(some))) if some else None
                against = 0 if fields is None else dialects.stray(some, dialect, self.width)
                if against >= dialects.STRAY:
                    fields = None
                if fields is not None:
                    done = stop + 1
                    used = max(used, done)
                    if against >= dialects.DOUBTFUL:
                        good[i:done] = False
                        continue
                    gone[i:done] = True
            elif opened and most is not None and ends[-1] - ends[i] < textfile.LINE:
                used = i  # what closes it may follow
                break
            if fields is None and not dialect.backslash and "\\" in line:
                fields = self._right(changed(dialect, backslash=True).split(line))
            if fields is not None:
                joined[i], gone[i] = fields, True
        return joined, gone, used

    def _right(self, fields: list[str] | None) -> list[str] | None:
        """Fields as wide as the header; None where they are not."""
        if fields is None or len(fields) < self.width or any(fields[self.width :]):
            return None
        return fields[: self.width]

    def _without_headers(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows but for those that repeat the header."""
        import polars as pl

        head = self.table.header[: self.width]
        if not any(head):
            return frame
        cells = [pl.col(n).eq_missing(pl.lit(h or None)) for n, h in zip(self.table.names, head, strict=False)]
        again = pl.all_horizontal(*cells, pl.col(PROBLEM).is_null())
        rest = frame.filter(~again)
        if rest.height < frame.height:
            self.notes["repeated_headers"] = self.notes.get("repeated_headers", 0) + frame.height - rest.height
        return rest


def _empty_is_null(frame: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    import polars as pl

    return frame.with_columns(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in names)


def _split(texts: pl.Series, dialect: Dialect) -> tuple[pl.Series, Any, Any, Any]:
    """Fields of all lines one after another, where each line's begin, how many it has, and which lines split well."""
    import numpy as np
    import polars as pl

    if dialect.swap:
        texts = texts if dialect.restore.strip() else texts.str.strip_chars(" \t")
        texts = texts.str.replace_all(dialect.swap, dialect.delimiter)
    n = len(texts)
    quoted = texts.str.contains(dialect.quote, literal=True).to_numpy()
    start, count, good = np.zeros(n, np.int64), np.zeros(n, np.int64), np.ones(n, bool)
    flats, offset = [], 0
    for some, fields in ((~quoted, _plainly), (quoted, _quotedly)):
        rows = np.flatnonzero(some)
        if not len(rows):
            continue
        flat, counts, whole = fields(texts.gather(rows) if len(rows) < n else texts, dialect)
        start[rows] = offset + np.cumsum(counts) - counts
        count[rows], good[rows] = counts, whole
        flats.append(flat)
        offset += len(flat)
    flat = pl.concat(flats) if flats else pl.Series("line", [], pl.String)
    if dialect.swap:
        flat = flat.str.replace_all(dialect.delimiter, dialect.restore, literal=True)
    return flat, start, count, good


def _plainly(texts: pl.Series, dialect: Dialect) -> tuple[pl.Series, Any, Any]:
    import numpy as np

    parts = texts.str.split(dialect.delimiter)
    counts = parts.list.len().cast(int).to_numpy()
    return parts.explode().str.strip_chars(" "), counts, np.ones(len(texts), bool)


def _quotedly(texts: pl.Series, dialect: Dialect) -> tuple[pl.Series, Any, Any]:
    import numpy as np
    import polars as pl

    parts = (pl.Series([dialect.delimiter]) + texts).str.extract_all(f"(?s){dialect.field}")
    counts = parts.list.len().cast(int).to_numpy()
    rows = np.repeat(np.arange(len(texts)), counts)
    found = parts.explode()
    length = np.bincount(rows, found.str.len_bytes().to_numpy(), len(texts))
    good = length == texts.str.len_bytes().to_numpy() + len(dialect.delimiter.encode())
    values = found.str.slice(1)
    bare = values.str.strip_chars(" ")
    opens = bare.str.starts_with(dialect.quote)
    closed = opens & values.str.contains(rf"(?s)\A{dialect.quoted}\z")
    good[rows[(opens & ~closed).to_numpy()]] = False
    inner = bare.str.head(-1).str.slice(1)
    if dialect.backslash:
        inner = inner.str.replace_all(r"(?s)\\(.)", "${1}")
    inner = inner.str.replace_all(dialect.quote * 2, dialect.quote, literal=True)
    frame = pl.DataFrame({"inner": inner, "bare": bare, "closed": closed})
    value = frame.select(pl.when("closed").then("inner").otherwise("bare"))[:, 0]
    return value, counts, good
