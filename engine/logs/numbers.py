"""Ids as numbers: each id of a file is looked up as text once, where it is read, and is a number from there on.

Why our own: as texts, ids are looked up again at every join; with 20 M rows of phone numbers an import took 15 to 16 s
instead of 12 to 13.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.compiled import compiled

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

ENDS = ("caller", "callee")
_SLOTS = 1 << 16
_AT_ONCE = 1 << 15  # ids looked up between two looks at whether the table is large enough


class NumberedRows:
    """A file's rows in memory, in whose columns caller and callee stand numbers, and row_id, a number for each row."""

    def __init__(self) -> None:
        import pyarrow as pa

        # Load the compiled code now: once rows come, whoever makes them would have to wait for it.
        Numbers().of(pa.array(["0"]))

    def read(self, batches: Iterator[pa.RecordBatch]) -> None:
        """Take rows whose ids are texts, instead of what is there."""
        import numpy as np
        import pyarrow as pa

        self._batches: list[pa.RecordBatch] = []
        self._numbers = Numbers()
        row = 0
        for batch in batches:
            columns = {name: batch.column(name) for name in batch.schema.names}
            columns = {c: self._numbers.of(v) if c in ENDS else _copied(v) for c, v in columns.items()}
            columns["row_id"] = pa.array(np.arange(row, row + len(batch)))
            self._batches.append(pa.RecordBatch.from_pydict(columns))
            row += len(batch)

    def table(self) -> pa.Table:
        """The rows."""
        import pyarrow as pa

        return pa.Table.from_batches(self._batches)

    def texts(self) -> pa.LargeStringArray:
        """The ids; the k-th has number k."""
        return self._numbers.texts()

    def rename(self, names: np.ndarray) -> None:
        """Other numbers for the ids: names [ids], uint32."""
        import numpy as np
        import pyarrow as pa

        for place, batch in enumerate(self._batches):
            ends = {}
            for end in ENDS:
                valid, numbers = batch.column(end).buffers()
                renamed = names[np.frombuffer(numbers, np.uint32)]
                ends[end] = pa.Array.from_buffers(pa.uint32(), len(batch), [valid, pa.py_buffer(renamed)])
            columns = dict(zip(batch.schema.names, batch.columns, strict=True))
            self._batches[place] = pa.RecordBatch.from_pydict(columns | ends)


class Numbers:
    """Numbers of texts, from 0, in the order in which they are met.

    A hash table with open addressing, whose slot is a key of the text and its number. Phone numbers are their own keys;
    the bytes of other texts are compared.
    """

    def __init__(self) -> None:
        import numpy as np

        self._n = 0
        self._slots = np.zeros((_SLOTS, 2), np.int64)
        self._texts = np.empty(0, np.uint8)
        self._ends = np.zeros(1, np.int64)

    def of(self, texts: pa.StringArray) -> pa.UInt32Array:
        """The number of each text; null for null.

        Args:
            texts: none of them empty.
        """
        import numpy as np
        import pyarrow as pa

        if texts.offset or not pa.types.is_string(texts.type):
            texts = pa.concat_arrays([texts.cast(pa.string())])
        count = len(texts)
        valid, places, letters = texts.buffers()
        numbers = np.zeros(count, np.uint32)
        if letters is not None and count:
            offsets = np.frombuffer(places, np.int32)[: count + 1]
            content = np.frombuffer(letters, np.uint8)
            self._number(offsets, content, numbers)
        own = valid and pa.py_buffer(valid.to_pybytes())  # the texts can go
        return pa.Array.from_buffers(pa.uint32(), count, [own, pa.py_buffer(numbers)], texts.null_count)

    def texts(self) -> pa.LargeStringArray:
        """All texts so far; the k-th has number k."""
        import pyarrow as pa

        buffers = [None, pa.py_buffer(self._ends[: self._n + 1]), pa.py_buffer(self._texts)]
        return pa.Array.from_buffers(pa.large_string(), self._n, buffers)

    def _number(self, offsets: np.ndarray, content: np.ndarray, numbers: np.ndarray) -> None:
        import numpy as np

        keys = np.empty(len(numbers), np.int64)
        compiled(make_keys)(offsets, content, keys)
        for start in range(0, len(numbers), _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            here = offsets[start : start + _AT_ONCE + 1]
            self._make_room(len(here) - 1, int(here[-1] - here[0]))
            self._n = compiled(look_up)(
                here, content, keys[some], self._slots, self._n, self._texts, self._ends, numbers[some]
            )

    def _make_room(self, ids: int, letters: int) -> None:
        """At least so many more ids and bytes; half of the slots at most are taken."""
        import numpy as np

        while 2 * (self._n + ids) > len(self._slots):
            slots = np.zeros((2 * len(self._slots), 2), np.int64)
            compiled(rehash)(self._slots, slots)
            self._slots = slots
        need = int(self._ends[self._n]) + letters
        if need > len(self._texts):
            self._texts = _longer(self._texts, max(need, 2 * len(self._texts)))
        if self._n + ids + 1 > len(self._ends):
            self._ends = _longer(self._ends, max(self._n + ids + 1, 2 * len(self._ends)))


def _copied(column: pa.Array) -> pa.Array:
    """A column's own copy: what the database hands over is freed as a whole, and most of it are the texts of ids."""
    import pyarrow as pa

    if isinstance(column, pa.DictionaryArray):
        return pa.DictionaryArray.from_arrays(_copied(column.indices), pa.array(column.dictionary.to_pylist()))
    buffers = [buffer and pa.py_buffer(buffer.to_pybytes()) for buffer in column.buffers()]
    return pa.Array.from_buffers(column.type, len(column), buffers, column.null_count, column.offset)


def _longer(values: np.ndarray, length: int) -> np.ndarray:
    import numpy as np

    longer = np.empty(length, values.dtype)
    longer[: len(values)] = values
    return longer


def make_keys(offsets, content, keys):
    """Write a key of each text: its own positive one for 1 to 17 digits (maybe after a plus), else a hash below 0."""
    for i in range(keys.shape[0]):
        begin, end = offsets[i], offsets[i + 1]
        size = end - begin
        plus = 1 if size > 1 and content[begin] == 43 else 0
        value, other = 0, 0
        for k in range(begin + plus, end):
            digit = content[k] - 48
            other |= digit | (9 - digit)  # negative where it is none
            value = value * 10 + digit
        if other >= 0 and size <= 17:
            keys[i] = (value << 6) | (size << 1) | plus  # 10^17 < 2^57
        else:
            for k in range(begin, end):
                value = (value ^ content[k]) * 1099511628211  # FNV-1a
            keys[i] = value | (-1 << 63)


def look_up(offsets, content, keys, slots, n, texts, ends, numbers):
    """Write the number of each text, but for empty ones; n texts have one already. Returns how many have one then."""
    mask = slots.shape[0] - 1
    for i in range(numbers.shape[0]):
        key, size = keys[i], offsets[i + 1] - offsets[i]
        if size == 0:
            continue
        slot = ((key * 6364136223846793005) >> 32) & mask
        while True:
            if slots[slot, 0] == key:
                known, same = slots[slot, 1], True
                if key < 0:
                    same = ends[known + 1] - ends[known] == size
                    for k in range(size if same else 0):
                        same = same and texts[ends[known] + k] == content[offsets[i] + k]
                if same:
                    numbers[i] = known
                    break
            elif slots[slot, 0] == 0:
                slots[slot, 0], slots[slot, 1] = key, n
                for k in range(size):
                    texts[ends[n] + k] = content[offsets[i] + k]
                ends[n + 1] = ends[n] + size
                numbers[i] = n
                n += 1
                break
            slot = (slot + 1) & mask
    return n


def rehash(slots, larger):
    """Copy every taken slot into a larger table."""
    mask = larger.shape[0] - 1
    for s in range(slots.shape[0]):
        if slots[s, 0] != 0:
            slot = ((slots[s, 0] * 6364136223846793005) >> 32) & mask
            while larger[slot, 0] != 0:
                slot = (slot + 1) & mask
            larger[slot] = slots[s]
