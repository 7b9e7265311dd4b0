"""The plan of an experiment, fixed before anybody is assigned; a changed plan is a new version, never a silent one."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import InputError, masked
from engine.experiment.assignment import check_arms
from engine.experiment.decision import HIGHER, LOWER
from engine.identifiers import personal

UNITS = ("customer", "cluster")
RATIO = "ratio"
KINDS = ("any", "count", "sum", RATIO)
STRATA = ("residence", "age_band", "influence", "tie_strength", "similarity", "rank")  # known beforehand
DEFAULT_ARMS = {"own_face": 0.4, "influencer_face": 0.4, "random_face": 0.2}


@dataclass(frozen=True)
class Plan:
    """What was decided beforehand.

    Args:
        experiment_id: its name.
        version: from 1; every change is the next one.
        arms: share of each arm, adding up to 1, in the order that assignment lays them end to end.
        unit: what is assigned, customer or cluster.
        metric: primary outcome's name; for kind ratio the names of two, NUMERATOR/DENOMINATOR.
        kind: how a customer's outcome rows become one number: any (0/1), count, sum of values, or ratio (of two sums).
        direction: which way is better, higher or lower.
        guardrails: further metrics that must not get worse.
        horizon_days: outcomes count from assignment until so many days later.
        alpha: 1 - confidence.
        power: of `minimum_effect`.
        minimum_effect: smallest difference that matters; 0 = none named.
        salt: decides who gets which arm.
        cluster_cap: most customers in a cluster, for unit cluster.
        eligible: `column=value` of customers; who has another value stays out; a column may stand several times.
        balance: strata of `STRATA` that re-randomisation evens out over the arms; empty = the first draw counts.
    """

    experiment_id: str
    version: int = 1
    arms: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_ARMS))
    unit: str = "customer"
    metric: str = "conversion"
    kind: str = "any"
    direction: str = HIGHER
    guardrails: tuple[str, ...] = ()
    horizon_days: int = 30
    alpha: float = 0.05
    power: float = 0.8
    minimum_effect: float = 0.0
    salt: str = ""
    cluster_cap: int = 200
    eligible: tuple[str, ...] = ()
    balance: tuple[str, ...] = ()

    def text(self) -> str:
        """The plan as JSON, the same bytes for the same plan; arms keep their order."""
        return json.dumps(dataclasses.asdict(self) | {"arms": dict(self.arms)}, ensure_ascii=False)

    def hash(self) -> str:
        """SHA-256 of `text()`, 64 hex digits."""
        return hashed(self.text())

    def draw(self) -> tuple[object, ...]:
        """What decides who gets which arm, the salt last."""
        cap = self.cluster_cap if self.unit == "cluster" else None
        return list(self.arms.items()), self.unit, cap, self.eligible, self.balance, self.salt

    def metrics(self) -> list[str]:
        """Names that outcomes may come in under: of the metric's one or two parts, then of the guardrails' parts."""
        names = [self.metric, *(guardrail.partition(":")[0] for guardrail in self.guardrails)]
        return list(dict.fromkeys(part for name in names for part in name.split("/")))

    def for_guardrail(self, guardrail: str) -> Plan:
        """This plan with a guardrail (`name` or `name:lower`) as its metric; one with a slash is a ratio."""
        metric, _, direction = guardrail.partition(":")
        kind = RATIO if "/" in metric else "sum" if self.kind == RATIO else self.kind
        return dataclasses.replace(self, metric=metric, kind=kind, direction=direction or HIGHER)


def hashed(text: str) -> str:
    """SHA-256 of a plan's JSON, 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def read(text: str) -> Plan:
    """A plan from its JSON.

    Raises:
        InputError: not a plan's JSON.
    """
    try:
        values = json.loads(text)
        lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        return check(Plan(**values | lists))
    except (TypeError, ValueError, AttributeError) as error:
        raise InputError(f"this is not a plan: {error}.", fix="Design the experiment anew.") from error


def design(experiment_id: str, previous: Plan | None = None, **fields: Any) -> Plan:
    """A new plan, or the next version of one.

    Args:
        experiment_id: its name.
        previous: the plan so far, whose fields hold where `fields` says nothing.
        fields: what is decided now; None = not said.

    Returns:
        `previous` itself when nothing changes; else the next version. Where what decides the draw changes (arms, unit,
        clusters, eligibility, balance) the salt becomes `<name>:<version>`, because people are drawn anew.

    Raises:
        InputError: a field is unknown or out of range, or people would be re-drawn under the old salt.
    """
    known = {f.name for f in dataclasses.fields(Plan)} - {"experiment_id", "version"}
    unknown = sorted(set(fields) - known)
    if unknown:
        raise InputError(f"a plan has no {', '.join(unknown)}.", fix=f"It has {', '.join(sorted(known))}.")
    said = {name: value for name, value in fields.items() if value is not None}
    for name in ("metric", "guardrails", "eligible"):
        texts = said.get(name, ())
        if any(personal(text) for text in ([texts] if isinstance(texts, str) else texts)):
            raise InputError(f"{name} holds a person's number or address.",
                             fix="Name metrics by words, and eligible customers by a column of groups.")  # fmt: skip
    if previous is None:
        return check(Plan(experiment_id, **({"salt": f"{experiment_id}:1"} | said)))
    plan = dataclasses.replace(previous, **said)
    if plan.text() == previous.text():
        return previous
    version = previous.version + 1
    redrawn = plan.draw()[:-1] != previous.draw()[:-1]
    if redrawn and plan.salt == previous.salt:
        if "salt" in said:
            raise InputError("drawing people again needs a new salt.", fix="Leave the salt out, or change it.")
        plan = dataclasses.replace(plan, salt=f"{experiment_id}:{version}")
    return check(dataclasses.replace(plan, version=version))


def check(plan: Plan) -> Plan:
    """The plan itself; raises InputError where a field is out of range."""
    check_arms(plan.arms)
    choices = (("unit", UNITS), ("kind", KINDS), ("direction", (HIGHER, LOWER)))
    for name, allowed in choices:
        if getattr(plan, name) not in allowed:
            raise InputError(f"{name} is {getattr(plan, name)!r}.", fix=f"Use {' or '.join(allowed)}.")
    if not plan.experiment_id or not plan.salt or not plan.metric:
        raise InputError("an experiment needs a name, a salt and a metric.", fix="Give all three.")
    if masked(plan.experiment_id) != plan.experiment_id:
        raise InputError("the experiment's name is a person's number or address.", fix="Give another name.")
    ranges = (("alpha", 0, 0.5), ("power", 0.5, 1), ("horizon_days", 0, 3660), ("cluster_cap", 1, 1e9))
    for name, low, high in ranges:
        if not low < getattr(plan, name) < high:
            raise InputError(f"{name} is {getattr(plan, name)!r}.", fix=f"It lies between {low} and {high:g}.")
    if (plan.kind == RATIO) != (len(plan.metric.split("/")) == 2 and all(plan.metric.split("/"))):
        raise InputError(f"kind {plan.kind} and metric {plan.metric!r} do not go together.",
                         fix="A ratio has the metric NUMERATOR/DENOMINATOR, and only a ratio has.")  # fmt: skip
    for stratum in plan.balance:
        if stratum not in STRATA:
            raise InputError(f"there is no stratum {stratum!r} to balance.", fix=f"Use {', '.join(STRATA)}.")
    for rule in plan.eligible:
        if not all(rule.partition("=")):
            raise InputError(
                f"{rule!r} is not a condition of eligibility.", fix="Write COLUMN=VALUE, a column of customers."
            )
    if not 0 <= plan.minimum_effect < float("inf"):
        raise InputError(f"the minimum effect is {plan.minimum_effect}.", fix="Give its size, 0 or more.")
    return plan
