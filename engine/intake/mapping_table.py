"""A table of a TOML file, asked for values of the right kind; what is wrong is said with its key."""

from __future__ import annotations

import math
from typing import Any

_MOST = 1000  # words of a list at most


class MappingError(Exception):
    """What a mapping file says and may not say, and what would do."""

    def __init__(self, problem: str, fix: str | None = None) -> None:
        super().__init__(problem)
        self.fix = fix


def as_kind(kind: type[Any], value: Any, key: str) -> Any:
    """A value, if it is of a kind; a whole number is a number too."""
    if kind is float and type(value) is int and abs(value) < 2**53:
        value = float(value)
    if type(value) is not kind or (kind is float and not math.isfinite(value)):
        words = {dict: "a table", str: "text", bool: "true or false", int: "a whole number", float: "a number"}
        raise MappingError(f"{key} should be {words.get(kind, 'a list')}")
    return value


class MappingTable:
    """A table of a mapping file, asked for values of the right kind; raises `MappingError` for others."""

    def __init__(self, table: dict[str, Any], place: str = "") -> None:
        self.table, self.place = table, place

    def get(self, kind: type, key: str, default: Any) -> Any:
        """A value, or a default where the key is not there."""
        return as_kind(kind, self.table[key], self.place + key) if key in self.table else default

    def inner(self, key: str) -> MappingTable:
        """A table in the table, empty where the key is not there."""
        return MappingTable(self.get(dict, key, {}), f"{self.place}{key}.")

    def words(self, key: str, default: list[str]) -> tuple[str, ...]:
        """A list of words in small letters; numbers are words too."""
        return tuple(str(word).lower() for word in self._list(key, default, (str, int, float, bool), "words"))

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts as they are."""
        return tuple(self._list(key, [], (str,), "texts"))

    def numbers(self, key: str) -> tuple[int, ...]:
        """A list of whole numbers."""
        return tuple(self._list(key, [], (int,), "whole numbers"))

    def _list(self, key: str, default: list[Any], kinds: tuple[type, ...], what: str) -> list[Any]:
        value = self.table.get(key, default)
        if not isinstance(value, list) or len(value) > _MOST or not all(type(v) in kinds for v in value):
            raise MappingError(f"{self.place}{key} should be a list of {what}")
        return value
