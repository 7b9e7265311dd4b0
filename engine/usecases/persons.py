"""`kindred persons`: which numbers are one person's, found from the call records or said by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import runner
from engine.errors import InputError
from engine.graph import persons
from engine.progress import SILENT, Progress
from engine.usecases import customers

if TYPE_CHECKING:
    import polars as pl

    from engine.workspace import Workspace


def find(workspace: Workspace, *, likely: float = persons.LIKELY, progress: Progress = SILENT) -> pl.DataFrame:
    """Look for people with several numbers, and keep what was found; what was said by hand stays.

    Args:
        workspace: an opened workspace; the graph is computed first where it is stale.
        likely: score from which two numbers are one person's, 0 to 1.
        progress: where bars are drawn.

    Returns:
        Rows as of `shown`.
    """
    import polars as pl

    runner.run(workspace, until="edges", progress=progress)
    with workspace.writing("persons find") as store:
        links = persons.scored(persons.candidates(store)).filter(pl.col("score") >= likely)
        by_hand = store.read("persons").filter(pl.col("why").is_in(persons.BY_HAND))
        store.write("persons", persons.table(links, by_hand))
    return shown(workspace)


def shown(workspace: Workspace) -> pl.DataFrame:
    """The people with several numbers.

    Returns:
        number, person (the first of its numbers), score (of its likeliest link, null = said by hand), why; pairs split
        by hand have the two numbers as persons of their own, and why `split`.
    """
    import polars as pl

    with workspace.warehouse(read_only=True) as store:
        pairs = store.read("persons")
        names = store.query("graph/person_names")
    split = pairs.filter(pl.col("why") == persons.SPLIT)
    linked = pairs.filter(pl.col("why") != persons.SPLIT)
    person = persons.together(linked, split.select("a", "b").rows())
    ends = pl.concat([linked.select(node=end, score="score", why="why") for end in ("a", "b")])
    best = ends.sort("score", "why", descending=[True, False], nulls_last=False).unique("node", keep="first")
    rows = best.with_columns(person=pl.col("node").replace_strict(person, return_dtype=pl.UInt32))
    alone = pl.concat([split.select(node=end, score="score", why="why", person=end) for end in ("a", "b")])
    rows = pl.concat([rows.select(alone.columns), alone], how="vertical_relaxed")
    rows = rows.join(names.rename({"party_id": "number"}), on="node", how="left")
    rows = rows.join(names.select(person="node", owner="party_id"), on="person", how="left")
    return rows.select("number", "score", "why", person="owner").select("number", "person", "score", "why").sort(
        "person", "number", "why"
    )  # fmt: skip


def say(workspace: Workspace, one: str, other: str, *, same: bool) -> pl.DataFrame:
    """Say by hand that two numbers are one person's, or are not; it holds until the opposite is said.

    Args:
        workspace: an opened workspace.
        one: a number, as imported or as in the workspace.
        other: the other.
        same: whether they are one person's.

    Returns:
        Rows as of `shown`.

    Raises:
        InputError: nobody is named so, or both are the same number.
    """
    import polars as pl

    with workspace.writing("persons join" if same else "persons split") as store:
        a, b = sorted(customers.find(store, workspace, who)["node"] for who in (one, other))
        if a == b:
            raise InputError("both are the same number.", fix="Give two numbers.")
        known = store.read("persons").filter((pl.col("a") != a) | (pl.col("b") != b))
        said = {"a": [a], "b": [b], "score": [None], "why": [persons.JOINED if same else persons.SPLIT]}
        by_hand = known.filter(pl.col("why").is_in(persons.BY_HAND))
        by_hand = pl.concat([by_hand, pl.DataFrame(said, schema=known.schema)])
        links = known.filter(pl.col("why").is_in([persons.SAME_HANDSET, persons.FOLLOWED]))
        store.write("persons", persons.table(links, by_hand))
    return shown(workspace)
