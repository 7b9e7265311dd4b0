"""What differs between the decisions of two runs, and which inputs and settings caused it (`kindred diff`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import InputError
from engine.runner import freshness, history
from engine.runner.history import Run
from engine.stages import DECIDED, IMPORTED, STAGES, Stage

if TYPE_CHECKING:
    import polars as pl

    from engine.warehouse import Warehouse
    from engine.workspace import Workspace

# What may change, and the stage that decides it.
KINDS = {"influencer": "influencers", "offer": "choices", "face": "face_choices", "ad": "ads"}
UNTOLD = "#"  # in place of somebody who may not be told any more
_CODE = "Kindred itself"
_DECIDED = {
    "plans": "plans of experiments", "assignments": "assignments of experiments", "policies": "policies of faces",
    "settled": "faces chosen by hand", "persons": "numbers joined or split by hand",
}  # fmt: skip


@dataclass(frozen=True)
class Cause:
    """Something that differed between two runs.

    Args:
        what: in words: imports of logs, setting graph.window_days, …
        names: what it consists of, where that says more.
        kinds: what it can have moved, directly or through a stage before.
    """

    what: str
    names: tuple[str, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Changes:
    """What differs between the decisions of two runs.

    Args:
        before: the earlier run.
        after: the later one.
        counts: kind, changed (customers), and of these new (had none), lost (has none now) and other (has another).
        people: numbers of customers in both runs, only in the earlier (gone) and only in the later (new).
        causes: what differed between the runs.
        rows: kind, customer_id, before, after; null = none, # = may not be told any more. Of a face arm and photo, of
            an ad its id and a hash of its files.
    """

    before: Run
    after: Run
    counts: pl.DataFrame
    people: dict[str, int]
    causes: list[Cause]
    rows: pl.DataFrame

    @property
    def stages(self) -> list[str]:
        """Stages that were computed anew between the two."""
        return [
            stage.name for stage in STAGES if self.before.stages.get(stage.name) != self.after.stages.get(stage.name)
        ]

    @property
    def line(self) -> str:
        """How many of each kind changed, and the causes, in one sentence."""
        counts = self.counts.select("kind", "changed").iter_rows()
        changed = ", ".join(f"{n:,} {kind}{'s' * (n != 1)}" for kind, n in counts if n)
        if not changed:
            return f"Since run {self.before.number}: no influencer, offer, face or ad changed."
        why = "; ".join(cause.what for cause in self.causes)
        return f"Since run {self.before.number}: {changed} changed{f' (because of {why})' if why else ''}."


def diff(
    workspace: Workspace,
    before: int | None = None,
    after: int | None = None,
    *,
    kinds: Sequence[str] = (),
    most: int | None = None,
) -> Changes:
    """Compare what two runs decided.

    Args:
        workspace: an opened workspace.
        before: number of a run; None = the one before `after`.
        after: number of another; None = the last one.
        kinds: whose rows are given: influencer, offer, face, ad; none = all.
        most: rows of each kind; None = all.

    Raises:
        InputError: there are no two runs, or none of that number, whose decisions are kept.
    """
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise InputError(f"there is no kind {unknown[0]!r}.", fix=f"The kinds are {', '.join(KINDS)}.")
    with workspace.warehouse(read_only=True) as store:
        one, other = _chosen(history.kept(store), before, after, workspace.config.run.keep)
        return compare(store, one, other, kinds=kinds, most=most)


def last(workspace: Workspace) -> Changes | None:
    """The last run against the one before, without rows; None where no two are kept."""
    with workspace.warehouse(read_only=True) as store:
        runs = history.kept(store)
        return compare(store, runs[-2], runs[-1], most=0) if len(runs) > 1 else None


def compare(
    store: Warehouse, before: Run, after: Run, *, kinds: Sequence[str] = (), most: int | None = None
) -> Changes:
    """What two kept runs decided otherwise; see `diff`."""
    import polars as pl

    numbers = {"before": before.number, "after": after.number}
    store.temp("_changed", "history/changed", **numbers)
    every = pl.DataFrame({"kind": list(KINDS)})
    counts = every.join(store.query("history/counts"), on="kind", how="left", maintain_order="left").fill_null(0)
    rows = store.query("history/rows", kinds=[kind for kind in KINDS if not kinds or kind in kinds], most=most)
    store.drop("_changed")
    people = store.query("history/people", **numbers).row(0, named=True)
    return Changes(before, after, counts, people, _causes(store, before, after), rows)


def _chosen(runs: list[Run], before: int | None, after: int | None, keep: int) -> tuple[Run, Run]:
    known = {run.number: run for run in runs}
    if len(runs) < 2:
        fix = "Run once more: `kindred run`." if keep > 1 else "Set run.keep to 2 or more; later runs are kept then."
        raise InputError("there are no two runs whose decisions are kept.", fix=fix)
    second = runs[-1].number if after is None else after
    first = max((number for number in known if number < second), default=second) if before is None else before
    for number in (first, second):
        if number not in known:
            told = ", ".join(f"{run.number} ({run.finished_at:%Y-%m-%d %H:%M})" for run in runs)
            raise InputError(f"run {number} is not kept.", fix=f"There are {told}; run.keep says how many.")
    if first == second:
        raise InputError(f"run {first} is compared with itself.", fix="Name two runs, or none.")
    return known[min(first, second)], known[max(first, second)]


def _causes(store: Warehouse, before: Run, after: Run) -> list[Cause]:
    """What differed, stage by stage in their order, each thing once."""
    came = dict(store.query("history/came", since=before.imports, until=after.imports).iter_rows())
    lines = dict(store.query_text("SELECT run_id, depends_on FROM runs").iter_rows())
    found: dict[str, tuple[set[str], set[str]]] = {}

    def add(what: str, stage: str, names: Iterable[str] = ()) -> None:
        known = found.setdefault(what, (set(), set()))
        known[0].update(names)
        known[1].update(kind for kind, last in KINDS.items() if stage in _upto(last))

    for stage in STAGES:
        old, new = (lines.get(run.stages.get(stage.name, "")) for run in (before, after))
        told = freshness.changed(stage, old, new)
        for table in told["inputs"]:
            for what in _imports(table, came):
                add(what, stage.name)
        for setting in told["settings"]:
            add(f"setting {setting}", stage.name)
        for file in told["files"]:
            add(f"file of {file}", stage.name)
        if told["code"]:
            add(_CODE, stage.name, told["code"])
    if before.definition != after.definition:
        add("setting graph.definition", KINDS["influencer"])
    return [
        Cause(what, tuple(sorted(names)), tuple(kind for kind in KINDS if kind in kinds))
        for what, (names, kinds) in found.items()
    ]


def _imports(table: str, came: dict[str, str]) -> list[str]:
    """What came between two runs and changes a table that a stage reads, in words."""
    if table in DECIDED:
        return [_DECIDED[table]]
    if table not in IMPORTED:
        return [table]  # in words already: today's date, who may be shown
    words = {"erasure": "a deletion ({})", "undo": "imports taken back"}
    hits = [words.get(target, "imports of {}").format(what) for what, target in came.items()
            if target in (*IMPORTED[table], *words)]  # fmt: skip
    return hits or [f"imports of {' and '.join(IMPORTED[table])}"]


def _upto(name: str) -> set[str]:
    """A stage and those before it whose tables it reads, however far back."""
    written = {table: stage for stage in STAGES for table in stage.writes}
    todo: list[Stage] = [stage for stage in STAGES if stage.name == name]
    found: set[str] = set()
    while todo:
        stage = todo.pop()
        if stage.name not in found:
            found.add(stage.name)
            todo += [written[table] for table in stage.reads if table in written]
    return found
