"""What DuckDB's errors mean for the user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import BackendError, ConfigError, EngineError, OutOfMemory, WorkspaceError, shown

_NO_SPACE = ("no space left", "file too large", "disk quota", "max_temp_directory_size")
_DAMAGED = ("corrupt database", "checksum", "could not read enough bytes", "not a valid duckdb", "serialization error")
RESTORE = "`kindred restore` brings back the state after the last finished run."


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Turn DuckDB's errors into ours, which say what failed (name) and, where the cause lies outside, why."""
    import duckdb

    try:
        yield
    except EngineError:
        raise
    except duckdb.OutOfMemoryException as error:
        raise OutOfMemory(
            f"{title_of(name)} needs more memory than it may use ({_first(error)}).",
            fix="Set a larger --memory, e.g. 4GB.",
        ) from error
    except duckdb.Error as error:
        text = _first(error)
        if _is(error, _NO_SPACE):
            raise WorkspaceError(
                f"{title_of(name)} found no space on the disk; what was finished before is kept.",
                fix="Free some space and run the command again.",
            ) from error
        if _is(error, _DAMAGED):
            raise WorkspaceError(f"The database is damaged ({text}).", fix=RESTORE) from error
        raise BackendError(f"{title_of(name)} failed: {text}.") from error


@contextmanager
def handed_on(kind: type[Exception]) -> Iterator[None]:
    """Turn what Arrow or polars makes of an error of DuckDB's in the middle of the rows into that error again.

    Args:
        kind: of error that the reader of the rows raises.
    """
    import duckdb

    try:
        yield
    except kind as error:
        text = str(error).removeprefix("got external error: ")
        raise (duckdb.OutOfMemoryException if "Out of Memory" in text else duckdb.Error)(text) from error


def _is(error: Exception, signs: tuple[str, ...]) -> bool:
    text = str(error).lower()
    return any(sign in text for sign in signs)


def title_of(name: str) -> str:
    """How errors call a statement: by its file, or by the beginning of its text."""
    return f"sql/{name}.sql" if "/" in name and " " not in name else " ".join(name.split())[:80]


def _first(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__


def no_size(memory: str) -> ConfigError:
    """Of a setting of memory that DuckDB does not take."""
    return ConfigError(f"--memory {memory} is not a size.", fix="Write it like 4GB.")


def check_path(path: Path) -> None:
    """Refuse a place where DuckDB puts its log elsewhere (it takes a question mark for the end of the path), or that it
    cannot be told because it is no UTF-8."""
    text = str(path)
    if "?" in text or shown(text) != text:
        raise WorkspaceError(
            f"The database cannot lie in {shown(text)}: a folder's name has a question mark, or is not plain text.",
            fix="Rename that folder, or choose another one.",
        )


def opening(path: Path | None, memory: str, error: Exception) -> EngineError:
    """Of a file that does not open; memory: the setting it was opened with."""
    text = _first(error)
    if _is(error, ("set lock on file", "unique file handle conflict")):
        return WorkspaceError(f"{path} is in use by another process.", fix="Wait for it to finish, then try again.")
    if memory and "memory" in text.lower() and not _is(error, _DAMAGED):
        return no_size(memory)
    if _is(error, ("without a key", "wrong encryption key", "not encrypted")):
        return WorkspaceError(
            f"{path} and the setting storage.encryption contradict each other: {text}.",
            fix="Set it as it was, or change it with `kindred encrypt on|off`.",
        )
    if _is(error, _NO_SPACE):
        return WorkspaceError(f"There is no space on the disk for {path}.", fix="Free some and try again.")
    if _is(error, ("permission denied", "read-only")):
        return WorkspaceError(f"{path} may not be written.", fix="Use a folder you may write to.")
    return WorkspaceError(f"{path} cannot be opened, it seems damaged: {text}.", fix=RESTORE)
