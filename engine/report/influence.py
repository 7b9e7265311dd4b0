"""Figures of the influence report: one function per group of figures, each fed by frames reduced in sql/report/."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.report.book import merge_bins

if TYPE_CHECKING:
    import polars as pl

    from engine.report.book import Book

MIX = 6  # manufacturers shown by name in a mix; the rest is "others"
STEPS = (1, 2, 3, 5, 10, 15, 30, 100)  # edges of "how many customers chose one contact"
UPLIFT_BANDS = 5
PEOPLE = ("customers", "optouts", "photos", "consents", "treatments")  # files with a row per person


def coverage(
    book: Book,
    *,
    sources: pl.DataFrame,
    rejects: pl.DataFrame,
    population: Mapping[str, Any],
    traffic: pl.DataFrame,
    span: Mapping[str, Any],
    window_days: int,
) -> None:
    """What came in: rows per kind of file, rejects by reason, people, share on-net, window, traffic per day.

    Args:
        book: to fill, under `coverage`.
        sources: sql/report/sources.
        rejects: sql/report/rejects.
        population: row of sql/report/population.
        traffic: sql/report/traffic.
        span: first_day, last_day, as_of.
        window_days: days of contact that count.
    """
    # What came back from experiments is told there: rows of those files would say how few acted in an arm.
    sources = sources.filter(~sources["target"].is_in(["exposures", "outcomes"]))
    rejects = rejects.filter(~rejects["target"].is_in(["exposures", "outcomes"]))
    book.rows("coverage.sources", sources.iter_rows(named=True))
    columns = ("rows_in", "rows_kept", "rows_duplicate", "rows_rejected")
    for i, target in enumerate(sources["target"]):
        if target in PEOPLE:
            # A row of these files is a person: a short file would say how few opted out.
            for column in columns[:2]:
                book.people(f"coverage.sources.{i}.{column}", sources[column][i])
            for column in columns:
                book.derived(f"coverage.sources.{i}.{column}", [f"coverage.sources.{i}.{c}" for c in columns[:2]])
    book.rows("coverage.rejects", rejects.iter_rows(named=True))
    logs = sources.filter(sources["target"] == "logs")
    for column in columns:
        book.put(f"coverage.{column}", int(logs[column].sum()))
    contacts = int(traffic["calls"].sum() + traffic["texts"].sum())
    book.put("coverage.calls", int(traffic["calls"].sum()))
    book.put("coverage.texts", int(traffic["texts"].sum()))
    book.put("coverage.sessions", int(traffic["sessions"].sum()))
    book.put("coverage.on_net_share", float(traffic["on_net"].sum()) / contacts if contacts else None)
    for name in ("first_day", "last_day", "as_of"):
        book.put(f"coverage.{name}", span[name])
    book.put("coverage.window_days", window_days)
    book.rows("coverage.calendar", traffic.tail(371).drop("on_net").iter_rows(named=True))

    book.people("coverage.parties", population["parties"])
    book.people("coverage.customers", population["customers"])
    # Whoever opted out is no customer any more. That nobody did tells of no one.
    book.put("coverage.opted_out", 0)
    if population["opted_out"]:
        book.people("coverage.opted_out", population["opted_out"])
    listed = sources.filter(sources["target"] == "customers")["rows_kept"].sum()
    if gone := max(0, listed - population["customers"]):
        book.watch("coverage.gone", gone)
        for i, target in enumerate(sources["target"]):
            if target == "customers":
                for column in columns:
                    book.derived(f"coverage.sources.{i}.{column}", ["coverage.gone"])
    book.people("influence.with_contact", population["chosen"])
    book.people("influence.without_contact", population["customers"] - population["chosen"])
    book.total("coverage.customers", ["influence.with_contact", "influence.without_contact"])
    book.people("influence.contacts", population["contacts"])
    few = population["customers"] - population["chosen"] < book.k
    book.put("influence.nearly_all", bool(few and population["chosen"] >= book.k))
    if population["customers"]:
        book.put("influence.coverage_share", population["chosen"] / population["customers"])
        book.derived("influence.coverage_share", ["influence.with_contact"])


def health(
    book: Book,
    *,
    degrees: pl.DataFrame,
    strengths: pl.DataFrame,
    tie_bins: pl.DataFrame,
    gates: pl.DataFrame,
    hubs: pl.DataFrame,
    hub_reasons: pl.DataFrame,
) -> None:
    """Distributions of contacts, strength, reciprocity and overlap; why pairs do not count; hubs left out.

    Args: book (filled under `health`) and the frames of sql/report/ of the same names.
    """
    lows = degrees["low"].to_list()
    highs = [*lows[1:], lows[-1] + 1] if lows else []
    bins = [{"low": a, "high": b, "n": n} for a, b, n in zip(lows, highs, degrees["n"].to_list(), strict=True)]
    book.histogram("health.degree", bins, total="coverage.customers")
    exponents = [e for e in strengths["low"].to_list() if e is not None]
    none = min(exponents, default=0) - 1
    bins = [
        {"low": 0.0 if e is None else 2.0**e, "high": 2.0 ** ((none if e is None else e) + 1), "n": n}
        for e, n in strengths.iter_rows()
    ]
    book.histogram("health.strength", bins, total="coverage.customers")
    for figure in ("reciprocity", "overlap"):
        rows = tie_bins.filter(tie_bins["figure"] == figure).iter_rows(named=True)
        bins = [{"low": r["bin"] / 20, "high": (r["bin"] + 1) / 20, "n": r["n"]} for r in rows]
        book.histogram(f"health.{figure}", bins)
    pairs = int(gates["n"].sum())
    counted = sum(n for reason, n in gates.iter_rows() if not reason)
    # Pairs are no people, but a handful of pairs are a handful of people.
    book.people("health.pairs", pairs)
    book.people("health.pairs_counted", counted)
    book.rows("health.gates", ({"reason": r, "pairs": n} for r, n in gates.iter_rows() if r), ["pairs"])
    reasons = [f"health.gates.{i}.pairs" for i in range(len(book.get("health.gates")))]
    book.total("health.pairs", ["health.pairs_counted", *reasons])
    book.rows("health.hubs", hubs.iter_rows(named=True), ["contacts"])
    for i in range(hubs.height):
        book.derived(f"health.hubs.{i}.mutual_share", [f"health.hubs.{i}.contacts"])
    # Hubs are lines that belong to no person: their number is no count of customers.
    book.rows("health.hub_reasons", hub_reasons.iter_rows(named=True))
    book.put("health.hub_count", int(hub_reasons["n"].sum()))


def top(book: Book, *, influencers: pl.DataFrame, concentration: pl.DataFrame, definition: str) -> None:
    """The contacts most customers chose, and how the choices concentrate.

    Args:
        book: to fill, under `top`.
        influencers: sql/report/top_influencers.
        concentration: sql/report/concentration.
        definition: by which they were chosen.
    """
    book.put("top.definition", definition)
    book.rows("top.rows", influencers.iter_rows(named=True), ["customers", "reach"])
    for i in range(influencers.height):
        book.derived(f"top.rows.{i}.mean_share", [f"top.rows.{i}.customers"])
        # Those who have the contact at a lower rank only.
        lower = influencers["reach"][i] - influencers["customers"][i]
        if lower:
            book.watch(f"top.rows.{i}.lower", lower)
            book.total(f"top.rows.{i}.reach", [f"top.rows.{i}.customers", f"top.rows.{i}.lower"])
    book.order("top.rows", "customers", "reach", "contact_id")
    bins = [{"low": a, "high": b, "n": 0} for a, b in zip(STEPS, (*STEPS[1:], 10**9), strict=True)]
    for customers, contacts in concentration.iter_rows():
        next(b for b in reversed(bins) if b["low"] <= customers)["n"] += contacts
    while bins and not bins[-1]["n"]:
        bins.pop()
    book.histogram("top.concentration", bins, total="influence.contacts")
    ordered = concentration.sort("customers", descending=True)
    people, choices = int(ordered["contacts"].sum()), int((ordered["customers"] * ordered["contacts"]).sum())
    tenth, reached = max(1, round(people / 10)), 0
    left = tenth
    for customers, contacts in ordered.iter_rows():
        reached += customers * min(contacts, left)
        left -= min(contacts, left)
    # Rounded to whole percents: a finer share would tell counts that are withheld.
    book.put("top.tenth_share", round(reached / choices, 2) if people >= 10 * book.k else None)


def certainty(
    book: Book, *, margins: pl.DataFrame, agreement: pl.DataFrame, stability: Mapping[str, Any] | None
) -> None:
    """How clear the choice is: margins, agreement between definitions, stability over resampled days.

    Args:
        book: to fill, under `certainty`.
        margins: sql/report/margins.
        agreement: sql/report/agreement.
        stability: of `engine.report.stability.stability`.
    """
    # Customers without a contact share the first bin, so that all bins make up all customers.
    counts = {-1 if b is None else b: n for b, n in margins.iter_rows()}
    bins = [{"low": max(b, 0) / 20, "high": (b + 1) / 20, "n": counts.get(b, 0)} for b in range(-1, 20)]
    book.histogram("certainty.margin", bins, total="coverage.customers")
    customers = sum(counts.values())
    chosen = sum(n for b, n in counts.items() if b >= 0)
    clear = sum(n for b, n in counts.items() if b >= 4)
    book.put("certainty.clear_share", round(clear / chosen, 2) if chosen >= book.k else None)
    for i, row in enumerate(agreement.iter_rows(named=True)):
        path = f"certainty.agreement.{i}"
        book.facts.setdefault("certainty", {}).setdefault("agreement", []).append({})
        for name in ("one", "other"):
            book.put(f"{path}.{name}", row[name])
        book.people(f"{path}.customers", row["customers"])
        book.people(f"{path}.same", row["same"])
        book.people(f"{path}.different", row["customers"] - row["same"])
        book.total(f"{path}.customers", [f"{path}.same", f"{path}.different"])
        book.watch(f"{path}.without", customers - row["customers"])
        book.total("coverage.customers", [f"{path}.customers", f"{path}.without"])
        book.put(f"{path}.share", row["same"] / row["customers"])
        book.derived(f"{path}.share", [f"{path}.same", f"{path}.customers"])
    if stability is not None and stability["customers"] >= book.k:
        book.put("certainty.stability", {name: stability[name] for name in ("draws", "mean", "low", "high")})
        book.people("certainty.stability.customers", stability["customers"])
        total = "certainty.stability.customers"
        book.histogram("certainty.stability.histogram", stability["histogram"], total=total)


def communities(book: Book, *, count: Mapping[str, Any], top: pl.DataFrame, mix: pl.DataFrame) -> None:
    """The largest communities: size, leader, handsets in use, share who changed handsets lately.

    Args:
        book: to fill, under `communities`.
        count: row of sql/report/community_count.
        top: sql/report/communities.
        mix: sql/report/community_mix.
    """
    book.put("communities.count", count["communities"])
    by_maker: dict[str, int] = {}
    for maker, n in mix.select("manufacturer", "customers").iter_rows():
        by_maker[maker] = by_maker.get(maker, 0) + n
    makers = sorted(by_maker, key=lambda m: (-by_maker[m], m))
    shown = [m for m in makers if m != "unknown"][:MIX]
    book.put("communities.manufacturers", [*shown, "others or not known"])
    place = {m: i for i, m in enumerate(shown)}
    used: dict[int, list[int]] = {}
    changed: dict[int, int] = {}
    for community, maker, customers, changes in mix.iter_rows():
        cells = used.setdefault(community, [0] * (len(shown) + 1))
        cells[place.get(maker, len(shown))] += customers
        changed[community] = changed.get(community, 0) + changes
    rows = []
    for row in top.iter_rows(named=True):
        cells = used.get(row["community"], [0] * (len(shown) + 1))
        cells[-1] += row["customers"] - sum(cells)
        moved = changed.get(row["community"], 0)
        rows.append({**row, "mix": cells, "changed": moved, "unchanged": row["customers"] - moved})
    book.rows("communities.rows", rows, ["customers", "parties", "changed", "unchanged"])
    for i, row in enumerate(rows):
        path = f"communities.rows.{i}"
        for j, n in enumerate(row["mix"]):
            book.people(f"{path}.mix.{j}", n)
        book.total(f"{path}.customers", [f"{path}.mix.{j}" for j in range(len(row["mix"]))])
        book.total(f"{path}.customers", [f"{path}.changed", f"{path}.unchanged"])
        if row["customers"]:
            book.put(f"{path}.changed_share", row["changed"] / row["customers"])
        book.derived(f"{path}.changed_share", [f"{path}.changed", f"{path}.customers"])
    book.order("communities.rows", "customers", "community")


def diffusion(book: Book, changes: pl.DataFrame) -> None:
    """How manufacturers spread: customers who came to each from another one, month by month.

    Args:
        book: to fill, under `diffusion`; months are joined until none is small.
        changes: sql/report/diffusion.
    """
    per_maker: dict[str, list[tuple[Any, int]]] = {}
    for maker, month, n in changes.filter(changes["manufacturer"] != "unknown").iter_rows():
        per_maker.setdefault(maker, []).append((month, n))
    largest = sorted(per_maker, key=lambda m: (-sum(n for _, n in per_maker[m]), m))[:MIX]
    rows, left_out = [], []
    for maker in largest:
        bins = merge_bins([{"low": m, "high": m, "n": n} for m, n in per_maker[maker]], book.k)
        if not bins:
            left_out.append(maker)
        together = 0
        for piece in bins:
            together += piece["n"]
            rows.append({"manufacturer": maker, "month": piece["high"], "n": piece["n"], "together": together})
    book.rows("diffusion.rows", rows, ["n"])
    book.put("diffusion.left_out", left_out)


def quadrants(book: Book, cells: pl.DataFrame) -> None:
    """Influence against persuadability: how many chose a customer x the customer's best uplift.

    Args:
        book: to fill, under `quadrants`: five bands of uplift of about equal size, `rows` per number of followers.
        cells: sql/report/quadrants.
    """
    if not cells.height:
        return
    totals: dict[int, int] = {}
    for _, b, n in cells.iter_rows():
        totals[b] = totals.get(b, 0) + n
    everyone = sum(totals.values())
    edges, running = [], 0
    for b in sorted(totals):
        running += totals[b]
        if running >= everyone * (len(edges) + 1) / UPLIFT_BANDS and len(edges) < UPLIFT_BANDS - 1:
            edges.append(b + 1)
    lows, highs = [min(totals), *edges], [*edges, max(totals) + 1]
    bands = [{"low": a / 100, "high": b / 100} for a, b in zip(lows, highs, strict=True) if a < b]
    rows = [{"followers": f, "cells": [0] * len(bands)} for f in range(4)]
    for followers, b, n in cells.iter_rows():
        band = sum(1 for piece in bands[1:] if b / 100 >= piece["low"] - 1e-9)
        rows[followers]["cells"][band] += n
    book.put("quadrants.bands", bands)
    book.put("quadrants.rows", rows)
    book.people("quadrants.customers", everyone)
    if (rest := (book.get("coverage.customers") or 0) - everyone) > 0:
        book.watch("quadrants.rest", rest)
        book.total("coverage.customers", ["quadrants.customers", "quadrants.rest"])
    for f, row in enumerate(rows):
        for j, n in enumerate(row["cells"]):
            book.people(f"quadrants.rows.{f}.cells.{j}", n)
        book.people(f"quadrants.rows.{f}.customers", sum(row["cells"]))
        parts = [f"quadrants.rows.{f}.cells.{j}" for j in range(len(bands))]
        book.total(f"quadrants.rows.{f}.customers", parts)
    for j in range(len(bands)):
        book.people(f"quadrants.bands.{j}.customers", sum(row["cells"][j] for row in rows))
        book.total(f"quadrants.bands.{j}.customers", [f"quadrants.rows.{f}.cells.{j}" for f in range(len(rows))])
    book.total("quadrants.customers", [f"quadrants.rows.{f}.customers" for f in range(len(rows))])
    book.total("quadrants.customers", [f"quadrants.bands.{j}.customers" for j in range(len(bands))])


def egos(book: Book, *, examples: pl.DataFrame, around: pl.DataFrame, ties: pl.DataFrame) -> None:
    """Surroundings of example customers, for the pictures: at most 30 people each, pseudonyms only.

    Args:
        book: to fill, under `egos`: per example its nodes (place 0 = the customer) and ties (places, weight).
        examples: sql/report/examples.
        around: sql/report/ego_nodes.
        ties: sql/report/ego_ties.
    """
    contacts: dict[int, list[tuple]] = {}
    for ego, node, party, weight, centrality in around.iter_rows():
        contacts.setdefault(ego, []).append((node, party, weight, centrality))
    joined: dict[int, list[tuple[int, float]]] = {}
    for a, b, weight in ties.iter_rows():
        joined.setdefault(a, []).append((b, weight))
    rows = []
    for node, party, degree, chosen in examples.iter_rows():
        people = [(node, party, 0.0, None), *contacts.get(node, [])]
        place = {person[0]: i for i, person in enumerate(people)}
        links = [
            {"a": i, "b": place[other], "weight": weight}
            for i, person in enumerate(people)
            for other, weight in joined.get(person[0], [])
            if other in place
        ]
        nodes = [{"id": p, "centrality_pct": c, "chosen": p == chosen} for _, p, _, c in people]
        rows.append({"customer_id": party, "degree": degree, "chosen": chosen, "nodes": nodes, "ties": links})
    book.put("egos", rows)


def validation(book: Book, table: pl.DataFrame | None, *, why_not: str = "", definition: str = "") -> None:
    """The predictive validation table (METHODS section 3): lift per definition and horizon with its stratified null.

    Args:
        book: to fill, under `validation`.
        table: of `engine.graph.prediction.validate`; None = not computed.
        why_not: why it was not.
        definition: the one the ads use; its line of the shortest horizon goes into the summary.
    """
    if table is None:
        book.put("validation.why_not", why_not)
        return
    names = ("definition", "horizon_days", "lift", "low", "high", "p_value")
    rows = table.to_dicts()
    book.put("validation.rows", [{name: row[name] for name in names} for row in rows])
    for i, row in enumerate(rows):
        path = f"validation.rows.{i}"
        # How many have a contact by each definition is not said: the few who have none by one would stand out.
        book.people(f"{path}.exposed", row["exposed"])
        unexposed = row["customers"] - row["exposed"]
        # The lift tells how many of the exposed changed, and how many of the others.
        for name, share, n in (("moved", row["p_exposed"], row["exposed"]),
                               ("moved_else", row["p_not_exposed"], unexposed)):  # fmt: skip
            book.watch(f"{path}.{name}", round((share or 0) * n))
            for figure in ("lift", "low", "high"):
                book.derived(f"{path}.{figure}", [f"{path}.{name}", f"{path}.exposed"])
    mine = [i for i, row in enumerate(rows) if row["definition"] == definition and row["lift"] is not None]
    if mine:
        book.put("validation.headline", min(mine, key=lambda i: rows[i]["horizon_days"]))
