"""Who runs the statements in sql/: one small Protocol, DuckDB by default."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import BackendError

if TYPE_CHECKING:
    import polars as pl


class Warehouse(Protocol):
    """What the engine needs of a database. Statements are names below sql/ without `.sql` ("graph/edges")."""

    def query(self, statement: str, /, **params: Any) -> pl.DataFrame:
        """The rows of a statement as a frame."""

    def create(self, table: str, statement: str, /, **params: Any) -> int:
        """Replace contract table `table` by the rows of a statement; returns how many."""

    def temp(self, name: str, statement: str, /, **params: Any) -> None:
        """Keep a statement's rows as temporary table `name` until the connection closes."""

    def execute(self, statement: str, /, **params: Any) -> None:
        """Run a statement for its effect."""

    def write(self, table: str, frame: pl.DataFrame, /) -> int:
        """Replace contract table `table` by `frame`, checked; returns how many rows."""

    def append(self, table: str, frame: pl.DataFrame, /) -> int:
        """Add `frame`, checked, to contract table `table`; returns how many rows."""

    def read(self, table: str, /, columns: list[str] | None = None) -> pl.DataFrame:
        """A contract table ordered by its keys."""

    def count(self, table: str, /) -> int:
        """Number of rows of a contract table."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing: what is written inside a `with` appears at its end, or not at all."""


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
