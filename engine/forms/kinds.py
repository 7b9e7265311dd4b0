"""What a file is, by its first bytes, whatever it is called; and what to do with those that are no tables."""

from __future__ import annotations

import zipfile
from pathlib import Path

from engine.errors import InputError
from engine.forms import textfile

# What cannot be read: how its first bytes begin, what it is, what would do.
_SAVE = "Open it and save it as CSV (UTF-8) or XLSX."
_FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file (XLS) or one with a password", _SAVE),
    (b"%PDF", "a PDF", "Ask for the table itself, as CSV or XLSX."),
    (b"Rar!", "a RAR archive", "Unpack it, and give what is in it."),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "Unpack it, and give what is in it."),
    (b"\xfd7zXZ\x00", "an xz archive", "Unpack it (xz -d), or pack it as gz or zst."),
    (b"SQLite format 3\x00", "an SQLite database", "Write the table out as CSV or Parquet."),
    (b"ORC", "an ORC file", "Write it as Parquet."),
    (b"Obj\x01", "an Avro file", "Write it as Parquet."),
    (b"ARROW1", "an Arrow (Feather) file", "Write it as Parquet."),
    (b"\x89HDF", "an HDF5 file", "Write the table as Parquet or CSV."),
    (b"\x80\x04\x95", "a pickle of Python", "Write the table as Parquet or CSV."),
    (b"{\\rtf", "a text document (RTF)", _SAVE),
)
_TAR = 257  # where the word stands in a tar


def of(path: Path) -> str:
    """ "folder", "parquet", "zip", "xlsx", "json", "xml" or "text".

    Raises:
        InputError: it is something else, which the message names.
    """
    if path.is_dir():
        return "folder"
    packed = textfile.packing(path)
    if packed == "parquet":
        return packed
    with open(path, "rb") as file:
        start = file.read(4)
    if start == b"PK\x03\x04" or start == b"PK\x05\x06":
        return _zip(path)
    return of_start(first(path, packed), path)


def first(path: Path, packed: str, size: int = textfile.PEEK) -> bytes:
    """The first unpacked bytes; raises InputError where nothing of an archive can be read."""
    start = bytearray()
    try:
        for block in textfile.blocks(path, packed):
            start += block
            if len(start) >= size:
                break
    except EOFError:
        pass
    if not start:
        raise InputError("the archive holds nothing readable.", file=path, fix="Fetch the file again.")
    return bytes(start[:size])


def of_start(start: bytes, path: Path) -> str:
    """ "json", "xml" or "text"; raises InputError as `of`."""
    for magic, what, fix in _FOREIGN:
        if start.startswith(magic):
            raise InputError(f"is {what}, which cannot be read.", file=path, fix=fix)
    if start[_TAR : _TAR + 5] == b"ustar":
        raise InputError("is a tar archive, which cannot be read.", file=path, fix="Unpack it, or pack it as zip.")
    if start[:4] in (b"PAR1", b"PK\x03\x04"):
        raise InputError("is compressed twice.", file=path, fix="Decompress it once.")
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = start.decode("utf-16", errors="ignore").lstrip().encode()
    low = text[:200].lower()
    if low.startswith((b"<!doctype html", b"<html")) or (low.startswith(b"<table") and b"<tr" in text.lower()):
        raise InputError("is a web page (HTML), which cannot be read.", file=path, fix=_SAVE)
    if low.startswith(b"<"):
        if b"urn:schemas-microsoft-com:office:spreadsheet" in text[:2000]:
            raise InputError("is a workbook as XML of Excel 2003, which cannot be read.", file=path, fix=_SAVE)
        return "xml"
    if text[:1] == b"{" or (text[:1] == b"[" and text[1:].lstrip()[:1] in (b"{", b"]", b"[")):
        return "json"
    return "text"


def _zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise InputError("is a damaged zip archive.", file=path, fix="Fetch the file again.") from None
    if "[Content_Types].xml" in names:
        if any(name.startswith("xl/worksheets/") for name in names):
            return "xlsx"
        if "xl/workbook.bin" in names:
            raise InputError("is a binary workbook (XLSB), which cannot be read.", file=path, fix="Save it as XLSX.")
        raise InputError("is an Office document without sheets.", file=path, fix=_SAVE)
    if "mimetype" in names and "content.xml" in names:
        raise InputError("is an OpenDocument file (ODS), which cannot be read.", file=path, fix="Save it as XLSX.")
    return "zip"
