"""Parquet: as it stands where its types are ordinary, else its values as the texts that the row rules read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.forms import parquetfile
from engine.forms.rows import LINE, PROBLEM
from engine.forms.table import Plain
from engine.forms.textfile import Layout

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

_LARGE = 1e7  # from there on a number with a fraction's point may be an id
_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


class Columns(Plain):
    """A Parquet file.

    Args:
        path: of it.
        shown: how it is called in messages, where it is another one.
    """

    def __init__(self, path: Path, shown: Path | None = None) -> None:
        super().__init__(shown or path)
        self._file = path
        self._names = parquetfile.names(path)

    def layout(self, **_: Any) -> Layout:
        """See `Plain.layout`; a file of columns names them itself."""
        return Layout(self._file, "parquet", "", self._names, 0, header=self._names)

    def is_plain(self, layout: Layout, wanted: Sequence[str]) -> bool:
        """Whether every column wanted is of a type that reads as its text would."""
        parquetfile.check(self._file, wanted)
        with parquetfile.opened(self._file) as file:
            kinds = {name: file.schema_arrow.field(name).type for name in wanted}
            return not any(self._odd(file, name, kind) for name, kind in kinds.items())

    def _odd(self, file: Any, name: str, kind: pa.DataType) -> bool:
        import pyarrow as pa

        kinds = pa.types
        if kinds.is_floating(kind):
            return _may_be_ids(file.metadata, name)
        return kinds.is_time(kind) or kinds.is_duration(kind) or isinstance(kind, pa.BaseExtensionType)

    def rows(self, layout: Layout, wanted: Iterable[str] | None = None) -> Iterator[pl.DataFrame]:
        """See `Plain.rows`."""
        import polars as pl

        chosen = list(layout.names if wanted is None else dict.fromkeys(wanted))
        parquetfile.check(self._file, chosen)
        none = [pl.lit(None, pl.String).alias(name) for name in (PROBLEM, LINE)]
        read = 0
        with parquetfile.opened(self._file, dictionaries=parquetfile.texts(self._file, chosen)) as file:
            said = file.metadata.num_rows
            for batch in file.iter_batches(parquetfile.ROWS, columns=chosen):
                read += batch.num_rows
                columns = {name: _text(batch.column(name)) for name in chosen}
                yield pl.DataFrame(columns, schema=dict.fromkeys(chosen, pl.String)).with_columns(*none)
        if read != said:
            raise parquetfile.unreadable(self.path, f"{read} rows where it says {said}")


def _may_be_ids(about: Any, name: str) -> bool:
    """Whether a column of fractions may hold ids or moments (34600111222.0): by the largest that the file says it
    holds, so that a column of seconds is left as it is."""
    for number in range(about.num_row_groups):
        group = about.row_group(number)
        for place in range(group.num_columns):
            chunk = group.column(place)
            if chunk.path_in_schema == name and group.num_rows:
                stats = chunk.statistics
                if stats is None or not stats.has_min_max or max(abs(stats.min), abs(stats.max)) >= _LARGE:
                    return True
    return False


def _text(column: pa.Array) -> pl.Series:
    """A column's values as texts; empty ones are null."""
    import polars as pl
    import pyarrow as pa

    kinds = pa.types
    if kinds.is_dictionary(column.type):
        column = column.dictionary_decode()
    if isinstance(column.type, pa.BaseExtensionType):
        column = column.storage
        values = [_uuid(value) for value in column.to_pylist()]
        return pl.Series(values, dtype=pl.String)
    if kinds.is_binary(column.type) or kinds.is_large_binary(column.type):
        column = column.cast(pa.large_string())
    if kinds.is_duration(column.type):
        unit = _UNITS[column.type.unit]
        return _number(pl.Series(pl.from_arrow(column.cast(pa.int64()))), unit)
    found = pl.Series(pl.from_arrow(column))
    if found.dtype.is_float():
        return _number(found.cast(pl.Float64), 1)
    text = found.cast(pl.String)
    if found.dtype == pl.Time or found.dtype.base_type() == pl.Datetime:
        text = text.str.replace(r"\.0+($|[+-])", "${1}")
    return text.set(text == "", None)


def _number(values: pl.Series, unit: int) -> pl.Series:
    """Numbers as texts without a point where they are whole."""
    import polars as pl

    frame = pl.DataFrame({"n": values})
    if values.dtype.is_float():
        whole = (pl.col("n") == pl.col("n").round()) & (pl.col("n").abs() < 2**63)
        count = pl.col("n")
    else:
        whole, count = pl.col("n") % unit == 0, pl.col("n") // unit
    fraction = (pl.col("n") / unit).cast(pl.Float64)
    text = (
        pl.when(whole).then(count.cast(pl.Int64, strict=False).cast(pl.String))
        .otherwise(pl.when(fraction.is_nan()).then(None).otherwise(fraction).cast(pl.String))
    )  # fmt: skip
    return frame.select(text)[:, 0]


def _uuid(value: bytes | None) -> str | None:
    if value is None:
        return None
    import uuid

    return str(uuid.UUID(bytes=value))
