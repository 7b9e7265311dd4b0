"""TOML and JSON from outside: documents of bounded size and depth, whatever stands in them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

TOML = 1 << 17  # bytes of a settings, mapping or brand file at most
JSON = 1 << 26  # bytes of a manifest at most
_DOTS = 200  # in a line of TOML at most
DEEP = 20  # tables and lists within one another at most


def read_toml(path: Path) -> tuple[dict[str, Any], bytes]:
    """The document in a TOML file, and the file's bytes.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no TOML in UTF-8, larger than 128 KB or nested deeper than 20 levels; the text says which.
    """
    if path.exists() and not path.is_file():
        raise ValueError("it is not a file")
    with open(path, "rb") as file:
        raw = file.read(TOML + 1)
    if len(raw) > TOML:
        raise ValueError(f"it is larger than {TOML >> 10} KB")
    for number, line in enumerate(raw.split(b"\n"), 1):
        # A name of many parts (a.b.c) takes time with the square of their number: minutes for those that fit.
        if line.count(b".") > _DOTS:
            raise ValueError(f"line {number} has more than {_DOTS} dots")
    return _parsed(tomllib.loads, raw), raw


def read_json(raw: bytes) -> Any:
    """The document in some bytes of JSON.

    Raises:
        ValueError: they are no JSON in UTF-8, more than 64 MB or nested deeper than 20 levels; the text says which.
    """
    if len(raw) > JSON:
        raise ValueError(f"it is larger than {JSON >> 20} MB")
    return _parsed(json.loads, raw)


def _parsed(parse: Callable[[str], Any], raw: bytes) -> Any:
    try:
        document = parse(raw.decode("utf-8"))
    except RecursionError:
        raise ValueError(f"it is nested deeper than {DEEP} levels") from None
    _check_depth(document)
    return document


def _check_depth(document: Any) -> None:
    level: list[Any] = [document]
    for _ in range(DEEP):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise ValueError(f"it is nested deeper than {DEEP} levels")


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
