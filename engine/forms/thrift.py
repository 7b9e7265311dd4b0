"""Thrift's compact protocol, as much of it as tells how large a page of a Parquet file says it is."""

from __future__ import annotations

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_DATA_PAGES = (5, 8)  # of both versions; their first field is the number of values
_DEEP = 8


def page_header(data: bytes) -> tuple[int, int, int, int]:
    """The beginning of a page.

    Args:
        data: bytes that begin with a page's header.

    Returns:
        Bytes of the page unpacked, bytes as it lies in the file, values (0 of a dictionary), bytes of the header.

    Raises:
        IndexError: the header goes on beyond the data.
        ValueError: it is none.
    """
    sizes, values, place, field = {2: -1, 3: -1}, 0, 0, 0
    while data[place]:
        field, kind, place = _field(data, place, field)
        if field in sizes and kind == _I32:
            sizes[field], place = _number(data, place)
            continue
        if field in _DATA_PAGES and kind == _STRUCT and data[place] == 1 << 4 | _I32:
            values += _number(data, place + 1)[0]
        place = _skip(data, place, kind, 0)
    return sizes[2], sizes[3], values, place + 1


def _number(data: bytes, place: int) -> tuple[int, int]:
    number, place = _varint(data, place)
    return (number >> 1) ^ -(number & 1), place


def _field(data: bytes, place: int, before: int) -> tuple[int, int, int]:
    """A field's number, its kind, and where it begins."""
    kind, step, place = data[place] & 15, data[place] >> 4, place + 1
    if step:
        return before + step, kind, place
    number, place = _number(data, place)
    return number, kind, place


def _varint(data: bytes, place: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        byte = data[place]
        place += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, place
    raise ValueError


def _skip(data: bytes, place: int, kind: int, depth: int) -> int:
    """Where a value ends."""
    if depth > _DEEP:
        raise ValueError
    if kind in (_TRUE, _FALSE):
        return place
    if kind in (_BYTE, _DOUBLE):
        return place + (1 if kind == _BYTE else 8)
    if kind in (_I16, _I32, _I64):
        return _varint(data, place)[1]
    if kind == _BINARY:
        length, place = _varint(data, place)
        return place + length
    if kind in (_LIST, _SET):
        count, inner, place = data[place] >> 4, data[place] & 15, place + 1
        if count == 15:
            count, place = _varint(data, place)
        if count > len(data):
            raise ValueError
        for _ in range(count):
            # In a list a truth value is a byte.
            place = _skip(data, place, _BYTE if inner in (_TRUE, _FALSE) else inner, depth + 1)
        return place
    if kind != _STRUCT:
        raise ValueError
    field = 0
    while data[place]:
        field, inner, place = _field(data, place, field)
        place = _skip(data, place, inner, depth + 1)
    return place + 1
