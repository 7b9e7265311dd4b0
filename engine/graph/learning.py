"""Influence learned from acts: whose act raises whose chance to act, and whether later acts confirm it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.graph import conditional, prediction, ranking
from engine.graph.conditional import Sets
from engine.graph.pairs import NAMES, Pairs, meaning
from engine.graph.risk import Acts, Exposed, exposed
from engine.tables import check, empty

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import polars as pl

FEWEST = 50  # cases that tell something, in either part of the history: fewer decide nothing
LEVEL = 0.01  # of the test against likeness alone
_SIGMAS = 1.959963984540054  # of a 95 % interval
_STRENGTH = ("contact", "tie_share")  # what `strongest` stands on
RIDGE = 10.0  # per feature on the scale of its standard deviation: log-odds beyond .6 need evidence
_FARTHEST = 5.0  # standard deviations: what is farther out than anything seen decides no more than this
_TELLS = 2.5758293035489004  # standard errors from 0 from which on a feature is kept: 1 %
_INTERVAL = ("value", "low", "high")
_SHUFFLES = 1000


@dataclass(frozen=True)
class View:
    """The graph as of a day, with everything known about its people on that day.

    Args:
        pairs: features of the contacts.
        acts: everybody's acts, also later ones; days are numbers that both views share.
        cell: int64[n], each customer's stratum, -1 for who is no customer.
        unit: int64[n], what errors are clustered by: the circle of friends.
    """

    pairs: Pairs
    acts: Acts
    cell: np.ndarray
    unit: np.ndarray


@dataclass(frozen=True)
class Model:
    """How much each feature of a contact who acts adds to one's log-odds to act.

    Args:
        mean, deviation: float64[p], of the features, in the order of `NAMES`.
        coefficients: float64[p], log-odds per standard deviation; of `contact`, of an average contact.
        error: float64[p], standard errors, robust within circles.
    """

    mean: np.ndarray
    deviation: np.ndarray
    coefficients: np.ndarray
    error: np.ndarray

    def scaled(self, features: np.ndarray, mean: np.ndarray | None = None) -> np.ndarray:
        """Features as multiples of their standard deviation from the mean, bounded; 0 where unknown.

        Args:
            features: float64[k, p].
            mean: float64[p], of the graph that they are of; None = the model's.
        """
        import numpy as np

        away = (features - (self.mean if mean is None else mean)) / self.deviation
        return np.clip(np.nan_to_num(away, nan=0.0), -_FARTHEST, _FARTHEST)

    def scores(self, pairs: Pairs) -> np.ndarray:
        """float64[2t]: by how much i's odds are multiplied if the contact acts; 0 in the rows of who is no customer."""
        import numpy as np

        score = np.zeros(len(pairs.network.contacts.indices))
        for entries in pairs.chunks():
            score[entries] = np.exp(np.clip(self.scaled(pairs.matrix(entries)) @ self.coefficients, -30, 30))
        return score


@dataclass(frozen=True)
class Verdict:
    """Whether learned influence is to be used, and why.

    Args:
        definition: learned or strongest.
        reason: no_acts, too_few, too_large, no_influence, not_better or better.
        cases: acts that tell something, in the part that was fitted and in the part that judged.
        p_value: of the shuffles of the judging part within strata, null = was not asked.
        gain: held-out log-likelihood per case of learned influence less that of the strength of ties, low and high.
        better: log-odds of learned's top contact less those of the strongest, low and high: null = was not asked.
        lifts: per definition odds ratio, low, high and held-out log-likelihood per case.
    """

    definition: str
    reason: str
    cases: tuple[int, int] = (0, 0)
    p_value: float | None = None
    gain: tuple[float, float, float] | None = None
    better: tuple[float, float, float] | None = None
    lifts: tuple[dict[str, float | str], ...] = ()


def learn(
    before: View, after: View, days: tuple[int, int, int], *, window: int, seed: int
) -> tuple[Model | None, Verdict]:
    """Fit on the acts of the first days, judge on those after, and fit once more on both.

    Args:
        before: as of the first day.
        after: as of the day from which acts judge.
        days: first day, first day that judges, first day not counted.
        window: days for which a contact's act counts.
        seed: of everything random.

    Returns:
        The model of all acts (None where there are too few), and how the earlier acts' model did on the later ones.
    """

    fitted = exposed(before.acts, before.pairs.network.contacts, before.cell, before.unit, days[:2],
                     window=window, seed=seed)  # fmt: skip
    judged = exposed(after.acts, after.pairs.network.contacts, after.cell, after.unit, days[1:],
                     window=window, seed=seed + 1)  # fmt: skip
    cases = (len(fitted.sets.size), len(judged.sets.size))
    if min(cases) < FEWEST:
        return None, Verdict("strongest", "too_few", cases)
    # By the later graph's deviations: how often contacts followed somebody is known of few people at first. By each
    # graph's own means: where the records begin all ties are new, which would count for what every contact's act does.
    mean, deviation = _scale(after.pairs)
    model = _model(mean, deviation, [(before, fitted)])
    plain = _model(mean, deviation, [(before, fitted)], _STRENGTH)
    gain = _gain(model, plain, after, judged)
    verdict = _judge(model, gain, before, fitted, after, judged, cases, seed)
    return _model(mean, deviation, [(before, fitted), (after, judged)]), verdict


def _scale(pairs: Pairs) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each feature over customers' contacts; 0 and 1 of the constant."""
    import numpy as np

    count, total, square = (np.zeros(len(NAMES)) for _ in range(3))
    for entries in pairs.chunks():
        x = pairs.matrix(entries)
        known = ~np.isnan(x)
        x = np.where(known, x, 0.0)
        count, total, square = count + known.sum(0), total + x.sum(0), square + (x**2).sum(0)
    count = np.maximum(count, 1)
    mean = total / count
    deviation = np.sqrt(np.maximum(square / count - mean**2, 0.0))
    deviation[deviation < 1e-9] = np.inf  # what is the same for all counts for nobody
    constant = NAMES.index("contact")
    mean[constant], deviation[constant] = 0.0, 1.0
    return mean, deviation


def _model(
    mean: np.ndarray, deviation: np.ndarray, parts: list[tuple[View, Exposed]], names: Sequence[str] = NAMES
) -> Model:
    """Fit some features, then drop the least significant one by one until each that is left differs from 0 at 1 %."""
    import numpy as np

    blank = Model(mean, deviation, np.zeros(len(NAMES)), np.zeros(len(NAMES)))
    x = np.vstack([p.summed(blank.scaled(view.pairs.matrix(p.entry), _scale(view.pairs)[0])) for view, p in parts])
    sets, kept = _together([part.sets for _, part in parts]), np.array([NAMES.index(name) for name in names])
    constant = NAMES.index("contact")
    while True:
        penalty = np.where(kept == constant, 1e-3, RIDGE)
        found = conditional.fit(sets, x[:, kept], penalty)
        error = np.sqrt(np.diag(found.covariance))
        size = np.abs(found.coefficients)
        tells = np.divide(size, error, out=np.zeros(len(kept)), where=error > 0)
        tells[kept == constant] = np.inf
        if tells.min() >= _TELLS:
            break
        kept = np.delete(kept, tells.argmin())
    coefficients, errors = np.zeros(len(NAMES)), np.zeros(len(NAMES))
    coefficients[kept], errors[kept] = found.coefficients, error
    return Model(mean, deviation, coefficients, errors)


def _together(parts: list[Sets]) -> Sets:
    """Several parts' sets as one; units of different parts are different ones."""
    import numpy as np

    sets, units, rows = 0, 0, []
    unit = []
    for part in parts:
        rows.append(part.row_set + sets)
        unit.append(part.unit + units)
        sets += len(part.size)
        units += int(part.unit.max(initial=-1)) + 1
    size, case = (np.concatenate([getattr(part, name) for part in parts]) for name in ("size", "case"))
    return Sets(size, np.concatenate(unit), np.concatenate(rows), case)


def _exposures(model: Model, view: View, part: Exposed, seed: int) -> dict[str, np.ndarray]:
    """float64[rows] by definition: how far each exposed person's contacts who acted are the ones it names."""
    import numpy as np

    network = view.pairs.network
    rows, customers = len(part.sets.row_set), network.customers()
    score = {"learned": model.scores(view.pairs), "strongest": network.shares(),
             "random": np.random.default_rng(seed).random(len(network.contacts.indices))}  # fmt: skip
    found = {}
    for name, values in score.items():
        top = prediction.RANDOM_DRAWS if name == "random" else 1
        chosen, counts, _ = ranking.select(network.contacts, values, customers, top)
        weight = np.zeros(len(values))
        ranked = np.arange(top)[None, :] < counts[:, None]
        weight[chosen[ranked]] = np.repeat(1.0 / np.maximum(counts, 1), counts)
        found[name] = np.bincount(part.row, weights=weight[part.entry], minlength=rows)
    found["all_contacts"] = np.bincount(part.row, weights=score["strongest"][part.entry], minlength=rows)
    return found


def _gain(model: Model, plain: Model, view: View, judged: Exposed) -> tuple[float, float, float]:
    """Held-out log-likelihood per case of one model less that of another, with its interval over units."""
    import numpy as np

    features = view.pairs.matrix(judged.entry)
    one, other = (
        conditional.log_likelihood(judged.sets, judged.summed(m.scaled(features)), m.coefficients)
        for m in (model, plain)
    )
    n = len(judged.sets.size)
    _, unit = np.unique(judged.sets.unit, return_inverse=True)
    units = int(unit.max()) + 1
    summed = np.bincount(unit, weights=one - other - (one - other).mean(), minlength=units)
    error = float(np.sqrt((summed**2).sum() * units / max(units - 1, 1))) / n
    value = float((one - other).mean())
    return value, value - _SIGMAS * error, value + _SIGMAS * error


def _judge(
    model: Model, gain: tuple[float, float, float], before: View, fitted: Exposed, after: View, judged: Exposed,
    cases: tuple[int, int], seed: int,
) -> Verdict:  # fmt: skip
    import numpy as np

    was, now = _exposures(model, before, fitted, seed), _exposures(model, after, judged, seed)
    free, lifts = np.array([1e-3]), []
    for name in now:
        x = now[name][:, None]
        found = conditional.fit(judged.sets, x, free)
        slope = conditional.fit(fitted.sets, was[name][:, None], free).coefficients
        nothing = conditional.log_likelihood(judged.sets, x, slope * 0)
        value, error = float(found.coefficients[0]), found.error(np.ones(1))
        held_out = float((conditional.log_likelihood(judged.sets, x, slope) - nothing).mean())
        lifts.append({"definition": name, "odds_ratio": np.exp(value), "low": np.exp(value - _SIGMAS * error),
                      "high": np.exp(value + _SIGMAS * error), "held_out": held_out})  # fmt: skip
    both = conditional.fit(judged.sets, np.column_stack([now["learned"], now["strongest"]]), np.full(2, 1e-3))
    contrast = np.array([1.0, -1.0])
    value, error = float(both.coefficients @ contrast), both.error(contrast)
    better = (value, value - _SIGMAS * error, value + _SIGMAS * error)
    p = _shuffled(judged.sets, now["learned"], np.random.default_rng(seed))
    # Where both name the same contacts the difference is 0 but for rounding.
    reason = "better" if gain[1] > 0 and value > 1e-6 else "not_better"
    reason = reason if p <= LEVEL else "no_influence"
    definition = "learned" if reason == "better" else "strongest"
    return Verdict(definition, reason, cases, p, gain, better, tuple(lifts))


def _shuffled(sets: Sets, exposure: np.ndarray, rng: np.random.Generator) -> float:
    """p-value of "cases are more exposed" when the case of each set is drawn: `validate`'s shuffle within strata."""
    import numpy as np

    n = len(sets.size)
    rest = sets.size - np.bincount(sets.row_set, minlength=n)
    # Whoever is not exposed has no row: the case may be one of them.
    hidden = 1 - np.bincount(sets.row_set, weights=sets.case, minlength=n).astype(np.int64)
    stratum = np.r_[sets.row_set, np.repeat(np.arange(n), rest)]
    values = np.r_[np.round(exposure * 2**20) / 2**20, np.zeros(rest.sum())]
    first = np.cumsum(rest) - rest
    outcome = np.zeros(rest.sum(), bool)
    outcome[first[hidden > 0]] = True
    found = prediction.stratified_p(values, np.r_[sets.case, outcome], stratum, permutations=_SHUFFLES, rng=rng)
    return 1.0 if found is None else found


_REASONS = {
    "no_acts": "there are no acts and no changes of handset to learn from (`kindred import acts`)",
    "too_few": "there are too few acts to learn who acts after whom",
    "too_large": "the graph has more edges than warehouse.driver_edges, and learning needs them in one memory",
    "no_influence": "acts of contacts do not predict acts better than the resemblance of friends does",
    "not_better": "the contacts learned from acts did not predict later acts better than the strongest ties",
    "better": "the contacts learned from acts predicted later acts better than the strongest ties",
}
_MEASURES = {"learned": "past acts (definition learned)", "strongest": "the strength of ties (definition strongest)"}


def sentence(verdict: Verdict, asked: str = "auto") -> str:
    """Which definition is used, and why, in words.

    Args:
        verdict: of `learn`.
        asked: auto, or learned: then it is used whatever the verdict.
    """
    why = f"{_MEASURES[verdict.definition]}: {_REASONS[verdict.reason]}"
    if asked == "auto":
        return f"Influence is measured by {why}."
    return f"Influence is measured by {_MEASURES[asked]}, as graph.definition says; auto would use {why}."


def table(model: Model | None, verdict: Verdict, asked: str = "auto") -> pl.DataFrame:
    """Rows of table `learned`; asked: see `sentence`."""
    import polars as pl

    rows: list[dict[str, object]] = [
        {"kind": "choice", "name": verdict.definition, "says": sentence(verdict, asked)},
        {"kind": "reason", "name": verdict.reason, "value": verdict.p_value, "says": _REASONS[verdict.reason]},
        {"kind": "cases", "name": "fitted", "value": verdict.cases[0], "says": "acts that were learned from"},
        {"kind": "cases", "name": "judged", "value": verdict.cases[1], "says": "later acts that tested it"},
    ]
    for kind, found, says in (
        ("gain", verdict.gain, "held-out log-likelihood per act, less that of the strength of ties"),
        (
            "difference",
            verdict.better,
            "log-odds after the first learned contact's act, less after the strongest tie's",
        ),
    ):
        if found:
            rows.append({"kind": kind, "name": "learned", **dict(zip(_INTERVAL, found, strict=True)), "says": says})
    for lift in verdict.lifts:
        name = str(lift["definition"])
        rows.append({"kind": "odds", "name": name, "value": lift["odds_ratio"], "low": lift["low"],
                     "high": lift["high"], "says": "times the odds to act, after that contact acted"})  # fmt: skip
        rows.append({"kind": "held_out", "name": name, "value": lift["held_out"],
                     "says": "held-out log-likelihood per act, less that of no influence"})  # fmt: skip
    rows += _terms(model) if model else []
    return check(pl.DataFrame(rows, schema=empty("learned").schema), "learned")


def _terms(model: Model) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for name, mean, deviation, value, error in zip(
        NAMES, model.mean, model.deviation, model.coefficients, model.error, strict=True
    ):
        low, high = value - _SIGMAS * error, value + _SIGMAS * error
        spread = float(deviation) if deviation < float("inf") else None
        found.append({"kind": "term", "name": name, "value": float(value), "low": float(low), "high": float(high),
                      "mean": float(mean), "deviation": spread,
                      "says": meaning(name, value) if value else "makes no difference"})  # fmt: skip
    return found


def read(rows: pl.DataFrame) -> tuple[Model | None, Verdict]:
    """What `table` wrote, as far as it is needed to score and to choose."""
    import numpy as np
    import polars as pl

    if not rows.height:
        return None, Verdict("strongest", "no_acts")
    choice, reason = (rows.filter(kind=kind)["name"].item() for kind in ("choice", "reason"))
    terms = pl.DataFrame({"name": NAMES}).join(rows.filter(kind="term"), on="name", maintain_order="left")
    verdict = Verdict(choice, reason)
    if terms.height < len(NAMES):
        return None, verdict
    mean, spread, value, high = (terms[c].fill_null(np.inf).to_numpy() for c in ("mean", "deviation", "value", "high"))
    return Model(mean, spread, value, (high - value) / _SIGMAS), verdict
