"""Opening text tables: packing, header, delimiter, bytes in blocks, lines as Arrow batches (no Python object a row)."""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

_BLOCK = 1 << 22
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
    if magic == b"PAR1":
        return "parquet"
    if magic[:2] == b"\x1f\x8b":
        return "gzip"
    return "zstd" if magic == b"\x28\xb5\x2f\xfd" else ""


def blocks(path: Path, packed: str) -> Iterator[bytes]:
    """The file's unpacked bytes in blocks; a cut archive ends with `EOFError` after the last readable block."""
    if packed == "zstd":
        yield from _zstd_blocks(path)
        return
    with open(path, "rb") as file:
        if not packed:
            while block := file.read(_BLOCK):
                yield block
            return
        unpack = zlib.decompressobj(wbits=31)
        rest = b""
        while block := rest or file.read(_BLOCK):
            rest = b""
            try:
                data = unpack.decompress(block)
            except zlib.error:
                raise EOFError from None
            if data:
                yield data
            if unpack.eof:
                # Several gzip members one after another are one file (log rotation appends them).
                rest = unpack.unused_data.lstrip(b"\0")
                unpack = zlib.decompressobj(wbits=31)
                fresh = True
            else:
                fresh = False
        if not fresh:
            raise EOFError


def _zstd_blocks(path: Path) -> Iterator[bytes]:
    import pyarrow as pa

    with pa.input_stream(str(path), compression="zstd") as stream:
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
        InputError: the file is not text in that encoding, is a broken Parquet file, or has no line.
    """
    packed = packing(path)
    if packed == "parquet":
        return Layout(path, packed, "", parquet_names(path), 0)
    start = _first_bytes(path, packed)
    text = _decoded(start, path, encoding)
    lines = text.splitlines()[skip:]
    if len(start) >= _PEEK:
        lines = lines[:-1] or lines
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
    sample = tuple(tuple(_split(line, delimiter)) for line in lines[:50])
    return Layout(path, packed, delimiter, _unique(found), skip + int(header), sample)


def check_names(names: Iterable[str], path: Path) -> None:
    """Refuse column names that a data frame takes for patterns of names; raises InputError (without the name)."""
    if any(name == "*" or (name.startswith("^") and name.endswith("$")) for name in names):
        raise InputError(
            "a column is called * or ^...$, which stands for several columns.",
            file=path,
            row=0,
            fix="Give that column a plain name.",
        )


def parquet_names(path: Path) -> tuple[str, ...]:
    """The column names of a Parquet file; raises InputError where it is damaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return tuple(pq.read_schema(path).names)
    except (pa.ArrowException, OSError) as error:
        first = str(error).splitlines()[0]
        raise InputError(f"is no readable Parquet file ({first}).", file=path, fix="Write it again.") from error


def line_count(layout_: Layout) -> int:
    """Lines of a packed file, header included; -1 when the archive is cut."""
    lines, last = 0, b"\n"
    try:
        for block in blocks(layout_.path, layout_.packing):
            lines += block.count(b"\n")
            last = block[-1:]
    except EOFError:
        return -1
    return lines + (last != b"\n")


def line_reader(layout_: Layout, state: dict[str, Any], *, latin: bool = False) -> pa.RecordBatchReader:
    """Every line after the header as Arrow batches (line: bytes without its line end), in file order.

    Args:
        layout_: of the file.
        state: gets `cut` = True when the archive ends too early; what was readable is delivered.
        latin: the text is Latin-1 and is handed on as UTF-8.
    """
    import pyarrow as pa

    schema = pa.schema([("line", pa.binary())])
    return pa.RecordBatchReader.from_batches(schema, _line_batches(layout_, state, schema, latin))


def _line_batches(layout_: Layout, state: dict[str, Any], schema: pa.Schema, latin: bool) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    import pyarrow.compute as pc

    skip, rest = layout_.skip, b""

    def batch(data: bytes) -> pa.RecordBatch:
        nonlocal skip
        if latin:
            data = data.decode("latin-1").encode()
        lines = pc.split_pattern(pa.array([data], pa.large_binary()), b"\n").flatten()
        lines = lines.slice(skip)
        skip = 0
        return pa.RecordBatch.from_arrays([lines.cast(pa.binary())], schema=schema)

    source = blocks(layout_.path, layout_.packing)
    while True:
        try:
            block = next(source, None)
        except EOFError:
            state["cut"] = True
            break
        if block is None:
            break
        head, newline, tail = (rest + block).rpartition(b"\n")
        rest = tail
        if newline:
            if skip and head.count(b"\n") + 1 <= skip:
                skip -= head.count(b"\n") + 1
                continue
            yield batch(head)
    if rest and not skip:
        state["open_end"] = True
        yield batch(rest)


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
    for name in names:
        name = name or "column"
        number, candidate = 1, name
        while candidate.lower() in {f.lower() for f in found}:
            number += 1
            candidate = f"{name}_{number}"
        found.append(candidate)
    return tuple(found)
