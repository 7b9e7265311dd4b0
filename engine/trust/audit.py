"""The audit log: who did what to a workspace and when, one JSON line an event, each chained to the one before.

A line holds names of tables and numbers of rows, never contents. Its hash covers the hash of the line before, and
the newest hash stands in a second file, so that an altered, dropped (also the last) or reordered line is found.
Whoever may write the folder can rewrite both: note the head that `kindred audit verify` prints somewhere else, and
compare with `--head`. (Schneier & Kelsey, Secure audit logs to support computer forensics, 1999, without the keyed
evolution; METHODS section 8.)
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pwd
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.errors import WorkspaceError
from engine.trust import files

LOG, HEAD = "audit.jsonl", "audit.head"
_START = "0" * 64
_BLOCK = 1 << 16


@dataclass
class Record:
    """What a command adds to its closing line: rows per table before and after, and plain numbers."""

    tables: dict[str, list[int]] = field(default_factory=dict)
    details: dict[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What `verify` found: lines read, the newest hash, and every problem in words (none = whole)."""

    lines: int
    head: str
    problems: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Nothing was altered, dropped or reordered."""
        return not self.problems


@contextmanager
def recorded(folder: Path, command: str) -> Iterator[Record]:
    """Write a line when a command starts and one when it is done or has failed.

    Args:
        folder: of the workspace.
        command: its name, without arguments (they may be ids).

    Raises:
        WorkspaceError: the log cannot be written: what cannot be recorded is not done.
    """
    append(folder, command, "start")
    record = Record()
    try:
        yield record
    except BaseException as error:
        append(folder, command, "failed", tables=record.tables, details={"error": type(error).__name__})
        raise
    append(folder, command, "done", tables=record.tables, details=record.details)


def append(
    folder: Path,
    command: str,
    event: str,
    *,
    tables: Mapping[str, Any] | None = None,
    details: Mapping[str, int | str] | None = None,
) -> str:
    """Add one line.

    Args:
        folder: of the workspace.
        command: name of the command.
        event: start, done, failed or read.
        tables: rows per table (a number, or before and after).
        details: further numbers and fixed words, never contents.

    Returns:
        The line's hash.

    Raises:
        WorkspaceError: the log cannot be written.
    """
    path = folder / LOG
    try:
        with open(path, "a+b", opener=files.private) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            torn = _cut_torn_end(file)
            seq, previous = _follow(_last(file), _head(folder))
            line: dict[str, Any] = {
                "seq": seq,
                "at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "user": _user(),
                "pid": os.getpid(),
                "command": command,
                "event": event,
                "tables": dict(tables or {}),
                **({"details": dict(details)} if details else {}),
                **({"cut_off_bytes": torn} if torn else {}),
                "previous": previous,
            }
            line["hash"] = _hash(line)
            file.write(_text(line) + b"\n")
            file.flush()
            os.fsync(file.fileno())
            head = json.dumps({"seq": seq, "hash": line["hash"]}).encode()
            with files.replacing(folder / HEAD, scratch=folder / ".tmp") as new:
                new.write(head)
    except OSError as error:
        raise files.unwritable(path, error) from error
    return line["hash"]


def verify(folder: Path, *, head: str | None = None) -> Verdict:
    """Check every line of the log of a workspace against the one before, and the last against the head.

    Args:
        folder: of the workspace.
        head: a hash noted earlier elsewhere; it must still be one of the lines.

    Raises:
        WorkspaceError: there is no log.
    """
    try:
        raw = (folder / LOG).read_bytes()
    except OSError as error:
        raise WorkspaceError(
            f"{folder / LOG} cannot be read: {error.strerror}.", fix="It was removed, or never written."
        ) from error
    problems: list[str] = []
    if raw and not raw.endswith(b"\n"):
        problems.append("the last line is cut off")
    hashes, previous, seq = set(), _START, 0
    complete = raw.split(b"\n")[:-1]
    for number, text in enumerate(complete, start=1):
        line = _parse(text)
        if line is None:
            problems.append(f"line {number} is not a log line")
            continue
        if line["hash"] != _hash(line):
            problems.append(f"line {number} was altered")
        elif line["previous"] != previous or line["seq"] != seq + 1:
            problems.append(f"line {number} does not follow line {number - 1}: lines were dropped, added or reordered")
        previous, seq = line["hash"], line["seq"]
        hashes.add(line["hash"])
    problems += _against_head(_head(folder), seq, previous, _parse(complete[-1]) if complete else None)
    if head is not None and head not in hashes:
        problems.append("the head given is not in the log")
    return Verdict(len(complete), previous, tuple(problems))


def _against_head(head: dict[str, Any] | None, seq: int, newest: str, last: dict[str, Any] | None) -> list[str]:
    if head is None:
        # A process killed after the very first line and before its head leaves exactly this.
        return [] if seq <= 1 else [f"{HEAD} is missing"]
    if (head["seq"], head["hash"]) == (seq, newest):
        return []
    if last is not None and head["seq"] == seq - 1 and head["hash"] == last["previous"]:
        return []  # killed between a line and its head
    return [f"the log ends at line {seq}, its head says {head['seq']}: lines were dropped, added or altered"]


def _follow(last: dict[str, Any] | None, head: dict[str, Any] | None) -> tuple[int, str]:
    """Number and previous hash of the next line. A log that does not fit its head is never healed by writing on:
    the next line follows the head, so that `verify` finds the gap for ever."""
    if last is None and head is None:
        return 1, _START
    if head is None:
        return last["seq"] + 1, last["hash"] if last["seq"] == 1 else _hash({"hash": "", "head": "missing"})
    fits = last is not None and (
        (head["seq"], head["hash"]) == (last["seq"], last["hash"])
        or (head["seq"] == last["seq"] - 1 and head["hash"] == last["previous"])
    )
    return (last["seq"] + 1, last["hash"]) if fits else (head["seq"] + 1, head["hash"])


def _cut_torn_end(file: Any) -> int:
    """Cut off what a process killed while writing left of a line; returns how many bytes."""
    end = file.seek(0, os.SEEK_END)
    start = max(0, end - _BLOCK)
    file.seek(start)
    tail = file.read()
    keep = start + tail.rfind(b"\n") + 1
    if keep < end:
        file.truncate(keep)
    return end - keep


def _last(file: Any) -> dict[str, Any] | None:
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - _BLOCK))
    lines = file.read().split(b"\n")
    return next((line for text in reversed(lines) if (line := _parse(text))), None)


def _head(folder: Path) -> dict[str, Any] | None:
    try:
        head = json.loads((folder / HEAD).read_bytes())
        return {"seq": int(head["seq"]), "hash": str(head["hash"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _parse(text: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except ValueError:
        return None
    well_formed = isinstance(line, dict) and {"seq", "hash", "previous"} <= line.keys() and isinstance(line["seq"], int)
    return line if well_formed else None


def _text(line: Mapping[str, Any]) -> bytes:
    return json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _hash(line: Mapping[str, Any]) -> str:
    return hashlib.sha256(_text({k: v for k, v in line.items() if k != "hash"})).hexdigest()


def _user() -> str:
    # From the system, not from the environment, which anyone can set.
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
