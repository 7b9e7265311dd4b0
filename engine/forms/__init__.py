"""One way to open a table from outside, whatever its form: text, sheet, JSON, XML, Parquet, archive, folder.

`plain` opens; `Plain.layout` tells the columns and the first rows; `Plain.ready` gives a file that the fast readers
take: the original where it is clean text or Parquet of ordinary types, else a Parquet file of texts; `Plain.rows` gives
the rows themselves as frames of texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from engine.errors import InputError
from engine.forms import encodings, kinds
from engine.forms.rows import LETTERS, LINE, PROBLEM, WIDTH
from engine.forms.table import Plain, Text, named, unique

__all__ = ["LETTERS", "LINE", "PROBLEM", "WIDTH", "Plain", "named", "plain", "unique"]


@contextmanager
def plain(
    path: Path,
    *,
    folder: Path | None = None,
    named: bool = False,
    sheet: str | None = None,
    encoding: str | None = None,
) -> Iterator[Plain]:
    """Open a table.

    Args:
        path: of a file that is not empty, or of a folder of them.
        folder: where a copy may lie while the `with` lasts; None = where the system's are.
        named: whether other processes must be able to open it; else it has no name there.
        sheet: of a workbook, by name or number (from 1).
        encoding: of a text; None = found.

    Raises:
        InputError: no table can be made of it; the message says what it is and what to do.
    """
    path = Path(path)
    kind = kinds.of(path)
    with ExitStack() as stack:
        given = None if encoding is None else encodings.known(encoding)
        form = _opened(path, kind, sheet, given, stack)
        form.folder, form.named, form.stack = folder, named, stack
        yield form


def _opened(path: Path, kind: str, sheet: str | None, encoding: str | None, stack: ExitStack) -> Plain:
    if sheet is not None and kind not in ("xlsx", "zip", "folder"):
        raise InputError("has no sheets.", file=path, fix="Leave --sheet out.")
    found: Plain
    if kind == "parquet":
        from engine.forms.columns import Columns

        found = Columns(path)
    elif kind == "xlsx":
        from engine.forms.sheets import Sheet

        found = Sheet(path, sheet)
    elif kind == "json":
        from engine.forms.documents import Json

        found = Json(path, encoding)
    elif kind == "xml":
        from engine.forms.documents import Xml

        found = Xml(path)
    elif kind in ("zip", "folder"):
        from engine.forms.parts import parts

        found = parts(path, kind, sheet, encoding, stack, plain)
    else:
        found = Text(path, encoding)
    return found
