"""What was computed, when, and what two runs decided otherwise."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engine import runner
from engine.errors import InputError
from engine.figures import word
from engine.report.book import plain
from engine.runner import history
from engine.runner.history import Run
from engine.serve.board import Board, View
from engine.usecases import changes

LATEST = 50  # runs of stages that are listed
MOST = 200  # customers of each kind whose change is listed


def state(board: Board, view: View) -> dict[str, Any]:
    """Stages and the workspace's name, as every page may show them."""

    def ask() -> list[dict[str, Any]]:
        with view.snapshot.lookups.warehouse(read_only=True) as store:
            return runner.status(store, board.workspace.config)

    lines = board.answer(view, "state", ask, draw=True).result()
    stages = [{name: line[name] for name in ("stage", "state", "finished_at")} for line in lines]
    return {"workspace": board.workspace.path.name, "stages": stages,
            "stale": [row["stage"] for row in stages if row["state"] != "fresh"]}  # fmt: skip


def latest(view: View, *, internal: bool) -> list[dict[str, Any]]:
    """The last runs of stages, the newest first."""
    with view.snapshot.lookups.warehouse(read_only=True) as store:
        lines = store.query("serve/runs", limit=LATEST)
    return [_line(line, internal) for line in lines.iter_rows(named=True)]


def _line(line: Mapping[str, Any], internal: bool) -> dict[str, Any]:
    """A run as a row; rows are counts of people, so they are no figure for the public."""
    now, before = (json.loads(line[name] or "{}") for name in ("rows", "rows_before"))
    told = [f"{word(t)} {n:,} ({n - before[t]:+,})" if t in before else f"{word(t)} {n:,}" for t, n in now.items()]
    return plain({
        "stage": line["stage"], "finished_at": line["finished_at"], "status": line["status"],
        "seconds": (line["finished_at"] - line["started_at"]).total_seconds(),
        "rows": ", ".join(told) if internal else None,
    })  # fmt: skip


def kept(view: View) -> list[dict[str, Any]]:
    """Runs that may be compared, the newest first: number, finished_at."""
    with view.snapshot.lookups.warehouse(read_only=True) as store:
        return [_told(run) for run in reversed(history.kept(store))]


def compared(board: Board, view: View, before: int | None, after: int | None) -> dict[str, Any] | None:
    """What two runs decided otherwise, as `kindred diff` has it (see `engine.usecases.changes.Changes`).

    Args:
        board: in public mode what moved it is told, and nothing that counts or names people.
        view: of which snapshot.
        before: number of a run; None = the one before `after`.
        after: number of another; None = the last one.

    Returns:
        before and after (number, finished_at), stages (computed anew between them), causes (what, names, kinds); in
        internal mode counts, people, and for each kind its first rows. None where no two runs are kept.

    Raises:
        InputError: a run that is not kept, or one compared with itself.
    """
    if before is None and after is None and len(kept(view)) < 2:
        return None
    found = board.kept(
        view, ("compared", before, after), lambda: changes.diff(view.snapshot.lookups, before, after, most=MOST)
    )
    told: dict[str, Any] = {
        "before": _told(found.before), "after": _told(found.after), "stages": found.stages,
        "causes": [{"what": cause.what, "names": ", ".join(cause.names), "kinds": ", ".join(map(word, cause.kinds))}
                   for cause in found.causes],
    }  # fmt: skip
    if board.internal:
        rows = found.rows.to_dicts()
        told |= {"counts": found.counts.to_dicts(), "people": found.people}
        told |= {kind: [row for row in rows if row["kind"] == kind] for kind in changes.KINDS}
    return told


def number(text: str) -> int | None:
    """The number of a run in an address; nothing = None.

    Raises:
        InputError: something else than a number.
    """
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise InputError("a run is named by its number.")
    return int(text)


def _told(run: Run) -> dict[str, Any]:
    return {"number": run.number, "finished_at": plain(run.finished_at)}
