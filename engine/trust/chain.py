"""The chain of an audit log: lines whose hash covers the hash of the line before, and the newest one's in a head.

Pure functions of bytes and lines; `engine.trust.audit` reads and writes the files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HEAD = "audit.head"  # the file that holds number and hash of the newest line
START = "0" * 64


@dataclass(frozen=True)
class Links:
    """What the lines of a log say of each other.

    Args:
        lines: how many are whole.
        seq: number of the newest line, and
        newest: its hash.
        last: the last line; None where that is no log line.
        hashes: of all lines.
        problems: in words.
    """

    lines: int
    seq: int
    newest: str
    last: dict[str, Any] | None
    hashes: set[str]
    problems: list[str]


def links(raw: bytes) -> Links:
    """Check each line of a log against the one before.

    Args:
        raw: the log's bytes.
    """
    problems: list[str] = []
    if raw and not raw.endswith(b"\n"):
        problems.append("the last line is cut off")
    hashes: set[str] = set()
    previous, seq, line = START, 0, None
    complete = raw.split(b"\n")[:-1]
    for number, text in enumerate(complete, start=1):
        line = parse(text)
        if line is None:
            problems.append(f"line {number} is not a log line")
            continue
        if line["hash"] != hash_of(line):
            problems.append(f"line {number} was altered")
        elif line["previous"] != previous or line["seq"] != seq + 1:
            problems.append(f"line {number} does not follow line {number - 1}: lines were dropped, added or reordered")
        previous, seq = line["hash"], line["seq"]
        hashes.add(line["hash"])
    return Links(len(complete), seq, previous, line, hashes, problems)


def against_head(head: dict[str, Any] | None, found: Links) -> list[str]:
    """What is wrong between a log's lines and its head, in words."""
    seq, last = found.seq, found.last
    if head is None:
        # A process killed after the very first line and before its head leaves exactly this.
        return [] if seq <= 1 else [f"{HEAD} is missing"]
    if (head["seq"], head["hash"]) == (seq, found.newest):
        return []
    if last is not None and head["seq"] == seq - 1 and head["hash"] == last["previous"]:
        return []  # killed between a line and its head
    return [f"the log ends at line {seq}, its head says {head['seq']}: lines were dropped, added or altered"]


def next_link(last: dict[str, Any] | None, head: dict[str, Any] | None) -> tuple[int, str]:
    """Number and previous hash of the next line.

    A log that does not fit its head is never healed by writing on: the next line follows the head, so that `verify`
    finds the gap for ever.
    """
    if head is None:
        if last is None:
            return 1, START
        return last["seq"] + 1, last["hash"] if last["seq"] == 1 else hash_of({"hash": "", "head": "missing"})
    if last is not None and (
        (head["seq"], head["hash"]) == (last["seq"], last["hash"])
        or (head["seq"] == last["seq"] - 1 and head["hash"] == last["previous"])
    ):
        return last["seq"] + 1, last["hash"]
    return head["seq"] + 1, head["hash"]


def parse(text: bytes) -> dict[str, Any] | None:
    """A line of a log; None where it is none."""
    try:
        line = json.loads(text)
    except ValueError:
        return None
    well_formed = isinstance(line, dict) and {"seq", "hash", "previous"} <= line.keys() and isinstance(line["seq"], int)
    return line if well_formed else None


def text_of(line: Mapping[str, Any]) -> bytes:
    """A line as it stands in the log, without its end."""
    return json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def hash_of(line: Mapping[str, Any]) -> str:
    """The hash of a line, but for the hash that stands in it."""
    return hashlib.sha256(text_of({k: v for k, v in line.items() if k != "hash"})).hexdigest()
