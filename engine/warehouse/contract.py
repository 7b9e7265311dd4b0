"""What the engine needs of a database, whichever one computes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from engine.progress import SILENT, Progress

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from engine.clock import Clock
    from engine.warehouse.statements import Sql

Job = Callable[["Warehouse"], "dict[str, int] | None"]


class Warehouse(ABC):
    """A database that runs the statements in sql/, holds the contract tables and lends its machines.

    Statements are names below sql/ without `.sql` ("graph/edges"); SQL as text comes from `engine.warehouse.sql`, which
    alone puts names and values into it.
    """

    spreads: bool  # whether rows may be so many that no array may hold one entry per record
    touched: set[str]  # contract tables that were written
    clock: Clock  # by which days begin: what `local_day` in statements says

    @abstractmethod
    def set_clock(self, clock: Clock) -> None:
        """Let days begin by another clock. Inside a transaction.

        The sums per day that are stored do not follow by themselves (`engine.logs.days.move`).
        """

    # ---- rows out

    @abstractmethod
    def query(self, statement: str, /, **params: Any) -> pl.DataFrame:
        """The rows of a statement as a frame."""

    @abstractmethod
    def query_text(self, text: Sql | str, params: dict[str, Any] | None = None, *, name: str = "") -> pl.DataFrame:
        """The rows of SQL given as text; name: for the error message."""

    @abstractmethod
    def batches(
        self, text: Sql | str, params: dict[str, Any], /, *, rows: int, name: str, ahead: int = 1_000_000
    ) -> Iterator[pa.RecordBatch]:
        """Rows of SQL given as text, in order and as they come.

        Args:
            text: of the statement; the database can do nothing else meanwhile.
            params: of the statement.
            rows: at once.
            name: for the error message.
            ahead: bytes that may wait while the last rows are worked on.

        Yields:
            At least once, maybe no rows.
        """

    @abstractmethod
    def read(self, table: str, /, columns: list[str] | None = None) -> pl.DataFrame:
        """A contract table ordered by its keys."""

    @abstractmethod
    def count(self, table: str, /) -> int:
        """Number of rows of a table."""

    @abstractmethod
    def counts(self) -> dict[str, int]:
        """Number of rows of every contract table."""

    @abstractmethod
    def columns(self, table: str, /) -> list[str]:
        """The columns a table has now: its contract's in order, then those that an open table has beyond it."""

    # ---- rows in

    @abstractmethod
    def create(self, table: str, statement: str, /, **params: Any) -> int:
        """Replace contract table `table` by the rows of a statement; returns how many."""

    @abstractmethod
    def write(self, table: str, frame: pl.DataFrame, /) -> int:
        """Replace contract table `table` by `frame`, checked; returns how many rows."""

    @abstractmethod
    def append(self, table: str, frame: pl.DataFrame, /, *, unique: bool = True) -> int:
        """Add `frame`, checked, to contract table `table`; returns how many rows. unique: look for repeated keys."""

    @abstractmethod
    def ensure_columns(self, table: str, columns: Collection[str], /) -> list[str]:
        """Make room in contract table `table` for rows that have values in `columns`, before they come.

        Returns:
            The columns that rows may be given with: all, but for those of a sparse table that are null in every row.
        """

    @abstractmethod
    def execute(self, statement: str, /, **params: Any) -> None:
        """Run a statement for its effect."""

    @abstractmethod
    def execute_text(self, text: Sql | str, params: dict[str, Any] | None = None, *, name: str = "") -> None:
        """Run SQL given as text for its effect; name: for the error message."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing: what is written inside a `with` appears at its end, or not at all."""

    # ---- rows for a while

    @abstractmethod
    def temp(self, name: str, statement: str, /, **params: Any) -> None:
        """Keep a statement's rows as temporary table `name` until the connection closes."""

    @abstractmethod
    def keep(self, name: str, frame: pl.DataFrame, /) -> None:
        """Keep a frame as temporary table `name` until the connection closes."""

    @abstractmethod
    def drop(self, *names: str) -> None:
        """Let temporary tables go before the connection does, whether they are there or not."""

    @abstractmethod
    def register(self, name: str, rows: pl.DataFrame | pa.Table, /) -> None:
        """Let statements read rows of memory under a name, without a copy, until `unregister`."""

    @abstractmethod
    def unregister(self, name: str, /) -> None:
        """Let registered rows go, whether they are there or not."""

    @contextmanager
    def registered(self, name: str, rows: pl.DataFrame | pa.Table, /) -> Iterator[None]:
        """Inside the `with` statements read rows of memory under a name, without a copy."""
        self.register(name, rows)
        try:
            yield
        finally:
            self.unregister(name)

    @abstractmethod
    def overlay(self) -> AbstractContextManager[Warehouse]:
        """Inside the `with` what is written stands in front of the stored tables, and goes at its end."""

    @abstractmethod
    def sandbox(self, tables: Sequence[str]) -> AbstractContextManager[None]:
        """Inside the `with` contract tables are others, and empty but for `tables`, which are the stored ones;
        nothing stored changes, also in a warehouse open for reading only.
        """

    # ---- work on rows

    @abstractmethod
    def map_partitions(self, name: str, job: Job, over: str) -> dict[str, int]:
        """Temporary table `name` by a job over the rows of temporary table `over`, each row by itself.

        Args:
            name: of the table the job leaves.
            job: `job(store)` makes `name` from `over` with statements that look at single rows, in this warehouse or,
                for a part of the rows, in a small one on another machine: a function of a module, with what it needs
                bound by functools.partial.
            over: the table.

        Returns:
            What the job counted, summed over the parts.
        """

    @abstractmethod
    def map_rows(
        self,
        rows: pl.DataFrame,
        job: Callable[..., Iterator[pl.DataFrame]],
        /,
        *,
        size: int,
        name: str,
        threads: int = 0,
        progress: Progress = SILENT,
    ) -> Iterator[pl.DataFrame]:
        """What a job makes of rows, in their order and as it comes: on this machine, or on the others.

        Args:
            rows: what the job looks at, each row by itself.
            job: `job(rows, threads=…, progress=…)` yields frames: a function of a module, what it needs bound by
                functools.partial. Paths must be such as every machine reaches; what is loaded is kept by its content.
            size: rows that are worth a task of their own.
            name: of what is worked on, for the bar.
            threads: of this machine, 0 = all.
            progress: where a bar is drawn.

        Raises:
            EngineError: the job's; what came before it was yielded.
        """

    # ---- the file

    @abstractmethod
    def release(self) -> None:
        """Give back the memory of what can be read again: large arrays are to be made. No temporary table is needed."""

    @abstractmethod
    def flush(self) -> None:
        """Write what was committed from the log into the file, without waiting for the file to be closed."""

    def sweep(self) -> int:
        """Delete what lies outside the file and no table names any more; returns how many folders."""
        return 0

    @abstractmethod
    def rewrite(self, **cipher: Any) -> None:
        """Write the database anew and put it in the old one's place: what was deleted is in no byte of the file.

        Killed anywhere, either the old or the new file is there, whole.

        Args:
            cipher: `key=` and `weak=` of the new file, see `engine.warehouse.open_`; left out = as the old one.

        Raises:
            WorkspaceError: the new file cannot be written; the old one stays.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the file."""
