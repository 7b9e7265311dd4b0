"""Who runs the statements in sql/: one small Protocol, DuckDB by default, Spark when one machine is outgrown.

Who calls it never asks which engine it is. `spreads` alone is known: whether rows may be so many that they lie on
several machines, so that no array may hold one entry per record.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import BackendError, WorkspaceError
from engine.progress import SILENT, Progress

if TYPE_CHECKING:
    import polars as pl

    from engine import config
    from engine.clock import Clock
    from engine.warehouse.duckdb import DuckDBWarehouse


class Warehouse(Protocol):
    """What the engine needs of a database. Statements are names below sql/ without `.sql` ("graph/edges")."""

    spreads: bool
    clock: Clock

    def set_clock(self, clock: Clock) -> None:
        """Let days begin by another clock: what `local_day` in statements says. Inside a transaction.

        The sums per day that are stored do not follow by themselves (`engine.logs.days.move`).
        """

    def query(self, statement: str, /, **params: Any) -> pl.DataFrame:
        """The rows of a statement as a frame."""

    def create(self, table: str, statement: str, /, **params: Any) -> int:
        """Replace contract table `table` by the rows of a statement; returns how many."""

    def temp(self, name: str, statement: str, /, **params: Any) -> None:
        """Keep a statement's rows as temporary table `name` until the connection closes."""

    def keep(self, name: str, frame: pl.DataFrame, /) -> None:
        """Keep a frame as temporary table `name` until the connection closes."""

    def drop(self, *names: str) -> None:
        """Let temporary tables go before the connection does, whether they are there or not."""

    def release(self) -> None:
        """Give back the memory of what can be read again: large arrays are to be made. No temporary table is needed."""

    def execute(self, statement: str, /, **params: Any) -> None:
        """Run a statement for its effect."""

    def write(self, table: str, frame: pl.DataFrame, /) -> int:
        """Replace contract table `table` by `frame`, checked; returns how many rows."""

    def append(self, table: str, frame: pl.DataFrame, /, *, unique: bool = True) -> int:
        """Add `frame`, checked, to contract table `table`; returns how many rows. unique: look for repeated keys."""

    def hold(self, table: str, columns: Collection[str], /) -> list[str]:
        """Make room in contract table `table` for rows that have values in `columns`, before they come.

        Returns:
            The columns that rows may be given with: all, but for those of a sparse table that are null in every row.
        """

    def read(self, table: str, /, columns: list[str] | None = None) -> pl.DataFrame:
        """A contract table ordered by its keys."""

    def count(self, table: str, /) -> int:
        """Number of rows of a contract table."""

    def scatter(self, name: str, job: Callable[[Any], dict[str, int] | None], over: str) -> dict[str, int]:
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

    def spread(
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

    def shadow(self) -> AbstractContextManager[Warehouse]:
        """The warehouse, but inside the `with` what is written stands in front of the stored tables, and goes then."""

    def aside(self, tables: Sequence[str]) -> AbstractContextManager[None]:
        """Inside the `with` contract tables live aside and are empty but for `tables`, which are the stored ones;
        nothing stored changes, also in a warehouse open for reading only.
        """

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing: what is written inside a `with` appears at its end, or not at all."""


def open_(path: Path, settings: config.Warehouse, folder: Path, options: dict[str, Any]) -> DuckDBWarehouse:
    """The warehouse of a workspace by the engine its settings name.

    Args:
        path: the workspace's DuckDB file, which is the catalogue where Spark computes.
        settings: section `warehouse`.
        folder: where Spark keeps large tables, unless the settings say another place.
        options: further arguments of `engine.warehouse.duckdb.DuckDBWarehouse`.

    Raises:
        WorkspaceError: the large tables lie as Parquet and the engine is duckdb.
    """
    from engine.warehouse.duckdb import DuckDBWarehouse

    if settings.engine == "spark":
        from engine.warehouse.spark import SparkWarehouse

        return SparkWarehouse(path, master=settings.master, folder=settings.folder or str(folder), **options)
    store = DuckDBWarehouse(path, **options)
    if store.elsewhere():
        store.close()
        raise WorkspaceError(
            "The large tables of this workspace lie as Parquet, made by Spark.",
            fix='Set warehouse.engine = "spark" in kindred.toml, or give --engine spark.',
        )
    return store


def sql_folder() -> Path:
    """Where the statements lie: inside the wheel, or in the checkout."""
    packaged = Path(__file__).resolve().parent.parent / "_sql"
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[2] / "sql"


def sql_text(statement: str) -> str:
    """The text of a statement by name; raises BackendError when there is no such file."""
    path = sql_folder() / f"{statement}.sql"
    try:
        return path.read_text(encoding="utf-8").strip().rstrip(";")
    except OSError as error:
        raise BackendError(f"sql/{statement}.sql cannot be read: {error.strerror}.") from error
