"""JSON (an array, or one object a line) and XML as tables of texts, read object by object."""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.forms import encodings, kinds, textfile
from engine.forms.rows import LINE, PROBLEM, WIDTH
from engine.forms.table import Plain, unique
from engine.forms.textfile import Layout

if TYPE_CHECKING:
    import polars as pl

_ROWS = 1 << 14  # of a frame
_FIRST = 10_000  # rows that name the columns; where later ones have more, the file is read again with theirs
_DEEP = 8  # levels of an object at most
_WRAPPER = re.compile(r'\{[^\[\]{}]*"\s*:\s*\[\s*(?=\{)')
_PAGES = frozenset(
    ["paging", "pagination", "navigation", "page", "meta", "metadata", "links", "_links", "info", "query"]
)
_SPACE = re.compile(r"[\s,]*")
ELEMENT = "element"  # the column that says what a row of XML is called, where they have several names


class _Records(Plain):
    """A table whose rows name their values."""

    def __init__(self, path: Path, file: Path | None = None) -> None:
        super().__init__(path)
        self._file = file or path
        self._names: list[str] = []
        self._sample: list[dict[str, str | None]] = []
        for number, (row, _) in enumerate(self._records()):
            self._learn(row)
            if number < 50:
                self._sample.append(row)
            if number >= _FIRST:
                break
        if not self._names:
            raise InputError("holds no rows.", file=self.path, fix="Give a list of objects with names and values.")

    def _records(self) -> Iterator[tuple[dict[str, str | None], str]]:
        """Each row's values by name, and why it is none ("" = it is one)."""
        raise NotImplementedError

    def _learn(self, row: dict[str, str | None]) -> bool:
        fresh = [name for name in row if name not in self._names]
        self._names += fresh
        textfile.check_width(self._names, self.path)
        return bool(fresh)

    def layout(self, **_: Any) -> Layout:
        """See `Plain.layout`; objects name their values themselves."""
        names = unique(self._names)
        sample = tuple(tuple(row.get(name) or "" for name in self._names) for row in self._sample)
        return Layout(self._file, "", "", names, 0, sample, tuple(self._names), None, "utf-8", False)

    def rows(self, layout: Layout, wanted: Iterable[str] | None = None) -> Iterator[pl.DataFrame]:
        """See `Plain.rows`."""
        chosen = list(layout.names if wanted is None else dict.fromkeys(wanted))
        own = dict(zip(layout.names, self._names, strict=False))
        waiting: list[tuple[dict[str, str | None], str]] = []
        self.notes.clear()
        for row in self._records():
            if any(name not in self._names for name in row[0]) and self._learn(row[0]) and wanted is None:
                raise InputError(
                    f"a row has a field that none of the first {_FIRST:,} has.", file=self.path, column=self._names[-1],
                    fix="Give the first row every field, with null where it has no value.",
                )  # fmt: skip
            waiting.append(row)
            if len(waiting) == _ROWS:
                yield self._frame(waiting, chosen, own)
                waiting = []
        yield self._frame(waiting, chosen, own)

    def _frame(
        self, rows: list[tuple[dict[str, str | None], str]], chosen: list[str], own: dict[str, str]
    ) -> pl.DataFrame:
        import polars as pl

        data: dict[str, list[str | None]] = {name: [row.get(own[name]) or None for row, _ in rows] for name in chosen}
        data[PROBLEM] = [WIDTH if why else None for _, why in rows]
        data[LINE] = [why or None for _, why in rows]
        return pl.DataFrame(data, schema=dict.fromkeys(data, pl.String))


class Json(_Records):
    """A list of objects, or one object a line (or an object that holds one list of objects)."""

    def __init__(self, path: Path, encoding: str | None, file: Path | None = None, packing: str | None = None) -> None:
        self._packing = textfile.packing(file or path) if packing is None else packing
        start = kinds.first(file or path, self._packing)
        self._encoding = encoding or encodings.by_start(start) or "utf-8"
        super().__init__(path, file)

    def _records(self) -> Iterator[tuple[dict[str, str | None], str]]:
        for value in self._values():
            if not isinstance(value, dict):
                yield {}, "no object"
                continue
            row: dict[str, str | None] = {}
            yield row, _flat(value, row, "", 0)

    def _values(self) -> Iterator[Any]:
        """The objects, one after another, wherever lines break."""
        self._wrapped = False  # whether a long object holds them
        decoder = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_Pairs)
        text, at, begun, wrapped, over = "", 0, False, False, False
        for more, last in self._texts():
            text, at = text[at:] + more, 0
            while True:
                at = _SPACE.match(text, at).end()  # type: ignore[union-attr]
                if not begun and text[at : at + 1] == "\ufeff":
                    at += 1
                    continue
                if at >= len(text):
                    break
                if over and text[at] in "{[":
                    self._damaged(text, at, last=False)
                    return
                if over:
                    at += 1
                    continue
                if text[at] in "[]" and (text[at] == "]") == begun:
                    over = over or (text[at] == "]" and self._wrapped)
                    wrapped = wrapped or text[at] == "["
                    begun, at = True, at + 1
                    continue
                try:
                    value, stop = decoder.raw_decode(text, at)
                except (ValueError, RecursionError):
                    if not last and len(text) - at <= textfile.LINE:
                        break  # it may go on
                    if not begun and (outer := _WRAPPER.match(text, at)):
                        begun, wrapped, self._wrapped, at = True, True, True, outer.end()
                        continue
                    self._damaged(text, at, last=last)
                    return
                if not last and stop >= len(text) - 1:
                    break
                begun, at = True, stop
                yield from self._inside(value) if isinstance(value, dict) and not wrapped else [value]

    def _inside(self, value: dict[str, Any]) -> list[Any]:
        """What an object holds: itself, or its only list of objects."""
        lists = [v for v in value.values() if isinstance(v, list) and v and all(isinstance(x, dict) for x in v)]
        return (
            lists[0]
            if len(lists) == 1 and all(isinstance(v, str | None) or v in lists or n in _PAGES for n, v in value.items())
            else [value]
        )

    def _damaged(self, text: str, at: int, *, last: bool) -> None:
        if self.notes.get("cut_short"):
            return
        line = text.count("\n", 0, at) + 1
        what = "ends within a row" if last else "holds a row that is no JSON, or one longer than 2 MB"
        raise InputError(f"{what}.", file=self.path, fix=f"Write it again; look near line {line} of its last part.")

    def _texts(self) -> Iterator[tuple[str, bool]]:
        decoder = codecs.getincrementaldecoder(self._encoding)("replace")
        blocks = textfile.blocks(self._file, self._packing)
        while True:
            try:
                block = next(blocks, b"")
            except EOFError:
                block, self.notes["cut_short"] = b"", 1
            yield decoder.decode(block, final=not block), not block
            if not block:
                return


class _Pairs(dict[str, Any]):
    """An object; a name that stands twice in it is kept as such."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.twice = len(self) < len(pairs)


def _flat(value: dict[str, Any], row: dict[str, str | None], before: str, depth: int) -> str:
    """An object's values as texts, those of objects within it under names with a point; why it is no row."""
    if getattr(value, "twice", False):
        return "a name stands twice"
    if depth > _DEEP:
        return "too deep"
    for name, inner in value.items():
        if isinstance(inner, dict):
            if why := _flat(inner, row, f"{before}{name}.", depth + 1):
                return why
        elif isinstance(inner, list):
            if all(isinstance(v, str) for v in inner) and len(inner) < 2:
                row[before + name] = inner[0] if inner else None
            else:
                return f"a list in {before}{name}"
        else:
            row[before + name] = str(inner).lower() if isinstance(inner, bool) else inner
    return ""


class Xml(_Records):
    """Rows as elements of one level, their values as attributes or as elements within them."""

    def __init__(self, path: Path, file: Path | None = None, packing: str | None = None) -> None:
        self._packing = textfile.packing(file or path) if packing is None else packing
        self._depth, self._several = 0, False
        super().__init__(path, file)

    def _records(self) -> Iterator[tuple[dict[str, str | None], str]]:
        if not self._depth:
            self._depth, self._several = self._level()
        for depth, element in self._elements():
            if depth == self._depth:
                row: dict[str, str | None] = {ELEMENT: _tag(element)} if self._several else {}
                row |= {_local(name): value for name, value in element.attrib.items()}
                yield row, _leaves(element, row, "", 0)
            if depth <= self._depth:
                element.clear()

    def _level(self) -> tuple[int, bool]:
        """At which depth the rows stand: where the most elements have two values or more; whether they have several
        names."""
        filled, tags = Counter[int](), dict[int, set[str]]()
        for number, (depth, element) in enumerate(self._elements()):
            leaves = [c for c in element if not len(c) and (c.text or "").strip()]
            if depth > 1 and len(element.attrib) + len(leaves) > 1:
                filled[depth] += 1
                tags.setdefault(depth, set()).add(_tag(element))
            if number > _FIRST:
                break
        if not filled:
            raise InputError("holds no rows.", file=self.path, fix="Give a list of elements with values.")
        depth = max(filled, key=lambda d: (filled[d], -d))
        return depth, len(tags[depth]) > 1

    def _elements(self) -> Iterator[tuple[int, Any]]:
        """Elements as they end, each with its depth (the root's is 1)."""
        from xml.etree.ElementTree import ParseError

        from defusedxml import DefusedXmlException
        from defusedxml.ElementTree import iterparse

        depth = 0
        stack: list[Any] = []
        try:
            for event, element in iterparse(_Stream(self._file, self._packing), events=("start", "end")):
                if event == "start":
                    depth += 1
                    stack.append(element)
                    if depth > 64:
                        raise InputError("its elements are nested too deep.", file=self.path)
                    continue
                yield depth, element
                stack.pop()
                if stack and self._depth and depth <= self._depth:
                    stack[-1].remove(element)
                depth -= 1
        except ParseError as error:
            where = f"line {error.position[0]}"
            raise InputError(f"is not complete XML ({where}).", file=self.path, fix="Export it again.") from None
        except DefusedXmlException:
            raise InputError("declares entities of its own.", file=self.path, fix="Export it without them.") from None
        except EOFError:
            raise InputError("the archive is incomplete.", file=self.path, fix="Fetch the file again.") from None


def _leaves(element: Any, row: dict[str, str | None], before: str, depth: int) -> str:
    """The texts of the elements within one, by their names, with a point between levels; why it is no row."""
    if depth > _DEEP:
        return "too deep"
    for child in element:
        name = before + _tag(child)
        if len(child):
            if why := _leaves(child, row, f"{name}.", depth + 1):
                return why
        elif text := (child.text or "").strip():
            if name in row:
                return f"{name} stands twice"
            row[name] = text
    return ""


class _Stream:
    """A file's unpacked bytes, for a parser that asks for some at a time."""

    def __init__(self, path: Path, packing: str) -> None:
        self._blocks, self._rest = textfile.blocks(path, packing), b""

    def read(self, size: int = -1) -> bytes:
        """The next bytes; none at the end."""
        if not self._rest:
            self._rest = next(self._blocks, b"")
        data, self._rest = self._rest[:size], self._rest[size:]
        return data


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _tag(element: Any) -> str:
    return _local(str(element.tag))
