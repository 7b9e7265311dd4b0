"""What can go wrong, as few kinds as a user needs to tell apart.

Each message names what was found, where, and what to do next; the command line prints it as one line
and exits with code 1.
"""

from __future__ import annotations

from engine import identifiers

_LONGEST = 4000


def masked(text: str) -> str:
    """A text in which whatever identifies a person stands as `#`; one as long as a page ends after its first letters.

    Messages end up on screens and in log files, where the people in the data must not appear.
    """
    return identifiers.masked(text if len(text) <= _LONGEST else text[:_LONGEST] + " ...")


def shown(name: object) -> str:
    """A file's name as it can be printed and stored: what is no UTF-8 or would begin a line is written out."""
    text = str(name).encode("utf-8", "backslashreplace").decode()
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class EngineError(Exception):
    """Base of every error the engine raises on purpose; what reads as a person's number or address is masked.

    Args:
        message: what was found, in one sentence.
        fix: what the user can do about it, in one sentence.
    """

    def __init__(self, message: str, *, fix: str | None = None) -> None:
        self.message = masked(message)
        self.fix = None if fix is None else masked(fix)
        super().__init__(self.message if fix is None else f"{self.message} {self.fix}")


class InputError(EngineError):
    """Bad data from outside: names the file, the row and the column where they are known.

    Args:
        message: what was found.
        file: path as the user gave it.
        row: 1-based row number of the data (the header is row 0).
        column: column name.
        fix: what to do.
    """

    def __init__(
        self,
        message: str,
        *,
        file: object | None = None,
        row: int | None = None,
        column: str | None = None,
        fix: str | None = None,
    ) -> None:
        self.file, self.row, self.column = file, row, column
        where = [shown(file)] if file is not None else []
        if row is not None:
            where.append(f"row {row}")
        if column is not None:
            where.append(f"column {column!r}")
        super().__init__(f"{', '.join(where)}: {message}" if where else message, fix=fix)


class ConfigError(EngineError):
    """A setting that is unknown, of the wrong type or out of range."""


class WorkspaceError(EngineError):
    """The workspace is missing, locked, damaged, or a needed stage has not run."""


class ModelError(EngineError):
    """Weights or a trained model are missing, altered or made for something else."""


class BackendError(EngineError):
    """A statement failed in the warehouse; names its file under sql/."""


class OutOfMemory(BackendError):
    """A statement needs more memory than it may use."""
