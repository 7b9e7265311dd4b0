"""Opening text tables: packing, bytes in blocks, and how one is laid out (found by `engine.forms`).

What a file may hold is bounded here, so that a small one cannot take all of the memory: columns, the header's length,
a line's length. A block is never larger than some megabytes, however well it was packed.
"""

from __future__ import annotations

import bz2
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from engine.errors import InputError

if TYPE_CHECKING:
    from engine.forms.dialect import Dialect

COLUMNS = 1000  # of a table at most
LINE = 1 << 21  # bytes of a line at most, as DuckDB's reader has it
NAME = 200  # letters of a column's name at most
_BLOCK = 1 << 22
_PACKED = 1 << 17  # bytes of an archive at once; what follows a member in them is copied for each member
PEEK = 1 << 16  # bytes of a text that are looked at first


@dataclass(frozen=True)
class Layout:
    """How a file is laid out.

    Args:
        path: of the file.
        packing: "", "gzip", "zstd", "bz2", "zip:MEMBER" or "parquet".
        delimiter: between fields.
        names: column names in file order, made unique.
        skip: lines before the first row (header and what stands above it).
        sample: the first rows, split, for recognising a format.
        header: the header's cells as they stand; empty = there is none.
        dialect: how lines split; None = there are none.
        encoding: of the text.
        clean: whether the fast reader takes its first lines as they are.
        notes: what was passed over above the first row.
        problems: whether `engine.forms.PROBLEM` and `LINE` are columns too.
    """

    path: Path
    packing: str
    delimiter: str
    names: tuple[str, ...]
    skip: int
    sample: tuple[tuple[str, ...], ...] = ()
    header: tuple[str, ...] = ()
    dialect: Dialect | None = None
    encoding: str = "utf-8"
    clean: bool = True
    notes: tuple[tuple[str, int], ...] = ()
    problems: bool = False


def packing(path: Path) -> str:
    """ "", "gzip", "zstd", "bz2" or "parquet" by the first bytes, whatever the file is called."""
    with open(path, "rb") as file:
        magic = file.read(4)
    if magic in (b"PAR1", b"PARE"):
        return "parquet"
    if magic[:2] == b"\x1f\x8b":
        return "gzip"
    if magic[:3] == b"BZh":
        return "bz2"
    return "zstd" if magic == b"\x28\xb5\x2f\xfd" else ""


@contextmanager
def literally(path: Path) -> Iterator[str]:
    """A name by which a database or a library opens exactly this file, while the `with` lasts.

    Their readers take names for patterns (`day[1].csv`), for addresses (`s3:`), for a home folder (`~`) and folders
    for columns (`kind=data`), and some cannot be told a name that is no UTF-8. This name has nothing of all that.
    """
    with open(path, "rb") as file:
        yield f"/dev/fd/{file.fileno()}"


def blocks(path: Path, packed: str) -> Iterator[bytes]:
    """The file's unpacked bytes in blocks of some megabytes; a cut archive ends with `EOFError` after the last readable
    block."""
    if packed == "zstd":
        yield from _zstd_blocks(path)
        return
    if packed.startswith("zip:"):
        yield from _zip_blocks(path, packed.removeprefix("zip:"))
        return
    with open(path, "rb") as file:
        if packed:
            yield from _gzip_blocks(file) if packed == "gzip" else _bz2_blocks(file)
            return
        while block := file.read(_BLOCK):
            yield block


def _gzip_blocks(file: BinaryIO) -> Iterator[bytes]:
    unpack, begun, chunk = zlib.decompressobj(wbits=31), False, b""
    while chunk := chunk or file.read(_PACKED):
        try:
            data = unpack.decompress(chunk, _BLOCK)
        except zlib.error:
            raise EOFError from None
        if data:
            yield data
        begun, chunk = True, unpack.unconsumed_tail
        if unpack.eof:
            # Several gzip members one after another are one file (log rotation appends them).
            chunk = unpack.unused_data.lstrip(b"\0")
            unpack, begun = zlib.decompressobj(wbits=31), False
    if begun:
        if data := unpack.flush():
            yield data
        raise EOFError


def _bz2_blocks(file: BinaryIO) -> Iterator[bytes]:
    unpack, chunk, begun = bz2.BZ2Decompressor(), b"", False
    while chunk or not unpack.needs_input or (chunk := file.read(_PACKED)):
        try:
            data = unpack.decompress(chunk, _BLOCK)
        except OSError:
            raise EOFError from None
        begun = True
        if data:
            yield data
        chunk = b""
        if unpack.eof:
            chunk = unpack.unused_data
            unpack, begun = bz2.BZ2Decompressor(), False
    if begun:
        raise EOFError


def _zip_blocks(path: Path, member: str) -> Iterator[bytes]:
    with zipfile.ZipFile(path) as archive:
        try:
            with archive.open(member) as file:
                while block := file.read(_BLOCK):
                    yield block
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
            raise EOFError from None


def _zstd_blocks(path: Path) -> Iterator[bytes]:
    import pyarrow as pa

    with literally(path) as name, pa.input_stream(name, compression="zstd") as stream:
        while True:
            try:
                block = stream.read(_BLOCK)
            except OSError:
                raise EOFError from None
            if not block:
                return
            yield block


def check_width(names: Iterable[str], path: Path) -> None:
    """Refuse a table with too many columns; raises InputError."""
    found = sum(1 for _ in names)
    if found > COLUMNS:
        raise InputError(
            f"has {found:,} columns, more than {COLUMNS:,}.",
            file=path,
            row=0,
            fix="Keep the columns that are needed, or check the delimiter.",
        )


def check_names(names: Iterable[str], path: Path) -> None:
    """Refuse column names that a data frame takes for patterns of names, or that are no names; raises InputError
    (without the name)."""
    found = list(names)
    if any(name == "*" or (name.startswith("^") and name.endswith("$")) for name in found):
        raise InputError(
            "a column is called * or ^...$, which stands for several columns.",
            file=path,
            row=0,
            fix="Give that column a plain name.",
        )
    longest = max(map(len, found), default=0)
    if longest > NAME:
        raise InputError(
            f"the name of a column has {longest:,} letters, more than {NAME}.",
            file=path,
            row=0,
            fix="Give the file a header line with shorter names, or check the delimiter.",
        )


def measured(path: Path, packed: str, most: int | None = None) -> tuple[int, int, bool, bool] | None:
    """Unpack a text once, to count.

    Args:
        path: of the file.
        packed: see `packing`.
        most: bytes that are wanted; None = any number.

    Returns:
        Bytes; line feeds, -1 where the archive is cut; whether the text ends in one; whether it holds a NUL. None where
        it has more bytes.
    """
    size, lines, last, nuls = 0, 0, b"", False
    try:
        for block in blocks(path, packed):
            size, lines, last = size + len(block), lines + block.count(b"\n"), block[-1:]
            nuls = nuls or b"\0" in block
            if most is not None and size > most:
                return None
    except EOFError:
        lines = -1
    return size, lines, last == b"\n", nuls


def too_long(path: Path) -> InputError:
    """Of a file with a line that is longer than `LINE`."""
    return InputError(
        f"one of its lines is longer than {LINE >> 20} MB.", file=path, fix="Check that its rows end in line feeds."
    )
