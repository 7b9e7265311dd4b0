"""Opening Parquet files from outside: what one may hold is bounded before any of its rows is read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from engine.errors import InputError
from engine.forms import thrift
from engine.forms.textfile import check_names, check_width, literally

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

ROWS = 1 << 14  # to be read at once
PAGE = 1 << 27  # bytes of a page at most, unpacked: readers take it whole, whatever the description says
_HEADERS = (1 << 9, 1 << 16)  # bytes of a page's header: of most, and at most
FOOTER = 1 << 25  # bytes of the description at a file's end at most: some hundred thousand columns of row groups


@contextmanager
def opened(path: Path, *, dictionaries: Iterable[str] = ()) -> Iterator[pq.ParquetFile]:
    """A Parquet file of which whole column chunks are never in memory.

    Args:
        path: of the file.
        dictionaries: columns of texts handed on as such where they are stored so: a text that
            stands in every row is in memory once.

    Raises:
        InputError: it is damaged, encrypted or describes itself at too great a length, also while the `with` lasts.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    _check_footer(path)
    try:
        with (
            literally(path) as name,
            pq.ParquetFile(
                name,
                read_dictionary=list(dictionaries) or None,
                pre_buffer=False,
                buffer_size=1 << 20,
                coerce_int96_timestamp_unit="us",
            ) as file,
        ):
            yield file
    except (pa.ArrowException, OSError) as error:
        raise unreadable(path, str(error)) from error


def unreadable(path: Path, why: str) -> InputError:
    """Of a file that is damaged; why: what a library said."""
    first = (why.strip().splitlines() or ["no reason given"])[0][:200]
    return InputError(f"is not a readable Parquet file ({first}).", file=path, fix="Write it again.")


def names(path: Path) -> tuple[str, ...]:
    """The column names; raises InputError as `opened`, and as `check_width` and `check_names`."""
    with opened(path) as file:
        found = tuple(file.schema_arrow.names)
    check_width(found, path)
    check_names(found, path)
    return found


def check(path: Path, wanted: Iterable[str]) -> None:
    """Refuse columns that cannot be read in little memory as plain values, by their description and by their pages.

    Args:
        path: of the file.
        wanted: the columns that are read.

    Raises:
        InputError: one of them holds lists, structures or bytes of a fixed length, or in other pages than the file
            says.
    """
    chosen = list(wanted)
    with opened(path) as file:
        for name in chosen:
            kind = file.schema_arrow.field(name).type
            if not is_plain(kind):
                raise InputError(
                    f"holds values of the type {str(kind)[:60]}, which are no texts, numbers, days or times.",
                    file=path,
                    column=name,
                    fix="Write the column as text or as numbers (spans of time in seconds).",
                )
        chunks = [chunk for chunk in _chunks(file.metadata) if chunk.path_in_schema in chosen]
        with open(path, "rb") as content:
            for chunk in chunks:
                _check_pages(content, chunk, path)


def _chunks(about: pq.FileMetaData) -> Iterator[pq.ColumnChunkMetaData]:
    for number in range(about.num_row_groups):
        group = about.row_group(number)
        if group.num_rows:  # else a writer may say of its columns what it likes
            yield from (group.column(column) for column in range(group.num_columns))


def _check_pages(content: BinaryIO, chunk: pq.ColumnChunkMetaData, path: Path) -> None:
    """Add up a column chunk's pages: readers believe their headers, and plans are made by the file's description."""
    start = chunk.data_page_offset
    if chunk.has_dictionary_page and chunk.dictionary_page_offset:
        start = min(start, chunk.dictionary_page_offset)
    end, total, values = start + chunk.total_compressed_size, 0, 0
    if not 0 <= start <= end <= os.fstat(content.fileno()).st_size:
        raise unreadable(path, "a column lies outside of it")
    while start < end:
        unpacked_, packed, some, length = _page_header(content, start, path)
        if not 0 <= unpacked_ <= PAGE:
            raise InputError(
                f"a page of column {chunk.path_in_schema[:60]!r} takes {unpacked_ / 1e6:,.0f} MB, more than "
                f"{PAGE / 1e6:,.0f}.",
                file=path,
                fix="Write it with smaller pages.",
            )
        start, total, values = start + length + packed, total + length + unpacked_, values + some
        if packed < 0 or start > end or total > chunk.total_uncompressed_size:
            raise unreadable(path, "its pages hold more than it says")
    if values != chunk.num_values:
        raise unreadable(path, f"its pages hold {values} values where it says {chunk.num_values}")


def _page_header(content: BinaryIO, start: int, path: Path) -> tuple[int, int, int, int]:
    """See `thrift.page_header`; most are short."""
    for size in _HEADERS:
        content.seek(start)
        try:
            return thrift.page_header(content.read(size))
        except IndexError:
            continue
        except ValueError:
            break
    raise unreadable(path, "the header of a page")


def is_plain(kind: pa.DataType) -> bool:
    """Whether values of a type stand in one cell each."""
    import pyarrow as pa

    kinds = pa.types
    if kinds.is_dictionary(kind):
        return is_plain(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType):
        return kind.extension_name == "arrow.uuid"
    return not any(test(kind) for test in (kinds.is_nested, kinds.is_fixed_size_binary, kinds.is_interval))


def texts(path: Path, wanted: Iterable[str]) -> list[str]:
    """Those of some columns that hold texts."""
    import pyarrow as pa

    def is_text(kind: pa.DataType) -> bool:
        return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind)

    with opened(path) as file:
        return [name for name in wanted if is_text(file.schema_arrow.field(name).type)]


def weight(column: pa.Array) -> int:
    """Bytes of a column's values, each counted where it stands, also where many rows share one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(column.type):
        return column.nbytes
    if pa.types.is_primitive(column.type.value_type):
        return 8 * len(column)
    return pc.sum(pc.take(pc.binary_length(column.dictionary), column.indices)).as_py() or 0


def unpacked(path: Path, wanted: Iterable[str]) -> int:
    """Bytes that some columns take as they say themselves, each value being eight at least.

    Args:
        path: of the file.
        wanted: the columns that are read.
    """
    chosen = set(wanted)
    with opened(path) as file:
        chunks = [chunk for chunk in _chunks(file.metadata) if chunk.path_in_schema in chosen]
        least = 8 * file.metadata.num_rows * max(len(chosen), 1)
    return least + sum(chunk.total_uncompressed_size for chunk in chunks)


def _check_footer(path: Path) -> None:
    """See `opened`; before a reader takes memory for the footer."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 8, 0))
        end = file.read(8)
    if end[4:] == b"PARE":
        raise InputError("is an encrypted Parquet file.", file=path, fix="Decrypt it first.")
    length = int.from_bytes(end[:4], "little")
    if end[4:] == b"PAR1" and length > FOOTER:
        raise InputError(
            f"its description at the end takes {length >> 20} MB, more than {FOOTER >> 20}.",
            file=path,
            fix="Write it with fewer columns or larger row groups, or in several files.",
        )
