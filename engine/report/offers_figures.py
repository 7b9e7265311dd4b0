"""Figures of the offers report (METHODS section 5): do the offers persuade, whom, and what is choosing worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.rates import wilson
from engine.report.book import OTHERS, bin_name, wordy
from engine.trust.ages import ADULT

if TYPE_CHECKING:
    import polars as pl

    from engine.report.book import Book

NONE = "no offer"
REASONS = {  # of table `choices`, by kind
    "minor": f"under {ADULT}",
    "age_unknown": "age not known",
    "no_consent": "no consent to offers",
    "no_offers": "there are no offers",
    "none_valid": "no offer is valid on this day",
    "no_model": "no offer has a model",
    "not_open": "no offer is open to them (age, or the make is owned already)",
    "never_tried": "no offer was ever tried on customers like them",
    "used_up": "the budget or the offers' capacities are used where they gain more",
    "not_worth": "no offer is worth its cost",
}
POLICY = "(policy)"
POLICIES = {"everybody": "everybody gets {}", "personalised_half_cost": "personalised, half the cost"}
SMALLEST = 3  # of a segment in a public report, in smallest cells
DRIVERS = 6  # strongest features shown per offer


def fill(
    book: Book,
    *,
    offers: pl.DataFrame,
    metrics: pl.DataFrame,
    choices: pl.DataFrame,
    reasons: pl.DataFrame,
    uplift: pl.DataFrame,
    campaigns: pl.DataFrame,
    gains: pl.DataFrame,
    budget: pl.DataFrame,
    policy: pl.DataFrame,
    test_share: float,
    draws: int,
    seed: int,
) -> None:
    """Everything below `offers`.

    Args:
        book: to fill.
        offers: table `offers`.
        metrics: table `offer_metrics`.
        choices: sql/report/choices.
        reasons: sql/report/choice_reasons.
        uplift: sql/report/uplift_bins.
        campaigns: sql/report/campaigns.
        gains: sql/report/gains.
        budget: sql/report/budget.
        policy: sql/report/policy.
        test_share: share of the past rows the learners were judged on.
        draws: bootstrap draws for the bands.
        seed: of these.
    """
    names = ["offer_id", "manufacturer", "model", "headline", "value", "cost"]
    book.rows("offers.list", offers.select(names).iter_rows(named=True))
    past(book, campaigns)
    sizes: dict[str, int] = {}
    for offer, n in gains.select("offer_id", "n").iter_rows():
        sizes[offer] = sizes.get(offer, 0) + n
    smallest = min(sizes.values(), default=0)
    learners(book, metrics, judged=smallest * test_share)
    book.put("offers.gains", curves(gains, least=book.k if book.public else 1, draws=draws, seed=seed))
    for i, row in enumerate(book.get("offers.gains")):
        size = max(1, round(sizes[row["offer_id"]] * row["share"]))
        book.estimate(f"offers.gains.{i}", row, ("gain", "low", "high", "end"), size)
    given(book, choices, reasons)
    spread(book, uplift)
    policy_values(book, budget, policy)


def learners(book: Book, metrics: pl.DataFrame, *, judged: float) -> None:
    """Every learner's figures with intervals, not only the winner's; and in words whether any beats chance.

    Args:
        book: to fill.
        metrics: table `offer_metrics`.
        judged: customers on whom an offer's learners were judged; too few to a tenth are not shown.
    """
    everything = metrics.sort("offer_id", "kind", "parameter", "learner", "base").to_dicts()
    n = max(1, round(judged))
    judged_policies(book, [row for row in everything if row["offer_id"] == POLICY], n)
    rows = [row for row in everything if row["offer_id"] != POLICY]
    tenths = [row for row in rows if row["kind"] == "uplift_decile"]
    lost = [row for row in rows if row["kind"] == "qini_lost"]
    said = [row for row in rows if row["value"] is None and row["low"] is None]
    apart = {id(row) for row in (*tenths, *lost, *said)}
    others = [row for row in rows if id(row) not in apart]
    book.put("offers.learners", others)
    for i, row in enumerate(others):
        book.estimate(f"offers.learners.{i}", row, ("value", "low", "high"), n)
    texts = dict.fromkeys(row["metric"] for row in said)
    book.put(
        "offers.said",
        [
            {
                "offers": [row["offer_id"] for row in said if row["metric"] == text],
                "text": wordy(text) if book.public else text,
            }
            for text in texts
        ],
    )
    drivers = [
        {
            "offer_id": row["offer_id"],
            "feature": row["parameter"],
            "lost": row["value"],
        }
        for row in lost
        if row["value"] is not None and row["value"] > 0
    ]
    drivers.sort(key=lambda r: (r["offer_id"], -r["lost"], r["feature"]))
    first = [r for i, r in enumerate(drivers) if i < DRIVERS or drivers[i - DRIVERS]["offer_id"] != r["offer_id"]]
    book.put("offers.drivers", first)
    for i, row in enumerate(first):
        book.figure(f"offers.drivers.{i}.lost", row["lost"], row["lost"] / n)
    if n / 10 >= book.k or not book.public:
        parts = [
            {
                "offer_id": row["offer_id"],
                "decile": int(row["parameter"]),
                **{name: row[name] for name in ("value", "low", "high")},
            }
            for row in tenths
        ]
        book.put("offers.deciles", sorted(parts, key=lambda r: (r["offer_id"], r["decile"])))
        for i, row in enumerate(book.get("offers.deciles")):
            book.estimate(f"offers.deciles.{i}", row, ("value", "low", "high"), max(1, n // 10))
    chosen = [r for r in others if r["chosen"] and r["kind"] == "qini" and r["low"] is not None]
    book.put("offers.judged", len(chosen))
    book.put("offers.beats_chance", [r["offer_id"] for r in chosen if r["low"] > 0])
    book.put("offers.like_chance", [r["offer_id"] for r in chosen if r["low"] <= 0])


def judged_policies(book: Book, rows: Sequence[dict[str, Any]], n: int) -> None:
    """What giving offers by each policy was worth on held-out customers, and whether personalising beats the best."""
    weighted = {
        (row["learner"], row["parameter"]): row["value"] for row in rows if row["kind"] == "policy_value_weighted"
    }
    measured = [
        {"policy": _policy(row), **{name: row[name] for name in ("value", "low", "high")},
         "weighted": weighted.get((row["learner"], row["parameter"]))}
        for row in rows
        if row["kind"] == "policy_value"
    ]  # fmt: skip
    book.put("offers.measured", sorted(measured, key=lambda r: (-(r["value"] or 0), r["policy"])))
    for i, row in enumerate(book.get("offers.measured")):
        book.estimate(f"offers.measured.{i}", row, ("value", "low", "high", "weighted"), n)
    said = [row["metric"] for row in rows if row["value"] is None]
    book.put("offers.policy_said", [wordy(text) for text in said] if book.public else said)
    for row in rows:
        if row["kind"] == "policy_gain":
            book.put("offers.beats", {"best": _policy(row)})
            book.estimate("offers.beats", row, ("value", "low", "high"), n)
        elif row["kind"] in ("propensity_estimated", "propensity_given") and not book.public:
            book.put("offers.propensity", {"what": row["metric"], "value": row["value"]})


def _policy(row: dict[str, Any]) -> str:
    """A rule that gives offers, in words."""
    return POLICIES.get(row["learner"], row["learner"]).format(row["parameter"])


def past(book: Book, campaigns: pl.DataFrame) -> None:
    """What happened in past campaigns, per offer and control, with the plain difference in acceptance."""
    rows = campaigns.to_dicts()
    control = {r["campaign_id"]: (i, r) for i, r in enumerate(rows) if not r["offer_id"]}
    book.rows(
        "offers.campaigns",
        ({"campaign_id": r["campaign_id"], "offer_id": r["offer_id"] or NONE} for r in rows),
    )
    for i, row in enumerate(rows):
        path = f"offers.campaigns.{i}"
        # Those whose answer is known: how many are not is no figure of the report.
        book.people(f"{path}.customers", row["known"])
        book.people(f"{path}.accepted", row["accepted"])
        book.people(f"{path}.refused", row["known"] - row["accepted"])
        book.total(f"{path}.customers", [f"{path}.accepted", f"{path}.refused"])
        cells = [f"{path}.accepted", f"{path}.refused"]
        book.computed(f"{path}.rate", cells, lambda a, b: a / (a + b) if a + b else None)
        where, other = control.get(row["campaign_id"], (None, None))
        if row["offer_id"] and other and row["known"] and other["known"]:
            cells += [f"offers.campaigns.{where}.accepted", f"offers.campaigns.{where}.refused"]
            for name in ("difference", "low", "high"):
                book.computed(f"{path}.{name}", cells, lambda *found, name=name: _difference(*found)[name])
        else:
            for name in ("difference", "low", "high"):
                book.put(f"{path}.{name}", None)


def curves(gains: pl.DataFrame, *, least: int, draws: int, seed: int) -> list[dict[str, Any]]:
    """Cumulative gain: extra acceptances per customer when only the best so many percent get the offer.

    At a share x of the customers, ordered by predicted uplift: (rate among the given - rate among the control) · x
    over those of the first x (Gutierrez and Gérardy 2017). Bands by redrawing the fiftieths' counts (multinomial),
    which is the bootstrap of rows.

    Args:
        gains: sql/report/gains.
        least: a point needs so many customers given and control.
        draws: bootstrap draws.
        seed: of these.

    Returns:
        offer_id, share, gain, low, high, end (the gain when everybody gets it: the straight line to there is what
        giving it at random yields).
    """
    import numpy as np

    rows = []
    for offer in sorted(set(gains["offer_id"])):
        mine = gains.filter(gains["offer_id"] == offer)
        # Cells: tile x (given, control) x (accepted, not).
        cells = np.zeros((50, 2, 2), dtype=np.int64)
        for _, tile, treated, n, accepted in mine.iter_rows():
            cells[tile - 1, 0 if treated else 1] = (accepted, n - accepted)
        total = int(cells.sum())
        rng = np.random.default_rng(seed)
        drawn = rng.multinomial(total, cells.ravel() / total, size=draws).reshape(draws, 50, 2, 2)
        curve, size = _gain(cells[None])
        bands, _ = _gain(drawn)
        end = curve[0, -1]
        for tile in range(4, 50, 5):
            if size[0, tile].min() < least:
                continue
            share = (tile + 1) / 50
            low, high = np.nanquantile(bands[:, tile], [0.025, 0.975])
            point = {"gain": float(curve[0, tile]), "low": float(low), "high": float(high)}
            rows.append({"offer_id": offer, "share": share, **point, "end": float(end)})
    return rows


def spread(book: Book, uplift: pl.DataFrame) -> None:
    """Predicted uplift per offer: the customers in bins of a hundredth, joined until none is small."""
    rows = []
    for offer in sorted(set(uplift["offer_id"])):
        mine = uplift.filter(uplift["offer_id"] == offer).sort("bin")
        bins = [{"low": b / 100, "high": (b + 1) / 100, "n": n} for b, n in mine.select("bin", "n").iter_rows()]
        rows += [{"offer_id": offer, **piece} for piece in book.bins(f"uplift|{offer}", bins)]
    book.rows("offers.uplift", rows, ["n"], names=lambda row: bin_name(f"uplift|{row['offer_id']}", row))
    everyone = book.get("offers.customers")
    for offer in sorted({row["offer_id"] for row in rows}) if everyone else ():
        parts = [f"offers.uplift.{i}.n" for i, row in enumerate(rows) if row["offer_id"] == offer]
        rest = everyone - sum(book.get(p) for p in parts)
        if rest > 0:
            book.rest(f"offers.unscored.{offer}", rest)
            parts.append(f"offers.unscored.{offer}")
        if rest >= 0:
            book.total("offers.customers", parts)


def given(book: Book, choices: pl.DataFrame, reasons: pl.DataFrame) -> None:
    """Who gets what, in all and by residence and age band; why some get nothing."""
    offers = sorted(set(choices["offer_id"]) - {""})
    columns = [*offers, ""]
    book.put("offers.columns", [*offers, NONE])
    place = {offer: j for j, offer in enumerate(columns)}
    everyone = [0] * len(columns)
    for offer, n in choices.filter(choices["segment_by"] == "").select("offer_id", "n").iter_rows():
        everyone[place[offer]] = n
    if not sum(everyone):
        return
    book.people("offers.customers", sum(everyone))
    book.put("offers.given", [{"offer_id": offer or NONE} for offer in columns])
    for j, n in enumerate(everyone):
        book.people(f"offers.given.{j}.n", n)
        book.share(f"offers.given.{j}.share", f"offers.given.{j}.n", "offers.customers")
    book.total("offers.customers", [f"offers.given.{j}.n" for j in range(len(columns))])
    for by in ("residence", "age_band"):
        part = choices.filter(choices["segment_by"] == by)
        names = sorted(set(part["segment"]))
        base = f"offers.by_{by}"
        cells = {name: [0] * len(columns) for name in names}
        for _, name, offer, n in part.iter_rows():
            cells[name][place[offer]] = n
        cells = _whole_segments(book, by, cells) if book.public else cells
        names = list(cells)
        book.put(base, [{"segment": name, "cells": list(cells[name])} for name in names])
        for i, name in enumerate(names):
            for j, n in enumerate(cells[name]):
                book.people(f"{base}.{i}.cells.{j}", n)
            book.people(f"{base}.{i}.customers", sum(cells[name]))
            book.total(f"{base}.{i}.customers", [f"{base}.{i}.cells.{j}" for j in range(len(columns))])
        for j in range(len(columns)):
            book.total(f"offers.given.{j}.n", [f"{base}.{i}.cells.{j}" for i in range(len(names))])
        book.total("offers.customers", [f"{base}.{i}.customers" for i in range(len(names))])
    rows = [{"reason": REASONS.get(kind, "not known"), "n": n} for kind, n in reasons.iter_rows()]
    shown = [row for row in rows if book.large(f"reason|{row['reason']}", row["n"])]
    if rest := sum(row["n"] for row in rows) - sum(row["n"] for row in shown):
        shown.append({"reason": "other reasons", "n": rest})
    book.rows("offers.reasons", shown, ["n"], names=lambda row: f"reason|{row['reason']}")
    if shown:
        book.total(f"offers.given.{len(columns) - 1}.n", [f"offers.reasons.{i}.n" for i in range(len(shown))])


def _whole_segments(book: Book, by: str, cells: dict[str, list[int]]) -> dict[str, list[int]]:
    """Segments large enough for a public report, by their size; the others stand together."""
    small = [name for name, row in cells.items() if not book.large(f"given|{by}|{name}", sum(row) // SMALLEST)]
    kept = {name: row for name, row in cells.items() if name not in small}
    if small:
        kept[OTHERS] = [sum(column) for column in zip(*(cells[name] for name in small), strict=True)]
    return kept


def policy_values(book: Book, budget: pl.DataFrame, policy: pl.DataFrame) -> None:
    """Expected value as the budget grows, and of the chosen policy against each single offer for all."""
    rows, offers, cost, value = [], 0, 0.0, 0.0
    for tile, n, spent, gained in budget.iter_rows():
        offers, cost, value = offers + n, cost + spent, value + gained
        if (offers >= book.k or not book.public) and (tile % 5 == 0 or tile == budget.height):
            rows.append({"offers": offers, "cost": cost, "value": value})
    points = _spaced(book, rows) if book.public else rows
    book.put("offers.budget", points)
    for i, point in enumerate(points):
        book.people(f"offers.budget.{i}.offers", point["offers"])
        for name in ("cost", "value"):
            book.figure(f"offers.budget.{i}.{name}", point[name], 2 * abs(point[name]) / point["offers"])
    made = [f"offers.given.{j}.n" for j in range(len(book.get("offers.given") or []) - 1)]
    if points and made:
        # The last point makes all offers: their number is the sum of the offers given.
        book.total(f"offers.budget.{len(points) - 1}.offers", made)
    found = [row for row in policy.iter_rows(named=True) if row["n"] >= book.k or (row["n"] and not book.public)]
    rows = [*found, {"rule": "nobody", "offer_id": "", "value": 0.0, "n": 1}]
    for row in rows:
        row["policy"] = f"all: {row['offer_id']}" if row["rule"] == "all" else row["rule"]
    rows.sort(key=lambda r: (-r["value"], r["policy"]))
    book.put("offers.policy", [{"policy": r["policy"], "value": r["value"]} for r in rows])
    best: dict[str, tuple[float, float, str] | None] = {
        "offers.chosen_value": None, "offers.best_single_value": None,
    }  # fmt: skip
    for i, row in enumerate(rows):
        one = 2 * abs(row["value"]) / row["n"]
        book.figure(f"offers.policy.{i}.value", row["value"], one)
        path = {"chosen": "offers.chosen_value", "all": "offers.best_single_value"}.get(row["rule"], "")
        if path in best and best[path] is None:
            best[path] = row["value"], one, f"offers.policy.{i}.value"
    for path, named in best.items():
        book.put(path, None)
        if named is not None:
            value, one, name = named
            book.figure(path, value, one, name=name)


def _spaced(book: Book, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Points between which enough offers lie; the last one is always there."""
    kept: list[dict[str, Any]] = []
    for place, row in reversed(list(enumerate(rows))):
        if not kept or book.large(f"budget|{place}", kept[-1]["offers"] - row["offers"]):
            kept.append(row)
    return kept[::-1]


def _difference(a: int, x: int, b: int, y: int) -> dict[str, float | None]:
    """Difference of two shares, of those who accepted (a, b) and refused (x, y), with its 95 % interval (Newcombe
    1998, method 10: from the Wilson intervals)."""
    n, m = a + x, b + y
    if not n or not m:
        return {"difference": None, "low": None, "high": None}
    p, q = a / n, b / m
    (p_low, p_high), (q_low, q_high) = wilson(a, n), wilson(b, m)
    low = p - q - ((p - p_low) ** 2 + (q_high - q) ** 2) ** 0.5
    high = p - q + ((p_high - p) ** 2 + (q - q_low) ** 2) ** 0.5
    return {"difference": p - q, "low": low, "high": high}


def _gain(cells: Any) -> tuple[Any, Any]:
    """Gain curve [draws, 50] and customers given and control so far [draws, 50, 2] from cells [draws, 50, 2, 2]."""
    import numpy as np

    so_far = cells.cumsum(axis=1).astype(float)
    size = so_far.sum(axis=3)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = so_far[..., 0] / size
    share = size.sum(axis=2) / size[:, -1].sum(axis=1)[:, None]
    return (rate[..., 0] - rate[..., 1]) * share, size
