"""A policy of faces in a workspace: learned from what was drawn by chance, stored, shown (METHODS section 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.policy import report, rounds, stored
from engine.policy.rows import Plan
from engine.trust import ages
from engine.usecases import policy_rows

if TYPE_CHECKING:
    from engine.policy.stored import Stored
    from engine.workspace import Workspace


def train(
    workspace: Workspace, *, experiments: Sequence[str] = (), costs: Mapping[str, float] | None = None,
    worth: float = 1.0, level: float = 0.05,
) -> Stored:  # fmt: skip
    """Learn a policy and store it as the newest, by which the next run shows faces.

    Args:
        workspace: an opened workspace.
        experiments: to learn from, besides what policies handed out; empty = all that are finished.
        costs: of showing an arm once, in the outcome's worth; arms that are absent cost 0.
        worth: of one unit of the outcome.
        level: 1 - confidence, and at which learning must beat the best single arm.

    Raises:
        InputError: nothing can be learned from, a cost of no arm, or see `engine.policy.learn.train`.
    """
    import polars as pl

    from engine.policy import learn

    config = workspace.config
    seed = config.run.seed
    with workspace.writing("faces policy train") as store:
        found, left_out = policy_rows.gathered(store, experiments, moment=ages.moment(config))
        faces_model = rounds.faces_model(store)
        asked = found[0].asked
        if strange := sorted(set(costs or {}) - set(asked.arms)):
            raise InputError(f"there is no arm {strange[0]!r}.", fix=f"The arms are {', '.join(asked.arms)}.")
        frame = pl.concat([part.rows for part in found], how="diagonal_relaxed")
        plan = Plan(costs=costs or {}, worth=worth, level=level, seed=seed)
        learned = learn.train(frame, asked.arms, plan, faces_model=faces_model, **asked.about())
        known = frame.select(rounds.FEATURES)
        said = {
            "kind": learned.policy.kind,
            "supported": learned.supported,
            "reason": learned.reason,
            "best_single": learned.policy.best,
            **{name: getattr(asked, name) for name in ("metric", "horizon_days")},
            "worth": worth, "costs": dict(costs or {}), "level": level,
            "rounds": [{"name": part.name, "customers": part.rows.height} for part in found],
            "left_out": left_out,
            "values": [line._asdict() for line in learned.table],
            "shares": report.shares(learned.policy, known),
            "moves": report.moves(learned.policy, known, seed),
            "shown": learned.counts,
        }  # fmt: skip
        with store.transaction():
            return stored.write(store, learned.policy, said)


def show(workspace: Workspace, policy_id: str | None = None) -> Stored:
    """A stored policy.

    Args:
        workspace: an opened workspace.
        policy_id: its id, or how that begins; None = the newest.

    Raises:
        InputError: there is none, or none of that id.
    """
    with workspace.warehouse(read_only=True) as store:
        found = stored.newest(store) if policy_id is None else stored.called(store, policy_id)
    if found is None:
        what = "no policy was learned yet" if policy_id is None else f"there is no policy {policy_id!r}"
        raise InputError(f"{what}.", fix="Learn one from a finished experiment: `kindred faces policy train`.")
    return found


def plain(found: Stored) -> dict[str, Any]:
    """A stored policy as one plain object, without its model."""
    return {"policy_id": found.policy_id, "number": found.number, **found.report}
