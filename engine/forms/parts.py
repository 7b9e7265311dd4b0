"""Several files that are one table: the members of a zip archive, the files of a folder, one after another by name.

All have the same columns, in any order. A folder's name such as `day=2024-01-15` is a column, as Hive has it.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from engine import sources
from engine.errors import InputError
from engine.forms import kinds, textfile
from engine.forms.rows import LINE, PROBLEM
from engine.forms.table import Plain, Text
from engine.forms.textfile import Layout

if TYPE_CHECKING:
    import polars as pl

_FILES = 100_000  # of a folder or an archive at most
_COPY = 1 << 20
_MOST = 1 << 34  # bytes of a packed workbook or Parquet file at most
_NOT = ("__MACOSX/", ".DS_Store", "Thumbs.db")
_TABLES = (".csv", ".tsv", ".txt", ".tab", ".dat", ".json", ".jsonl", ".ndjson", ".xml", ".xlsx", ".parquet", ".log")


def parts(
    path: Path, kind: str, sheet: str | None, encoding: str | None, stack: ExitStack, plain: Callable[..., Any]
) -> Plain:
    """The table of an archive or a folder.

    Args:
        path: of it.
        kind: "zip" or "folder".
        sheet: of a workbook in it.
        encoding: of the texts in it.
        stack: closes what is opened.
        plain: opens a file of a folder: `engine.forms.plain`.

    Raises:
        InputError: it holds nothing that is a table, or tables of different columns.
    """
    if kind == "zip":
        members = _members(path)
        if len(members) == 1:
            found = _member(path, members[0], sheet, encoding, stack)
            found.path = path
            return found
        return Parts(path, [(name, {}) for name in members],
                     lambda name, held: _member(path, name, sheet, encoding, held))  # fmt: skip
    files = _files(path)

    def opened(name: str, held: ExitStack) -> Plain:
        inner = path / name
        return held.enter_context(plain(inner, sheet=sheet if kinds.of(inner) == "xlsx" else None, encoding=encoding))

    return Parts(path, files, opened)


def _members(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        infos = [i for i in archive.infolist() if not i.is_dir() and i.file_size and not _hidden(i.filename)]
    if any(info.flag_bits & 1 for info in infos):
        raise InputError("is locked by a password.", file=path, fix="Unpack it, and give what is in it.")
    names = [info.filename for info in infos]
    if len(set(names)) < len(names) or len(names) > _FILES:
        raise InputError("holds files of the same name, or too many.", file=path, fix="Unpack it.")
    tables = [name for name in names if name.lower().endswith(_TABLES)]
    names = sorted(tables or names)
    if not names:
        raise InputError("is an empty archive.", file=path, fix="Give one with a table.")
    return names


def _hidden(name: str) -> bool:
    return name.startswith(_NOT) or PurePosixPath(name).name.startswith((".", "_")) or name.endswith(_NOT[1:])


def _member(path: Path, name: str, sheet: str | None, encoding: str | None, stack: ExitStack) -> Plain:
    """A file in an archive: a text is read where it is, others are copied out first."""
    packing = f"zip:{name}"
    start = kinds.first(path, packing)
    shown = path / name
    if start[:4] in (b"PAR1", b"PK\x03\x04"):
        copy = _copied(path, packing, stack)
        if start[:4] == b"PAR1":
            from engine.forms.columns import Columns

            return Columns(copy, shown)
        if kinds.of(copy) != "xlsx":
            raise InputError("is an archive in an archive.", file=shown, fix="Unpack the outer one.")
        from engine.forms.sheets import Sheet

        return Sheet(copy, sheet, shown)
    if start[:2] == b"\x1f\x8b" or start[:3] == b"BZh" or start[:4] == b"\x28\xb5\x2f\xfd":
        raise InputError("is an archive in an archive.", file=shown, fix="Unpack the outer one.")
    kind = kinds.of_start(start, shown)
    if kind in ("json", "xml"):
        from engine.forms.documents import Json, Xml

        return Json(shown, encoding, path, packing) if kind == "json" else Xml(shown, path, packing)
    return Text(path, encoding, packing, shown)


def _copied(path: Path, packing: str, stack: ExitStack) -> Path:
    file, size = stack.enter_context(tempfile.TemporaryFile()), 0  # noqa: SIM115
    try:
        for block in textfile.blocks(path, packing):
            file.write(block)
            size += len(block)
            if size > _MOST:
                raise InputError(
                    "is too large when it is unpacked.", file=path, fix="Unpack it, and give what is in it."
                )
    except EOFError:
        raise InputError("the archive is incomplete.", file=path, fix="Fetch the file again.") from None
    file.flush()
    return Path(f"/dev/fd/{file.fileno()}")


def _files(folder: Path) -> list[tuple[str, dict[str, str]]]:
    """The files below a folder by name, each with the columns that its folders' names give."""
    names = sources.files_of(folder)
    if not names:
        raise InputError("is an empty folder.", file=folder, fix="Give a file, or a folder of files.")
    if len(names) > _FILES:
        raise InputError(f"is a folder of more than {_FILES:,} files.", file=folder)
    found = []
    for name in names:
        told = [part.partition("=") for part in name.split("/")[:-1]]
        found.append((name, {k: unquote(v) for k, sign, v in told if sign and k and v != "__HIVE_DEFAULT_PARTITION__"}))
    return found


class Parts(Plain):
    """Several files as one table."""

    def __init__(self, path: Path, files: Sequence[tuple[str, dict[str, str]]], opened: Any) -> None:
        super().__init__(path)
        self._files, self._opened = files, opened

    def layout(self, **asked: Any) -> Layout:
        """See `Plain.layout`; that of the first file, with what the folders tell."""
        name, told = self._files[0]
        with ExitStack() as held:
            first = self._opened(name, held).layout(**asked)
        further = [key for key in dict.fromkeys(k for _, t in self._files for k in t) if key not in first.names]
        sample = tuple((*row, *(told.get(k, "") for k in further)) for row in first.sample)
        self._asked = asked
        return Layout(
            self.path, "", first.delimiter, (*first.names, *further), 0, sample, first.header, None, "utf-8", False
        )

    def rows(self, layout: Layout, wanted: Iterable[str] | None = None) -> Iterator[pl.DataFrame]:
        """See `Plain.rows`."""
        import polars as pl

        chosen = list(layout.names if wanted is None else dict.fromkeys(wanted))
        notes = Counter[str]()
        for name, told in self._files:
            with ExitStack() as held:
                form = self._opened(name, held)
                own = form.layout(**self._asked)
                self._check(layout, own, told, name)
                names = {n.lower(): n for n in own.names}
                picks = [
                    pl.col(names[c.lower()]).alias(c) if c.lower() in names else pl.lit(told.get(c), pl.String).alias(c)
                    for c in chosen
                ]
                for frame in form.rows(own, [names[c.lower()] for c in chosen if c.lower() in names]):
                    yield frame.select(*picks, PROBLEM, LINE)
                notes.update(form.notes)
                self.told = form.told or self.told
            self.notes = {**notes, "files": len(self._files)} if len(self._files) > 1 else dict(notes)

    def _check(self, layout: Layout, own: Layout, told: dict[str, str], name: str) -> None:
        """Refuse a file with other columns than the first has."""
        have = {n.lower() for n in (*own.names, *told)}
        if have != {n.lower() for n in layout.names}:
            names = ", ".join(n for n, _ in self._files[:10])
            odd = sorted(have ^ {n.lower() for n in layout.names})
            raise InputError(
                f"holds files of different columns: {name} differs from {self._files[0][0]} in {', '.join(odd[:5])}.",
                file=self.path, fix=f"Give them one by one: {names}.",
            )  # fmt: skip
