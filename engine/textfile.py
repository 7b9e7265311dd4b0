"""Opening text tables: packing, header, delimiter, bytes in blocks, lines as Arrow batches (no Python object a row).

What a file may hold is bounded here, so that a small one cannot take all of the memory: columns, the header's length,
a line's length. A block is never larger than some megabytes, however well it was packed.
"""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from engine.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = 1000  # of a table at most
LINE = 1 << 21  # bytes of a line at most, as DuckDB's reader has it
NAME = 200  # letters of a column's name at most
_BLOCK = 1 << 22
_PACKED = 1 << 17  # bytes of an archive at once; what follows a member in them is copied for each member
_PEEK = 1 << 16
DELIMITERS = (",", "\t", ";", "|")


@dataclass(frozen=True)
class Layout:
    """How a file is laid out.

    Args:
        path: of the file.
        packing: "", "gzip", "zstd" or "parquet".
        delimiter: between fields.
        names: column names in file order, made unique.
        skip: lines before the first row (header and what stands above it).
        sample: the first rows, split, for recognising a format.
    """

    path: Path
    packing: str
    delimiter: str
    names: tuple[str, ...]
    skip: int
    sample: tuple[tuple[str, ...], ...] = ()


def packing(path: Path) -> str:
    """ "", "gzip", "zstd" or "parquet" by the first bytes, whatever the file is called."""
    with open(path, "rb") as file:
        magic = file.read(4)
    if magic in (b"PAR1", b"PARE"):
        return "parquet"
    if magic[:2] == b"\x1f\x8b":
        return "gzip"
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
    with open(path, "rb") as file:
        if packed:
            yield from _gzip_blocks(file)
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


def layout(path: Path, *, delimiter: str | None = None, header: bool = True, skip: int = 0,
           names: tuple[str, ...] = (), encoding: str = "utf-8") -> Layout:  # fmt: skip
    """Read a file's first lines and say how it is laid out.

    Args:
        path: an existing file that is not empty.
        delimiter: between fields; None = the one of `DELIMITERS` that the first line holds most often.
        header: whether a header line follows the skipped lines.
        skip: lines above the header.
        names: column names of a file without a header.
        encoding: of the text.

    Raises:
        InputError: the file is not text in that encoding, is a broken Parquet file, has no line, too many columns or
            too long a header.
    """
    packed = packing(path)
    if packed == "parquet":
        from engine import parquetfile

        return Layout(path, packed, "", parquetfile.names(path), 0)
    start = _first_bytes(path, packed)
    text = _decoded(start, path, encoding)
    lines = text.splitlines()[skip:]
    if len(start) >= _PEEK:
        lines = lines[:-1]
        if not lines:
            raise InputError(
                f"the first {_PEEK >> 10} KB hold no whole line{f' after {skip} skipped' if skip else ''}.",
                file=path,
                fix="Give a file with a header line and rows, one a line.",
            )
    if not lines or not "".join(lines).strip():
        raise InputError("the file has no rows.", file=path, fix="Give a file with a header line and rows.")
    if delimiter is None:
        delimiter = max(DELIMITERS, key=lines[0].count)
    if header:
        found = [name.strip().lstrip("\ufeff") for name in _split(lines[0], delimiter)]
        lines = lines[1:]
    else:
        widths = [len(_split(line, delimiter)) for line in lines[:50]]
        width = max(sorted(set(widths)), key=widths.count)
        found = [*names[:width], *(f"column{i + 1}" for i in range(len(names), width))]
    check_width(found, path)
    sample = tuple(tuple(_split(line, delimiter)) for line in lines[:50])
    return Layout(path, packed, delimiter, _unique(found), skip + int(header), sample)


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


def measured(path: Path, packed: str, most: int | None = None) -> tuple[int, int, bool] | None:
    """Unpack a text once, to count.

    Args:
        path: of the file.
        packed: see `packing`.
        most: bytes that are wanted; None = any number.

    Returns:
        Bytes; line feeds, -1 where the archive is cut; whether the text ends in one. None where it has more bytes.
    """
    size, lines, last = 0, 0, b""
    try:
        for block in blocks(path, packed):
            size, lines, last = size + len(block), lines + block.count(b"\n"), block[-1:]
            if most is not None and size > most:
                return None
    except EOFError:
        lines = -1
    return size, lines, last == b"\n"


def line_reader(layout_: Layout, state: dict[str, Any], *, latin: bool = False) -> pa.RecordBatchReader:
    """Every line after the header as Arrow batches (line: bytes without its line end), in file order.

    Args:
        layout_: of the file.
        state: gets `cut` = True when the archive ends too early, `long` = True at a line longer than `LINE`; what was
            readable is delivered.
        latin: the text is Latin-1 and is handed on as UTF-8.
    """
    import pyarrow as pa

    schema = pa.schema([("line", pa.binary())])
    return pa.RecordBatchReader.from_batches(schema, _line_batches(layout_, state, schema, latin))


def _line_batches(layout_: Layout, state: dict[str, Any], schema: pa.Schema, latin: bool) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    import pyarrow.compute as pc

    skip, rest = layout_.skip, b""
    source = blocks(layout_.path, layout_.packing)

    def batch(data: bytes) -> pa.RecordBatch:
        nonlocal skip
        if latin:
            data = data.decode("latin-1").encode()
        lines = pc.split_pattern(pa.array([data], pa.large_binary()), b"\n").flatten()
        lines = lines.slice(skip)
        skip = 0
        state["long"] = (pc.max(pc.binary_length(lines)).as_py() or 0) > LINE
        return pa.RecordBatch.from_arrays([lines.cast(pa.binary())], schema=schema)

    while not state.get("long"):
        try:
            block = next(source, None)
        except EOFError:
            state["cut"] = True
            break
        if block is None:
            break
        head, newline, rest = (rest + block).rpartition(b"\n")
        if newline:
            if skip and head.count(b"\n") + 1 <= skip:
                skip -= head.count(b"\n") + 1
                continue
            yield batch(head)
        if len(rest) > LINE:
            state["long"] = True
    if rest and not skip and not state.get("long"):
        state["open_end"] = True
        yield batch(rest)


def too_long(path: Path) -> InputError:
    """Of a file with a line that is longer than `LINE`."""
    return InputError(
        f"one of its lines is longer than {LINE >> 20} MB.", file=path, fix="Check that its rows end in line feeds."
    )


def _first_bytes(path: Path, packed: str) -> bytes:
    start = b""
    try:
        for block in blocks(path, packed):
            start += block
            if len(start) >= _PEEK:
                break
    except EOFError:
        pass
    if not start:
        raise InputError("the archive holds nothing readable.", file=path, fix="Fetch the file again.")
    return start[:_PEEK]


def _decoded(start: bytes, path: Path, encoding: str) -> str:
    head = start.split(b"\n", 1)[0]
    if start[:2] in (b"\xff\xfe", b"\xfe\xff") and encoding == "utf-8":
        raise InputError("the text is UTF-16, not UTF-8.", file=path, fix="Save it as UTF-8 (CSV UTF-8).")
    if b"\0" in head:
        raise InputError("this is no text file.", file=path, fix="Give CSV, TSV or Parquet, plain, gz or zst.")
    try:
        head.decode(encoding)
    except UnicodeDecodeError:
        raise InputError("the first line is not UTF-8.", file=path, row=0, fix="Save the file as UTF-8.") from None
    return start.decode(encoding, errors="replace").lstrip("\ufeff")


def _split(line: str, delimiter: str) -> list[str]:
    return next(csv.reader(io.StringIO(line), delimiter=delimiter), [""])


def _unique(names: list[str]) -> tuple[str, ...]:
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        name = name or "column"
        number, candidate = 1, name
        while candidate.lower() in taken:
            number += 1
            candidate = f"{name}_{number}"
        found.append(candidate)
        taken.add(candidate.lower())
    return tuple(found)
