"""Sheets of workbooks (XLSX) as tables of texts: all digits of numbers, moments as ISO text, cached values of formulas.

A cell that Excel shows as an error makes its row none; a formula without a cached value is a reason to refuse the file,
for nobody knows what stands there.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.forms import dialect, textfile
from engine.forms.rows import LINE, PROBLEM, WIDTH
from engine.forms.table import Plain, unique
from engine.forms.textfile import Layout

if TYPE_CHECKING:
    import polars as pl

_MOST = 1 << 30  # bytes of a workbook at most, unpacked: it is read whole
_BLOCK = 1 << 20
_CELL = re.compile(rb"<c\b([^>]*?)(/>|>(.*?)</c>)", re.DOTALL)
_VALUE = re.compile(rb"<v\b[^>]*>(.*?)</v>", re.DOTALL)
_MERGED = re.compile(rb"<mergeCell ")
_PLACE = re.compile(rb'\br="([A-Z]+)(\d+)"')
_HEAD = 200  # rows in which the header is looked for


class Sheet(Plain):
    """A sheet of a workbook.

    Args:
        path: of the file.
        name: of the sheet, or its number from 1; None = the only one with something in it.
        shown: how the file is called in messages, where it is another one.
    """

    def __init__(self, path: Path, name: str | None, shown: Path | None = None) -> None:
        super().__init__(shown or path)
        self._file = path
        _check_size(path, self.path)
        self._merged = 0
        self._frame, self._bad = self._loaded(name)
        self._found: dict[object, Layout] = {}

    def layout(self, *, header: bool = True, skip: int = 0, names: tuple[str, ...] = (), **_: Any) -> Layout:
        """See `Plain.layout`."""
        asked = (header, skip, names)
        if asked not in self._found:
            self._found[asked] = self._layout(header, skip, names)
        return self._found[asked]

    def _layout(self, header: bool, skip: int, names: tuple[str, ...]) -> Layout:
        rows = [[value or "" for value in row] for row in self._frame.head(_HEAD + skip).iter_rows()]
        place = dialect.header_of(rows, header=header, skip=skip)
        head = tuple(" ".join(cell.split()) for cell in rows[place]) if header and place < len(rows) else ()
        if header and not any(head):
            raise InputError("the sheet has no rows.", file=self.path, fix="Give one with a header line and rows.")
        own = head or [*names, *(f"column{i + 1}" for i in range(len(names), self._frame.width))]
        columns = unique(own[: self._frame.width])
        textfile.check_width(columns, self.path)
        start = place + bool(header)
        notes = {"preamble_lines": place} if place else {}
        while start < len(rows) and header and dialect.is_aside(rows[start], ""):
            notes["type_rows"] = notes.get("type_rows", 0) + 1
            start += 1
        sample = tuple(tuple(row) for row in rows[start : start + 50])
        return Layout(self._file, "", ",", columns, start, sample, head, None, "utf-8", False, tuple(notes.items()))

    def rows(self, layout: Layout, wanted: Iterable[str] | None = None) -> Iterator[pl.DataFrame]:
        """See `Plain.rows`."""
        import polars as pl

        frame = self._frame.rename(dict(zip(self._frame.columns, layout.names, strict=True)))
        self.notes = {**dict(layout.notes), **({"merged_cells": self._merged} if self._merged else {})}
        bad = pl.Series(PROBLEM, [None] * frame.height, pl.String)
        said = pl.Series(LINE, [None] * frame.height, pl.String)
        if self._bad:
            places = list(self._bad)
            bad = bad.scatter(places, [WIDTH] * len(places))
            said = said.scatter(places, list(self._bad.values()))
        frame = frame.with_columns(bad, said)[layout.skip :]
        keep = pl.any_horizontal(pl.col(layout.names).is_not_null()) | pl.col(PROBLEM).is_not_null()
        frame = self._without_headers(frame.filter(keep), layout)
        end = frame.height
        while end and not frame[PROBLEM][end - 1]:
            last = ["" if v is None else v for v in frame.row(end - 1)[: len(layout.names)]]
            if not dialect.is_footer(last, ",".join(last), len(layout.names)):
                break
            end -= 1
        if end < frame.height:
            self.notes["footer_lines"] = frame.height - end
        chosen = list(layout.names if wanted is None else wanted)
        yield frame[:end].select(*chosen, PROBLEM, LINE)

    def _without_headers(self, frame: pl.DataFrame, layout: Layout) -> pl.DataFrame:
        import polars as pl

        if not any(layout.header):
            return frame
        cells = [pl.col(n).eq_missing(pl.lit(h or None)) for n, h in zip(layout.names, layout.header, strict=False)]
        rest = frame.filter(~pl.all_horizontal(cells))
        if rest.height < frame.height:
            self.notes["repeated_headers"] = frame.height - rest.height
        return rest

    def _loaded(self, name: str | None) -> tuple[pl.DataFrame, dict[int, str]]:
        """The sheet's cells as texts, the first row of the sheet being row 0; rows with an error, and which."""
        import fastexcel
        import polars as pl

        try:
            with textfile.literally(self._file) as opened:
                book = fastexcel.read_excel(opened)
                chosen = self._chosen(book, name)
                sheet = book.load_sheet(chosen, header_row=None, skip_rows=0, dtypes="string")
                if sheet.width > textfile.COLUMNS:
                    textfile.check_width(map(str, range(sheet.width)), self.path)
                frame = sheet.to_polars()
        except (fastexcel.FastExcelError, ValueError, OSError) as error:
            why = (str(error).splitlines() or [""])[0][:120]
            raise InputError(
                f"is not a readable workbook ({why}).", file=self.path, fix="Save it again as XLSX."
            ) from None
        bad, self._merged = _odd_cells(self._file, chosen, self.path)
        texts = {
            str(place): _moments(column.cast(pl.String)).replace("", None).alias(str(place))
            for place, column in enumerate(frame.get_columns())
        }
        return pl.DataFrame(texts), {row: what for row, what in bad.items() if row < frame.height}

    def _chosen(self, book: Any, name: str | None) -> str:
        sheets = list(book.sheet_names)
        if name is not None:
            if name in sheets:
                return name
            if name.isdigit() and 1 <= int(name) <= len(sheets):
                return str(sheets[int(name) - 1])
            raise InputError(f"has no sheet {name!r}.", file=self.path, fix=f"Its sheets are {_listed(sheets)}.")
        filled = [s for s in sheets if book.load_sheet(s, header_row=None, n_rows=1, dtypes="string").total_height]
        if len(filled) != 1:
            what = "has several sheets with something in them" if filled else "has no sheet with something in it"
            raise InputError(f"{what}.", file=self.path, fix=f"Name one with --sheet: {_listed(filled or sheets)}.")
        return str(filled[0])


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names[:20])


def _moments(values: pl.Series) -> pl.Series:
    """Days without midnight where a column has days only; times of a day and spans without the day that Excel counts
    from."""
    import polars as pl

    moment = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$"
    is_moment = values.str.contains(moment).fill_null(value=False)
    if not is_moment.any():
        return values
    days_only = bool(values.filter(is_moment).str.ends_with(" 00:00:00").all())
    frame = pl.DataFrame({"v": values, "moment": is_moment})
    # Of 1900's first month only spans of time have an hour: nobody's birthday has.
    span = pl.col("v").str.extract_groups(r"^1900-01-(\d\d) (\d\d)(:\d\d:\d\d.*)$")
    hours = span.struct[0].cast(pl.Int64) * 24 + span.struct[1].cast(pl.Int64)
    text = (
        pl.when(pl.col("moment") & pl.lit(days_only)).then(pl.col("v").str.head(10))
        .when(pl.col("v").str.starts_with("1899-12-31 ")).then(pl.col("v").str.slice(11))
        .when(span.struct[0].is_not_null() & (span.struct[1] + span.struct[2] != "00:00:00"))
        .then(hours.cast(pl.String) + span.struct[2])
        .otherwise("v")
    )  # fmt: skip
    return frame.select(text)[:, 0]


def _check_size(path: Path, shown: Path) -> None:
    """Refuse a workbook that takes too much memory, by what its parts really hold."""
    total = 0
    try:
        with zipfile.ZipFile(path) as book:
            for member in book.infolist():
                with book.open(member) as part:
                    while block := part.read(_BLOCK):
                        total += len(block)
                        if total > _MOST:
                            raise InputError(
                                f"holds more than {_MOST >> 20:,} MB when it is unpacked.", file=shown,
                                fix="Save the sheet as CSV.",
                            )  # fmt: skip
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError, ValueError):
        raise InputError("is a damaged workbook.", file=shown, fix="Open it and save it again.") from None


def _odd_cells(path: Path, sheet: str, shown: Path) -> tuple[dict[int, str], int]:
    """Rows (from 0) with a cell that Excel shows as an error, and which; how many cells are merged ones, of which only
    the first has a value. Raises InputError for a formula without a value."""
    found: dict[int, str] = {}
    with zipfile.ZipFile(path) as book:
        part = _part(book, sheet)
        if part is None:
            raise InputError(
                "is a workbook without a list of its sheets.", file=shown, fix="Open it and save it again."
            )
        for attributes, content in _cells(book, part):
            failed = b't="e"' in attributes
            value = _VALUE.search(content)
            formula = b"<f" in content and b"<is" not in content
            formula = formula and not (value and (value[1] or b't="str"' in attributes))
            if not (failed or formula):
                continue
            place = _PLACE.search(attributes)
            cell = (place[1] + place[2]).decode() if place else "?"
            if formula:
                raise InputError(
                    f"cell {cell} holds a formula whose value is not in the file.", file=shown,
                    fix="Open it in Excel and save it, or save the sheet as CSV.",
                )  # fmt: skip
            found.setdefault(int(place[2]) - 1 if place else -1, f"{value[1].decode() if value else '#'} in {cell}")
        with book.open(part) as file:
            merged = sum(len(_MERGED.findall(block)) for block in iter(lambda: file.read(_BLOCK), b""))
    return found, merged


def _cells(book: zipfile.ZipFile, part: str) -> Iterator[tuple[bytes, bytes]]:
    """Attributes and content of cells that hold a formula or an error."""
    rest = b""
    with book.open(part) as file:
        while block := file.read(_BLOCK):
            data = rest + block
            end = data.rfind(b"</row>") + 1
            rest, data = data[end:], data[:end]
            if b"<f" in data or b't="e"' in data:
                for cell in _CELL.finditer(data):
                    yield cell[1], cell[3] or b""
            if len(rest) > 16 * _BLOCK:
                return


def _part(book: zipfile.ZipFile, sheet: str) -> str | None:
    """Where a sheet lies in a workbook."""
    from defusedxml.ElementTree import fromstring

    key = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
    try:
        root = fromstring(book.read("xl/workbook.xml"))
        wanted = [e.get(key) for e in root.iter() if e.tag.endswith("}sheet") and e.get("name") == sheet]
        links = fromstring(book.read("xl/_rels/workbook.xml.rels"))
        target = next(e.get("Target") for e in links.iter() if e.get("Id") in wanted)
    except (KeyError, StopIteration, SyntaxError, ValueError):
        return None
    name = target.lstrip("/") if str(target).startswith("/") else f"xl/{target}"
    return name if name in book.namelist() else None
