"""The audit log: who did what to a workspace and when, one JSON line an event, each chained to the one before.

A line holds names of tables and numbers of rows, never contents. Its hash covers the hash of the line before, and
the newest hash stands in a second file, so that an altered, dropped (also the last) or reordered line is found.
Whoever may write the folder can rewrite both: note the head that `kindred audit verify` prints somewhere else, and
compare with `--head`. (Schneier & Kelsey, Secure audit logs to support computer forensics, 1999, without the keyed
evolution; METHODS section 8.)

Why our own: logging libraries chain nothing, and those that do send lines elsewhere.

A line gets in whole, with its head, or not at all; a kill between the two leaves the head one line behind, never more.
Room for a command's last line is set aside before its first is written: a disk that fills up in between stops the next
command, not the log. What is broken all the same is never healed by writing on: `seal` keeps it as evidence and begins
a new chain that says so.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import pwd
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from engine.errors import WorkspaceError, masked
from engine.trust import chain, files

LOG, HEAD, RESERVE = "audit.jsonl", chain.HEAD, "audit.reserve"
# Events before something is done. All others tell of what is done already and may use the room set aside.
OPENING = ("start", "open")
SEALED = "sealed"
_SEALED_NAME = re.compile(r"audit\.sealed-[0-9a-f]{16}\.jsonl")
_BLOCK = 1 << 16
_ROOM = 1 << 15  # several times a line, its head and their blocks
_REASON = 500  # characters


@dataclass
class Record:
    """What a command adds to its closing line: rows per table before and after, and plain numbers."""

    tables: dict[str, list[int]] = field(default_factory=dict)
    details: dict[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What `verify` found.

    Args:
        lines: of the log.
        head: its newest hash.
        problems: each in words; none = whole, since it was last sealed.
        sealed: what each `seal` put aside, newest first: file, lines, problems, reason, at (when it was sealed).
    """

    lines: int
    head: str
    problems: tuple[str, ...]
    sealed: tuple[dict[str, Any], ...] = ()

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
    details: Mapping[str, Any] | None = None,
) -> str:
    """Add one line.

    Args:
        folder: of the workspace.
        command: name of the command.
        event: open (a command opens the workspace), start, done, failed or read (an export was written).
        tables: rows per table (a number, or before and after).
        details: further numbers and fixed words, never contents.

    Returns:
        The line's hash.

    Raises:
        WorkspaceError: the log cannot be written.
    """
    try:
        with _locked(folder) as file:
            if event in OPENING:
                _set_aside(folder)
            try:
                return _add(folder, file, command, event, tables, details)
            except (OSError, WorkspaceError) as error:
                if event in OPENING or not _is_full(error) or not (folder / RESERVE).exists():
                    raise
            (folder / RESERVE).unlink()
            return _add(folder, file, command, event, tables, details)
    except OSError as error:
        raise files.unwritable(folder / LOG, error) from error


def lines(folder: Path, last: int | None = None) -> list[dict[str, Any]]:
    """The lines of the log, oldest first, as they stand there; what is no log line is left to `verify`.

    Args:
        folder: of the workspace.
        last: how many of the newest; None = all.

    Raises:
        WorkspaceError: there is no log.
    """
    try:
        with _locked(folder, shared=True) as file:
            found = [line for text in file.read().split(b"\n") if (line := chain.parse(text)) is not None]
    except OSError as error:
        raise _unreadable(folder, error) from error
    return found if last is None else found[-last:]


def verify(folder: Path, *, head: str | None = None) -> Verdict:
    """Check every line of the log of a workspace against the one before, and the last against the head.

    Args:
        folder: of the workspace.
        head: a hash noted earlier elsewhere; it must still be one of the lines, of the log or of a sealed one.

    Raises:
        WorkspaceError: there is no log.
    """
    try:
        with _locked(folder, shared=True) as file:
            return _verdict(folder, file.read(), head)
    except OSError as error:
        raise _unreadable(folder, error) from error


def _unreadable(folder: Path, error: OSError) -> WorkspaceError:
    return WorkspaceError(f"{folder / LOG} cannot be read: {error.strerror}.", fix="It was deleted, or never written.")


def seal(folder: Path, reason: str) -> Verdict:
    """Put a broken log aside as evidence and begin a new chain, whose first line says what was put aside and why.

    Args:
        folder: of the workspace.
        reason: in the words of whoever seals; kept with ids masked.

    Returns:
        What `verify` finds afterwards.

    Raises:
        WorkspaceError: the log is whole, no reason is given, or nothing can be written: all is left as it was.
    """
    if not reason.strip():
        raise WorkspaceError("Sealing the log needs a reason.", fix="Say what happened: --reason TEXT.")
    try:
        with _locked(folder) as file:
            file.seek(0)
            raw = file.read()
            verdict = _verdict(folder, raw, None)
            if verdict.whole:
                raise WorkspaceError("The audit log is whole.", fix="Only a broken log can be sealed.")
            digest = hashlib.sha256(raw).hexdigest()
            evidence = folder / f"audit.sealed-{digest[:16]}.jsonl"
            _keep(evidence, raw)
            with suppress(FileNotFoundError):
                _keep(evidence.with_suffix(".head"), (folder / HEAD).read_bytes())
            about = {
                "file": evidence.name,
                "sha256": digest,
                "lines": verdict.lines,
                "newest": verdict.head,
                "problems": list(verdict.problems[:20]),
                "reason": masked(reason.strip())[:_REASON],
            }
            line = _line(1, chain.START, "audit seal", SEALED, {}, about)
            # In this order: killed after either, the log is still broken or is a first line without a head, which
            # is whole.
            (folder / HEAD).unlink(missing_ok=True)
            _keep(folder / LOG, chain.text_of(line) + b"\n")
            _write_head(folder, line)
    except OSError as error:
        raise files.unwritable(folder / LOG, error) from error
    return verify(folder)


def _verdict(folder: Path, raw: bytes, head: str | None) -> Verdict:
    found = chain.links(raw)
    sealed, older, faults = _sealed(folder, raw)
    problems = [*found.problems, *chain.against_head(_head(folder), found), *faults]
    if head is not None and head not in found.hashes | older:
        problems.append("the head given is not in the log")
    return Verdict(found.lines, found.newest, tuple(problems), tuple(sealed))


def _sealed(folder: Path, raw: bytes) -> tuple[list[dict[str, Any]], set[str], list[str]]:
    """What the first line says was put aside, and what that one's says: about each, hashes of their lines, faults."""
    told: list[dict[str, Any]] = []
    hashes: set[str] = set()
    line = chain.parse(raw.split(b"\n", 1)[0])
    while line is not None and line.get("event") == SEALED:
        about = line.get("details")
        if not isinstance(about, dict) or not _SEALED_NAME.fullmatch(str(about.get("file"))):
            return told, hashes, ["the first line names no sealed log"]
        try:
            raw = (folder / about["file"]).read_bytes()
        except OSError:
            raw = b""
        told.append({**{key: about.get(key) for key in ("file", "lines", "problems", "reason")}, "at": line.get("at")})
        if hashlib.sha256(raw).hexdigest() != about.get("sha256"):
            return told, hashes, [f"the sealed log {about['file']} is missing or was altered"]
        lines = [chain.parse(text) for text in raw.split(b"\n")]
        hashes |= {old["hash"] for old in lines if old is not None and old["hash"] == chain.hash_of(old)}
        line = lines[0]
    return told, hashes, []


@contextmanager
def _locked(folder: Path, *, shared: bool = False) -> Iterator[BinaryIO]:
    """The log, held against writers; to add to it (made when absent), or shared = to read it."""
    path = folder / LOG
    while True:
        with open(path, "rb" if shared else "a+b", buffering=0, opener=files.private) as file:
            fcntl.flock(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
            # Sealed while we waited for it, this is no longer the log.
            if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
                yield file
                return


def _add(
    folder: Path,
    file: BinaryIO,
    command: str,
    event: str,
    tables: Mapping[str, Any] | None,
    details: Mapping[str, Any] | None,
) -> str:
    """Write a line and its head; where that fails, all is as before."""
    torn = _cut_torn_end(file)
    last, head = _last(file), _head(folder)
    seq, previous = chain.next_link(last, head)
    if last is not None and previous == last["hash"] and (head is None or head["seq"] < last["seq"]):
        _write_head(folder, last)  # a kill left it one behind; it never gets two
    line = _line(seq, previous, command, event, tables or {}, details or {}, torn)
    end = file.seek(0, os.SEEK_END)
    try:
        left = chain.text_of(line) + b"\n"
        while left:
            left = left[os.write(file.fileno(), left) :]
        os.fsync(file.fileno())
        _write_head(folder, line)
    except BaseException:
        if (_head(folder) or {}).get("hash") != line["hash"]:
            with suppress(OSError):
                os.ftruncate(file.fileno(), end)
        raise
    return line["hash"]


def _line(
    seq: int,
    previous: str,
    command: str,
    event: str,
    tables: Mapping[str, Any],
    details: Mapping[str, Any],
    torn: int = 0,
) -> dict[str, Any]:
    line: dict[str, Any] = {
        "seq": seq,
        "at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "user": _user(),
        "pid": os.getpid(),
        "command": command,
        "event": event,
        "tables": dict(tables),
        **({"details": dict(details)} if details else {}),
        **({"cut_off_bytes": torn} if torn else {}),
        "previous": previous,
    }
    return {**line, "hash": chain.hash_of(line)}


def _write_head(folder: Path, line: Mapping[str, Any]) -> None:
    _keep(folder / HEAD, json.dumps({"seq": line["seq"], "hash": line["hash"]}).encode())
    with suppress(OSError):  # not every file system can; then a loss of power may leave an older head
        files.flush_folder(folder)


def _set_aside(folder: Path) -> None:
    """Room on the disk for a line that must get in later, as a file whose bytes no file system can make smaller."""
    place = folder / RESERVE
    if not place.exists() or place.stat().st_size < _ROOM:
        _keep(place, hashlib.shake_256(b"kindred").digest(_ROOM))


def _keep(path: Path, content: bytes) -> None:
    with files.replacing(path, scratch=path.parent / ".tmp") as new:
        new.write(content)


def _is_full(error: OSError | WorkspaceError) -> bool:
    cause = error if isinstance(error, OSError) else error.__cause__
    return isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT)


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
    return next((line for text in reversed(lines) if (line := chain.parse(text))), None)


def _head(folder: Path) -> dict[str, Any] | None:
    try:
        head = json.loads((folder / HEAD).read_bytes())
        return {"seq": int(head["seq"]), "hash": str(head["hash"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _user() -> str:
    # From the system, not from the environment, which anyone can set.
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
