"""What a policy of faces can learn from: finished experiments, and deliveries whose faces were drawn at random."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.experiment import outcomes as events
from engine.experiment import register
from engine.experiment.decision import LOWER
from engine.experiment.plan import RATIO, Plan
from engine.policy import rounds, stored
from engine.trust import ages

if TYPE_CHECKING:
    import polars as pl

    from engine.warehouse import Warehouse
    from engine.workspace import Workspace

ANEW = "Start a new experiment: `kindred experiment design`, then `assign`."


@dataclass(frozen=True)
class Asked:
    """How the outcome of a round is counted; rounds that differ in it are not learned from together.

    Args:
        arms: that were drawn, sorted.
        metric: name of the outcome.
        kind: how a customer's outcomes become one number (see `engine.experiment.plan.Plan`).
        direction: which way is better.
        horizon_days: so long outcomes count.
    """

    arms: tuple[str, ...]
    metric: str
    kind: str
    direction: str
    horizon_days: int

    def counting(self) -> dict[str, Any]:
        """All but the arms."""
        return {name: getattr(self, name) for name in ("metric", "kind", "direction", "horizon_days")}

    def about(self) -> dict[str, str]:
        """As a policy notes it."""
        return {name: str(value) for name, value in self.counting().items()}


@dataclass(frozen=True)
class Round:
    """What was shown to whom, with which chance, and the outcomes.

    Args:
        name: of the experiment, or id of the policy.
        asked: how the outcome is counted.
        began: first day.
        rows: see `engine.policy.rows.read`, with `rounds.FEATURES`.
    """

    name: str
    asked: Asked
    began: datetime
    rows: pl.DataFrame


def keep_known(workspace: Workspace, store: Warehouse, name: str, assigned: pl.DataFrame, *, anew: bool) -> None:
    """Keep what is known of people when they are assigned, before anybody has seen anything.

    Args:
        workspace: whose settings count.
        store: its database, inside a transaction.
        name: of the experiment.
        assigned: customer_id, assigned_at of those who came.
        anew: everybody is drawn anew.
    """
    config = workspace.config
    if anew:
        store.execute("policy/forget_round", round=name)
    known = rounds.traits(store, config.graph.definition, ages.moment(config).date())
    rows = assigned.select("customer_id", at="assigned_at").join(known, on="customer_id", how="left")
    rounds.keep(store, name, rows)


def gathered(store: Warehouse, wanted: Sequence[str], *, moment: datetime) -> tuple[list[Round], dict[str, str]]:
    """Rounds to learn from together, the newest first, and why each other one is left out.

    Args:
        store: the workspace's database.
        wanted: names of experiments; empty = all that can be used.
        moment: now.

    Raises:
        InputError: an experiment that is asked for cannot be used, or none can.
    """
    plans = store.query("experiment/experiments")["experiment_id"].to_list()
    if unknown := [name for name in wanted if name not in plans]:
        raise InputError(f"there is no experiment {unknown[0]!r}.", fix=f"There are {', '.join(plans) or 'none'}.")
    found: list[Round] = []
    failed: dict[str, InputError] = {}
    for name in plans:
        if wanted and name not in wanted:
            continue
        try:
            found.append(experiment(store, name, moment=moment))
        except InputError as error:
            if wanted:
                raise
            failed[name] = error
    for name in store.query("policy/rounds")["round"]:
        if name not in plans:
            try:
                found.append(handed_out(store, name, moment=moment))
            except InputError as error:
                failed[name] = error
    left_out = {name: error.message.rstrip(".") for name, error in failed.items()}
    if not found:
        whys = "; ".join(left_out.values()) or "there is none"
        fix = next((error.fix for error in failed.values()), ANEW)
        raise InputError(f"no experiment can be learned from: {whys}.", fix=fix)
    found.sort(key=lambda r: (r.began, r.name), reverse=True)
    asked = found[0].asked
    for other in found[1:]:
        if other.asked != asked:
            left_out[other.name] = f"{other.name!r} does not go together with {found[0].name!r}: " + _difference(
                other.asked, asked
            )
    if wanted and (odd := [name for name in wanted if name in left_out]):
        raise InputError(f"{left_out[odd[0]]}.", fix="Learn from experiments with equal arms and outcomes.")
    return [r for r in found if r.asked == asked], left_out


def experiment(store: Warehouse, name: str, *, moment: datetime) -> Round:
    """An experiment's customers as assigned.

    Raises:
        InputError: nobody is assigned, it is not finished, nothing came back, or nobody kept what was known then.
    """
    import polars as pl

    plan = register.plan_of(store, name)
    people = store.query("experiment/assigned", experiment_id=name)
    if not people.height:
        raise InputError(f"nobody is assigned in {name!r}.", fix=f"Run `kindred experiment assign {name}`.")
    register.check_drawn(store, name, plan, people)
    if plan.kind == RATIO:
        raise InputError(
            f"{name!r} measures a ratio, which single customers do not have.",
            fix="Plan an outcome of kind any, count or sum.",
        )
    asked = Asked(tuple(sorted(plan.arms)), plan.metric, plan.kind, plan.direction, plan.horizon_days)
    drawn = people.drop("version").with_columns(
        propensity=pl.col("arm").replace_strict(plan.arms, return_dtype=pl.Float64)
    )
    return _round(store, name, asked, drawn, moment=moment)


def handed_out(store: Warehouse, name: str, *, moment: datetime) -> Round:
    """Who was shown an arm by a policy that explores; those to whom every arm of it could be shown, and who are over.

    Raises:
        InputError: see `drawn_and_over`; or nothing came back.
    """
    asked, drawn = drawn_and_over(store, name, moment=moment)
    return _round(store, name, asked, drawn, moment=moment)


def drawn_and_over(store: Warehouse, name: str, *, moment: datetime) -> tuple[Asked, pl.DataFrame]:
    """How outcomes of a policy's delivery count, and who counts: customer_id, arm, assigned_at, propensity.

    Raises:
        InputError: the policy is gone, nothing was drawn, nobody's days are over, or nobody could be shown every arm.
    """
    import polars as pl

    known = stored.called(store, name)
    if known is None:
        raise InputError(f"there is no policy {name!r}.", fix="Give the id that `kindred run` names.")
    policy = known.policy()
    asked = asked_by(policy.about, policy.arms)
    rows = store.query("policy/round", round=name).rename({"at": "assigned_at"})
    drawn = rows.filter(pl.col("propensity").is_not_null())
    if not drawn.height:
        raise InputError(
            f"no face that {name!r} showed was drawn at random.",
            fix="Set faces.explore above 0, `kindred run`, and deliver again.",
        )
    done = drawn.filter(pl.col("assigned_at") + pl.duration(days=asked.horizon_days) <= moment)
    if not done.height:
        raise not_finished(name, drawn["assigned_at"].min() + timedelta(days=asked.horizon_days))
    full = done.filter((pl.col("arms") == len(asked.arms)) & (pl.col("propensity") < 1))
    if not full.height:
        raise InputError(
            f"of customers whose days are over, {name!r} could show all arms to none.",
            fix="Learn from an experiment.",
        )
    return asked, full.select("customer_id", "arm", "assigned_at", "propensity")


def plan_and_people(store: Warehouse, name: str) -> tuple[Plan, pl.Series]:
    """How outcomes of an experiment, or of a policy that handed something out, come in, and of whom.

    Raises:
        InputError: there is neither.
    """
    known = stored.called(store, name)
    if known is None or name in store.query("experiment/experiments")["experiment_id"]:
        return register.plan_of(store, name), store.query("experiment/assigned", experiment_id=name)["customer_id"]
    policy = known.policy()
    asked = asked_by(policy.about, policy.arms)
    plan = Plan(name, arms=dict.fromkeys(asked.arms, 1 / len(asked.arms)), salt=name, **asked.counting())
    return plan, store.query("policy/round", round=name)["customer_id"]


def asked_by(about: Mapping[str, str], arms: Sequence[str]) -> Asked:
    """What a policy was learned for, from what it notes of itself."""
    said = (about["metric"], about["kind"], about["direction"], int(about["horizon_days"]))
    return Asked(tuple(sorted(arms)), *said)


def not_finished(name: str, end: datetime) -> InputError:
    """The error that says when a round is over."""
    return InputError(f"{name!r} is not finished: its days are over on {end:%Y-%m-%d}.", fix="Wait until then.")


def _round(store: Warehouse, name: str, asked: Asked, drawn: pl.DataFrame, *, moment: datetime) -> Round:
    """drawn: customer_id, arm, assigned_at, propensity and cluster_id where clusters were."""
    import polars as pl

    seen = store.query("experiment/exposures", experiment_id=name)
    came = store.query("experiment/outcomes", experiment_id=name, metric=asked.metric)
    last = max((at for part in (seen, came) for at in [part["at"].max()] if at is not None), default=moment)
    end = drawn["assigned_at"].max() + timedelta(days=asked.horizon_days)
    # An outcome on the last day tells as much as a clock that is past it.
    if max(moment, last + timedelta(days=1)) < end:
        raise not_finished(name, end)
    if not came.height:
        raise InputError(f"no outcome of {name!r} came back.", fix=f"`kindred learn {name} --outcomes FILE`.")
    known = store.query("policy/round", round=name)
    if not known.height:
        raise InputError(
            f"what was known of customers in {name!r} is not kept: an older Kindred assigned them, or it was purged.",
            fix=ANEW,
        )
    faces_model = rounds.faces_model(store)
    if other := next((m for m in known["faces_model"].unique().sort() if m != faces_model), None):
        raise InputError(
            f"{name!r} was drawn with another model of faces ({other}; here is {faces_model}).",
            fix=f"Set the faces' settings back. Or: {ANEW}",
        )
    table = events.tidy(drawn, seen, came, horizon_days=asked.horizon_days, kind=asked.kind).customers
    better = -pl.col("value") if asked.direction == LOWER else pl.col("value")
    rows = (
        table.select("customer_id", "arm", *_in(table, "cluster_id"), outcome=better)
        .join(drawn.select("customer_id", "propensity"), on="customer_id")
        .join(known.select("customer_id", *rounds.FEATURES), on="customer_id")
        .with_columns(source=pl.lit(name))
        .sort("customer_id")
    )
    return Round(name, asked, drawn["assigned_at"].min(), rows)


def _in(frame: pl.DataFrame, *names: str) -> Iterator[str]:
    return (name for name in names if name in frame.columns)


def _difference(one: Asked, other: Asked) -> str:
    """In what two questions differ, in words."""
    parts = ((n.replace("_", " "), getattr(one, n), getattr(other, n)) for n in Asked.__dataclass_fields__)
    shown = ((n, *(", ".join(v) if isinstance(v, tuple) else v for v in two)) for n, *two in parts)
    return "; ".join(f"{n} {a} and not {b}" for n, a, b in shown if a != b)
