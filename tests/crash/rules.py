"""What may be there after a kill and before anything was repeated, command by command: a model in plain Python.

Of every command: a file is as it was or as it will be; what must never be (`State.faults`) is not; nothing changes
without a line of the audit log. The rules below add which rows, files and backups go together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from engine.stages import STAGES
from tests.crash.state import Rows, State

Rule = Callable[[State, State, State], list[str]]


def check(rule: Rule, before: State, after: State, found: State) -> list[str]:
    """What is wrong with `found`, the state after a kill of a command that leads from `before` to `after`, in words."""
    wrong = _new_faults(before, after, found)
    for name in sorted(before.files.keys() | after.files.keys() | found.files.keys()):
        if found.files.get(name) not in (before.files.get(name), after.files.get(name)):
            wrong.append(f"{name} is neither as before nor as after")
    if found.rows != before.rows and found.lines <= before.lines and before.rows:
        wrong.append("rows changed without a line of the audit log")
    if found.encrypted not in (before.encrypted, after.encrypted):
        wrong.append("the database is encrypted neither as before nor as after")
    return wrong + rule(before, after, found)


def differences(wanted: State, found: State) -> list[str]:
    """What differs between two states that should be one, in words."""
    lines = _new_faults(wanted, wanted, found)
    for title, a, b in (
        ("table ", wanted.rows, found.rows),
        ("backup ", wanted.backups, found.backups),
        ("", wanted.files, found.files),
        ("", dict.fromkeys(wanted.drafts), dict.fromkeys(found.drafts)),
    ):
        lines += [f"{title}{name} is missing" for name in sorted(a.keys() - b.keys())]
        lines += [f"{title}{name} should not be there" for name in sorted(b.keys() - a.keys())]
        lines += [f"{title}{name} differs" for name in sorted(a.keys() & b.keys()) if a[name] != b[name]]
    if (wanted.unfinished, wanted.encrypted) != (found.unfinished, found.encrypted):
        lines.append("a deletion is unfinished, or the file is encrypted otherwise")
    return lines


def at_once(before: State, after: State, found: State) -> list[str]:
    """Every table as before, or every table as after; backups stay."""
    return _together(before.rows, after.rows, found.rows) + _kept(before, after, found)


def beginning(before: State, after: State, found: State) -> list[str]:
    """`init`: no workspace yet, one without a database, one that the next command stamps, or a whole one."""
    return _together({**after.rows, "meta": ()}, after.rows, found.rows) if found.rows else []


def stages(before: State, after: State, found: State) -> list[str]:
    """`run`: the first stages are done and noted in `runs`, of the others nothing is there; but photos are looked at
    one after another."""
    noted = {stage.name: _line(stage.name, after) - _line(stage.name, before) for stage in STAGES}
    wrong, ended = [], ""
    if Counter(found.rows["runs"]) - Counter(before.rows["runs"]) - Counter(after.rows["runs"]):
        wrong.append("runs has lines that no run writes")
    mine: set[str] = {"runs"}
    for stage in STAGES:
        mine |= set(stage.writes)
        new = _line(stage.name, found) - _line(stage.name, before)
        done = bool(noted[stage.name]) and new == noted[stage.name]
        if done and ended:
            wrong.append(f"{stage.name} is done, {ended} before it is not")
        if noted[stage.name] and not done:
            ended = stage.name
        for table in stage.writes:
            wanted = (after if done else before).rows[table]
            partly = table == "faces" and not done and set(found.rows[table]) <= {*wanted, *after.rows[table]}
            if found.rows[table] != wanted and not partly:
                wrong.append(f"{table} is not what {stage.name} {'wrote' if done else 'found'}")
    rest = [{t: rows for t, rows in state.rows.items() if t not in mine} for state in (before, after, found)]
    return wrong + _together(*rest) + _kept(before, after, found)


def forgetting(before: State, after: State, found: State) -> list[str]:
    """`erase` and `purge`: the rows first, all at once and with a note that is kept until every file, backup and byte
    is gone and the receipt is written; nothing is swept before."""
    wrong = _together(before.rows, after.rows, found.rows)
    files, backups = found.files, found.backups
    if found.rows == before.rows and before.rows != after.rows:
        if found.unfinished:
            wrong.append("a deletion is noted, but no row has gone")
        if files != before.files or backups != before.backups:
            wrong.append("files or backups were swept, but no row has gone")
    elif found.unfinished:
        wrong += _kept(before, after, found, dropped=True)
    else:
        if files != after.files:
            wrong.append("rows have gone and nothing is noted, but files were not swept or there is no receipt")
        if any(rows != after.backups.get(name) for name, rows in backups.items()):
            wrong.append("rows have gone and nothing is noted, but a backup has them")
    return wrong


def restoring(before: State, after: State, found: State) -> list[str]:
    """`restore`: the database is one of the two, and what stood there is kept once it is replaced."""
    wrong = _together(before.rows, after.rows, found.rows)
    others = {name: rows for name, rows in before.backups.items() if name != "replaced"}
    if {name: rows for name, rows in found.backups.items() if name != "replaced"} != others:
        wrong.append("another backup than the replaced one changed")
    kept = found.backups.get("replaced")
    if found.rows == before.rows != after.rows:
        fine = kept in (None, before.backups.get("replaced"), after.backups["replaced"])
    else:
        fine = kept == after.backups["replaced"]
    return wrong if fine else [*wrong, "what stood in the database's place is not kept"]


def encrypting(before: State, after: State, found: State) -> list[str]:
    """`encrypt`: the same rows in one of the two forms; backups in the old form go."""
    wrong = _together(before.rows, before.rows, found.rows)
    return wrong + _kept(before, after, found, dropped=True)


def _together(before: Rows, after: Rows, found: Rows) -> list[str]:
    """Every table as before, or every table as after."""
    old, new, wrong = [], [], []
    for name in sorted(before.keys() | after.keys() | found.keys()):
        rows, was, becomes = found.get(name), before.get(name), after.get(name)
        if rows not in (was, becomes):
            wrong.append(f"table {name} is neither as before nor as after")
        elif was != becomes:
            (old if rows == was else new).append(name)
    if old and new:
        wrong.append(f"{', '.join(new)} as after, but {', '.join(old)} as before")
    return wrong


def _kept(before: State, after: State, found: State, *, dropped: bool = False) -> list[str]:
    """Each backup as before or as after; dropped: it may also be gone."""
    wrong = []
    for name in sorted(before.backups.keys() | after.backups.keys() | found.backups.keys()):
        fine = [before.backups.get(name), after.backups.get(name), *([None] if dropped else [])]
        if found.backups.get(name) not in fine:
            wrong.append(f"backup {name} is neither as before nor as after")
    return wrong


def _line(stage: str, state: State) -> Counter[str]:
    return Counter(row for row in state.rows["runs"] if f'"stage": "{stage}"' in row)


def _new_faults(before: State, after: State, found: State) -> list[str]:
    return [fault for fault in dict.fromkeys(found.faults) if fault not in {*before.faults, *after.faults}]
