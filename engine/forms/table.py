"""An opened table, and rows as lines of a text."""

from __future__ import annotations

import codecs
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.forms import dialect as dialects
from engine.forms import encodings, kinds, textfile
from engine.forms.rows import LINE, PROBLEM
from engine.forms.textfile import Layout

if TYPE_CHECKING:
    import polars as pl

    from engine.forms.dialect import Dialect

_SAMPLE = 50  # rows by which a format is recognised
_GROUP = 1 << 17  # rows of a row group at least
_TAIL = 1 << 12  # bytes at a file's end in which a footer is looked for


class Plain:
    """An opened table.

    Attributes:
        path: of its file, as the user knows it.
        notes: counts of what was passed over, for the summary; complete once the rows are read.
        told: what should be said of how it was read, in words; empty = nothing.
        folder: where copies lie, and
        named: whether they have names.
    """

    folder: Path | None = None
    named = False
    stack: ExitStack

    def __init__(self, path: Path) -> None:
        self.path, self.told = path, ""
        self.notes: dict[str, int] = {}

    def layout(
        self,
        *,
        delimiter: str | None = None,
        header: bool = True,
        skip: int = 0,
        names: tuple[str, ...] = (),
        encoding: str | None = None,
    ) -> Layout:
        """The columns and the first rows.

        Args:
            delimiter: between fields of a text; None = found.
            header: whether the columns have names in the file.
            skip: lines above them; 0 = found.
            names: of the columns where the file has none.
            encoding: of a text, where nobody gave one; None = found.

        Raises:
            InputError: there is no row, or there are too many columns.
        """
        raise NotImplementedError

    def rows(self, layout: Layout, wanted: Iterable[str] | None = None) -> Iterator[pl.DataFrame]:
        """Every row as text columns (empty = null), with `PROBLEM` and `LINE` where one is none, in the file's order.

        Args:
            layout: of `layout`.
            wanted: columns; None = all.
        """
        raise NotImplementedError

    def is_plain(self, layout: Layout, wanted: Sequence[str]) -> bool:
        """Whether the fast readers take the file itself."""
        return False

    def ready(self, layout: Layout, wanted: Iterable[str] | None = None, *, careful: bool = False) -> Layout:
        """A file for the fast readers, readable as long as this is open.

        Args:
            layout: of `layout`.
            wanted: columns that are read; None = all.
            careful: not the file itself: a reader stumbled over it.

        Returns:
            Where it lies, and its columns.
        """
        chosen = list(layout.names if wanted is None else dict.fromkeys(wanted))
        if not careful and self.is_plain(layout, chosen):
            return layout
        return replace(layout, path=self._copied(layout, chosen), packing="parquet", skip=0, problems=True)

    def _copied(self, layout: Layout, wanted: list[str]) -> Path:
        """A Parquet file of the rows as texts."""
        import polars as pl
        import pyarrow as pa
        import pyarrow.parquet as pq

        names = [*wanted, PROBLEM, LINE]
        if self.folder is not None:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file: Any
        if self.named:
            file = self.stack.enter_context(tempfile.NamedTemporaryFile(dir=self.folder, prefix="form-"))  # noqa: SIM115
            path = Path(file.name)
        else:
            file = self.stack.enter_context(tempfile.TemporaryFile(dir=self.folder))  # noqa: SIM115
            path = Path(f"/dev/fd/{file.fileno()}")
        waiting: list[pl.DataFrame] = []

        def write() -> None:
            writer.write_table(pl.concat(waiting).to_arrow().cast(schema), row_group_size=_GROUP)
            waiting.clear()

        schema = pa.schema([(name, pa.large_string()) for name in names])
        with pq.ParquetWriter(file, schema, compression="zstd", compression_level=1) as writer:
            for frame in self.rows(layout, wanted):
                waiting.append(frame.select(names))
                if sum(f.height for f in waiting) >= _GROUP:
                    write()
            if waiting:
                write()
        file.flush()
        return path


class Text(Plain):
    """Rows as lines of a text.

    Args:
        path: of the file.
        encoding: given by the user.
        packing: see `textfile.packing`; None = found.
        shown: how the file is called in messages, where it is another one.
    """

    def __init__(self, path: Path, encoding: str | None, packing: str | None = None, shown: Path | None = None) -> None:
        super().__init__(shown or path)
        self._file, self._given = path, encoding
        self._packing = textfile.packing(path) if packing is None else packing
        self._start = kinds.first(path, self._packing)
        self._found: dict[object, Layout] = {}

    def layout(
        self,
        *,
        delimiter: str | None = None,
        header: bool = True,
        skip: int = 0,
        names: tuple[str, ...] = (),
        encoding: str | None = None,
    ) -> Layout:
        """See `Plain.layout`."""
        asked = (delimiter, header, skip, names, encoding)
        if asked not in self._found:
            self._found[asked] = self._layout(delimiter, header, skip, names, encoding)
        return self._found[asked]

    def _layout(
        self, delimiter: str | None, header: bool, skip: int, names: tuple[str, ...], asked: str | None
    ) -> Layout:
        encoding = self._encoding(asked)
        text = self._start.decode(encoding, errors="replace").removeprefix("\ufeff")
        lines = dialects.lines_of(text)
        if len(self._start) >= textfile.PEEK:
            lines = lines[:-1]
            if len(lines) <= skip:
                raise InputError(
                    f"the first {textfile.PEEK >> 10} KB hold no whole line{f' after {skip} skipped' if skip else ''}.",
                    file=self.path,
                    fix="Give a file with a header line and rows, one a line.",
                )
        if not "".join(lines[skip:]).strip():
            raise InputError("the file has no rows.", file=self.path, fix="Give a file with a header line and rows.")
        found = dialects.find(lines, delimiter=delimiter, header=header, skip=skip)
        head = found.header
        while head and not head[-1]:
            head = head[:-1]
        if any(ord(c) < ord(" ") for c in "".join(head)):
            raise InputError("this is no text file.", file=self.path, fix="Give CSV, XLSX, JSON, XML or Parquet.")
        if "\ufffd" in "".join(head):
            raise InputError(
                f"the first line is not {encoding.upper()}.", file=self.path, row=0,
                fix="Name the encoding with --encoding, or save the file as UTF-8.",
            )  # fmt: skip
        if header and not any(head):
            raise InputError("there is no header line.", file=self.path, row=0, fix="Give the columns names.")
        if header:
            columns = unique(head)
        else:
            width = Counter(map(len, found.rows)).most_common(1)[0][0] if found.rows else 0
            columns = unique([*names[:width], *(f"column{i + 1}" for i in range(len(names), width))])
        textfile.check_width(columns, self.path)
        clean = (
            found.plain
            and encoding == "utf-8"
            and "\0" not in text
            and self._packing in ("", "gzip", "zstd")
            and "\r" not in text.replace("\r\n", "\n")
        )
        return Layout(
            self._file, self._packing, found.dialect.delimiter, columns, found.skip, found.rows[:_SAMPLE], head,
            found.dialect, encoding, clean, found.notes,
        )  # fmt: skip

    def _encoding(self, asked: str | None) -> str:
        """Of the text: as somebody said, else as it looks."""
        told = encodings.by_start(self._start)
        if self._given is not None:
            return self._given
        if told == "utf-8" and asked is not None and not self._start.startswith(codecs.BOM_UTF8):
            return encodings.known(asked)
        if told:
            return told
        return encodings.known(asked) if asked is not None else self._by_lines()

    def _by_lines(self) -> str:
        found = encodings.by_lines(textfile.blocks(self._file, self._packing))
        if found != "utf-8":
            self.told = encodings.note(found, self.path)
        return found

    def is_plain(self, layout: Layout, wanted: Sequence[str]) -> bool:
        """See `Plain.is_plain`."""
        if not layout.clean or (not layout.packing and self._has_footer(layout)):
            return False
        self.notes.update(layout.notes)
        return True

    def _has_footer(self, layout: Layout) -> bool:
        """Whether the last lines of a text are none of its rows."""
        size = self._file.stat().st_size
        with open(self._file, "rb") as file:
            file.seek(max(size - _TAIL, 0))
            lines = file.read().decode(errors="replace").rstrip("\r\n").split("\n")
        line = lines[-1].rstrip("\r")
        return len(lines) > 1 and dialects.is_footer(_dialect(layout).split(line), line, len(layout.names))

    def rows(self, layout: Layout, wanted: Iterable[str] | None = None) -> Iterator[pl.DataFrame]:
        """See `Plain.rows`."""
        from engine.forms import rows

        textfile.check_names(layout.names, self.path)  # what a data frame takes for a pattern is no name
        encoding = layout.encoding
        if encoding == "utf-8" and self._given is None and not self._start.startswith(codecs.BOM_UTF8):
            encoding = self._by_lines()  # what follows the first lines may be none
        table = rows.Table(_dialect(layout), layout.names, layout.header, layout.skip, encoding)
        self.notes.clear()
        self.notes.update(layout.notes)
        blocks = textfile.blocks(self._file, self._packing)
        try:
            for frame in rows.read(table, blocks, self.notes):
                yield frame if wanted is None else frame.select(*wanted, PROBLEM, LINE)
        except OverflowError:
            raise textfile.too_long(self.path) from None
        if self._packing:
            self.notes.pop("no_final_line_end", None)


def _dialect(layout: Layout) -> Dialect:
    if layout.dialect is None:
        raise ValueError("a text's layout says how its lines split")
    return layout.dialect


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """Names made different, whatever their case, by numbers behind them; an empty one is `column`."""
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        name = name.strip() or "column"
        number, candidate = 1, name
        while candidate.lower() in taken:
            number += 1
            candidate = f"{name}_{number}"
        found.append(candidate)
        taken.add(candidate.lower())
    return tuple(found)


def named(layout: Layout, wanted: Iterable[str], path: Path) -> None:
    """Refuse columns whose name stands twice in the header.

    Args:
        layout: of the table.
        wanted: the columns that are read.
        path: of the file.

    Raises:
        InputError: one of them does: which of the two is meant, nobody knows.
    """
    twice = Counter(cell.strip().lower() for cell in layout.header if cell.strip())
    for name in wanted:
        if twice[name.strip().lower()] > 1:
            raise InputError("the column occurs twice.", file=path, row=0, column=name, fix="Rename one of them.")
