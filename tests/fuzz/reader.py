"""A reader of tables that has nothing of Kindred's in it: Python's csv and pyarrow's whole-file reader.

Where a file leaves room for opinions (bytes that are no UTF-8, blank lines, open quotes) it has none.
"""

from __future__ import annotations

import csv
import gzip
import io
import re

import pyarrow as pa
import pyarrow.parquet as pq

_DELIMITERS = ",\t;|"


def rows(data: bytes) -> list[dict[str, str | None]] | None:
    """The rows of a file as text by column, trimmed, nothing for an empty cell; None: how many is a matter of opinion.

    Args:
        data: the file's bytes: CSV or TSV (plain, gzip or zstandard), or Parquet.
    """
    if data[:4] == b"PAR1":
        try:
            table = pq.read_table(pa.BufferReader(data))
        except pa.ArrowInvalid:  # of what it wrote itself: nested columns in groups of rows without any
            return None
        names = [name.strip().lower() for name in table.column_names]
        if not _plain(names):
            return None
        return [
            {name: _cell(value) for name, value in zip(names, row.values(), strict=True)} for row in table.to_pylist()
        ]
    text = _text(data)
    if text is None or "\0" in text or re.search(r"\r(?!\n)", text):
        return None
    delimiter = max(_DELIMITERS, key=text.split("\n", 1)[0].count)
    try:
        header, *lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except (csv.Error, ValueError):
        return None
    names = [name.strip().lower() for name in header]
    if not _plain(names) or any(len(line) != len(names) or not any(map(_cell, line)) for line in lines):
        return None
    return [{name: _cell(field) for name, field in zip(names, line, strict=True)} for line in lines]


def count(data: bytes) -> int | None:
    """How many rows a file has, the header not counted; None where that is a matter of opinion."""
    found = rows(data)
    return None if found is None else len(found)


def _plain(names: list[str]) -> bool:
    return len(set(names)) == len(names) and all(names)


def _cell(value: object) -> str | None:
    return None if value is None else str(value).strip() or None


def _text(data: bytes) -> str | None:
    try:
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        elif data[:4] == b"\x28\xb5\x2f\xfd":
            data = pa.input_stream(pa.BufferReader(data), compression="zstd").read()
        return data.decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError, ValueError):
        return None
