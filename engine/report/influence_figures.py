"""Figures of the influence report: one function per group of figures, each fed by frames reduced in sql/report/."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.report.book import ENDLESS, OTHERS, bin_name

if TYPE_CHECKING:
    import polars as pl

    from engine.report.book import Book

MIX = 6  # manufacturers shown by name in a mix; the rest is "others"
STEPS = (1, 2, 3, 5, 10, 15, 30, 100)  # edges of "how many customers chose one contact"
UPLIFT_BANDS = 5
MIX_PUBLIC, CELLS = 3, 5  # in a public mix: manufacturers by name, and smallest community in smallest cells


def top(
    book: Book, *, influencers: pl.DataFrame, concentration: pl.DataFrame, definition: str, because: str = ""
) -> None:
    """The contacts most customers chose, and how the choices concentrate.

    Args:
        book: to fill, under `top`.
        influencers: sql/report/top_influencers.
        concentration: sql/report/concentration.
        definition: by which they were chosen.
        because: which definition that is and why, where acts decide it.
    """
    book.put("top.definition", definition)
    book.put("top.because", because)
    book.put("top.named", bool(influencers.height))
    if not book.public:
        book.rows("top.rows", influencers.iter_rows(named=True))
    bins = [{"low": a, "high": b, "n": 0} for a, b in zip(STEPS, (*STEPS[1:], ENDLESS), strict=True)]
    for customers, contacts in concentration.iter_rows():
        next(b for b in reversed(bins) if b["low"] <= customers)["n"] += contacts
    while not book.public and bins and not bins[-1]["n"]:
        bins.pop()
    book.histogram("top.concentration", bins, total="influence.contacts")
    ordered = concentration.sort("customers", descending=True)
    people, choices = int(ordered["contacts"].sum()), int((ordered["customers"] * ordered["contacts"]).sum())
    tenth, reached = max(1, round(people / 10)), 0
    left = tenth
    for customers, contacts in ordered.iter_rows():
        reached += customers * min(contacts, left)
        left -= min(contacts, left)
    share = reached / choices if people >= 10 * book.k or (choices and not book.public) else None
    book.figure("top.tenth_share", share, max(STEPS[4] / max(1, choices), 0.01 / 3))


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
    few = book.public and chosen < book.k
    book.figure("certainty.clear_share", None if few or not chosen else clear / chosen, 1 / max(1, chosen))
    book.within("certainty.clear_share")
    for i, row in enumerate(agreement.iter_rows(named=True)):
        path = f"certainty.agreement.{i}"
        book.facts.setdefault("certainty", {}).setdefault("agreement", []).append({})
        for name in ("one", "other"):
            book.put(f"{path}.{name}", row[name])
        book.people(f"{path}.customers", row["customers"])
        book.people(f"{path}.same", row["same"])
        book.people(f"{path}.different", row["customers"] - row["same"])
        book.total(f"{path}.customers", [f"{path}.same", f"{path}.different"])
        book.rest(f"{path}.without", customers - row["customers"])
        book.total("coverage.customers", [f"{path}.customers", f"{path}.without"])
        book.share(f"{path}.share", f"{path}.same", f"{path}.customers")
    if stability is not None and (stability["customers"] >= book.k or not book.public):
        book.put("certainty.stability", {"draws": stability["draws"]})
        for name in ("mean", "low", "high"):
            book.figure(f"certainty.stability.{name}", stability[name], 1 / stability["customers"])
        book.within(*(f"certainty.stability.{name}" for name in ("low", "mean", "high")))
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
    book.people("communities.count", count["communities"] or 0)
    by_maker: dict[str, int] = {}
    for maker, n in mix.select("manufacturer", "customers").iter_rows():
        by_maker[maker] = by_maker.get(maker, 0) + n
    makers = sorted(by_maker, key=lambda m: (-by_maker[m], m))
    shown = [m for m in makers if m != "unknown"][: MIX_PUBLIC if book.public else MIX]
    book.put("communities.manufacturers", [*shown, "others or not known"])
    place = {m: i for i, m in enumerate(shown)}
    used: dict[int, list[int]] = {}
    changed: dict[int, int] = {}
    for community, maker, customers, changes in mix.iter_rows():
        cells = used.setdefault(community, [0] * (len(shown) + 1))
        cells[place.get(maker, len(shown))] += customers
        changed[community] = changed.get(community, 0) + changes
    rows: list[dict[str, Any]] = []
    rest: dict[str, Any] = {"parties": 0, "customers": 0, "mix": [0] * (len(shown) + 1), "changed": 0}
    for row in top.iter_rows(named=True):
        cells = used.get(row["community"], [0] * (len(shown) + 1))
        cells[-1] += row["customers"] - sum(cells)
        row |= {"mix": cells, "changed": changed.get(row["community"], 0)}
        if not book.public:
            rows.append(row)
        elif all(book.large(f"community|{row['community']}|{n}", row[n] // CELLS) for n in ("parties", "customers")):
            # By its size: neither its number nor its leader is for the public.
            rows.append(row | {"community": len(rows) + 1, "leader": None})
        else:
            for name in ("parties", "customers", "changed"):
                rest[name] += row[name]
            rest["mix"] = [a + b for a, b in zip(rest["mix"], cells, strict=True)]
    if rest["parties"]:
        rows.append({"community": OTHERS, "leader": None, **rest})
    rows = [row | {"unchanged": row["customers"] - row["changed"]} for row in rows]
    book.rows("communities.rows", rows, ["customers", "parties", "changed", "unchanged"])
    for i, row in enumerate(rows):
        path = f"communities.rows.{i}"
        for j, n in enumerate(row["mix"]):
            book.people(f"{path}.mix.{j}", n)
        book.total(f"{path}.customers", [f"{path}.mix.{j}" for j in range(len(row["mix"]))])
        book.total(f"{path}.customers", [f"{path}.changed", f"{path}.unchanged"])
        book.share(f"{path}.changed_share", f"{path}.changed", f"{path}.customers")
    book.prune("communities.rows", "customers")
    book.order("communities.rows", "customers", "community", number=True)


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
        bins = book.bins(f"diffusion|{maker}", [{"low": m, "high": m, "n": n} for m, n in per_maker[maker]])
        if not bins:
            left_out.append(maker)
        rows += [{"manufacturer": maker, "month": piece["high"], **piece} for piece in bins]
    kept = [{name: row[name] for name in ("manufacturer", "month", "n")} for row in rows]
    book.rows("diffusion.rows", kept)
    for i, row in enumerate(rows):
        name = bin_name(f"diffusion|{row['manufacturer']}", row)
        book.people(f"diffusion.rows.{i}.n", row["n"], name=name)
        so_far = [f"diffusion.rows.{j}.n" for j in range(i + 1) if rows[j]["manufacturer"] == row["manufacturer"]]
        book.computed(f"diffusion.rows.{i}.together", so_far, lambda *counts: sum(counts))
    book.put("diffusion.left_out", [] if book.public else left_out)


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
    edges: list[int] = []
    running = 0
    for b in sorted(totals):
        running += totals[b]
        if running >= everyone * (len(edges) + 1) / UPLIFT_BANDS and len(edges) < UPLIFT_BANDS - 1:
            edges.append(b + 1)
    lows, highs = [min(totals), *edges], [*edges, max(totals) + 1]
    bands: list[dict[str, float | None]] = [
        {"low": a / 100, "high": b / 100} for a, b in zip(lows, highs, strict=True) if a < b
    ]
    cells_of = [[0] * len(bands) for _ in range(4)]
    for followers, b, n in cells.iter_rows():
        band = sum(1 for a, z in zip(lows[1:], highs[1:], strict=True) if a < z and b >= a)
        cells_of[followers][band] += n
    if book.public and bands:
        # The outermost edges are single customers' values.
        bands[0]["low"] = bands[-1]["high"] = None
    book.put("quadrants.bands", bands)
    book.put("quadrants.rows", [{"followers": f, "cells": row} for f, row in enumerate(cells_of)])
    book.people("quadrants.customers", everyone)
    if (rest := (book.get("coverage.customers") or 0) - everyone) > 0:
        book.rest("quadrants.rest", rest)
        book.total("coverage.customers", ["quadrants.customers", "quadrants.rest"])
    for f, row in enumerate(cells_of):
        for j, n in enumerate(row):
            book.people(f"quadrants.rows.{f}.cells.{j}", n)
        book.people(f"quadrants.rows.{f}.customers", sum(row))
        parts = [f"quadrants.rows.{f}.cells.{j}" for j in range(len(bands))]
        book.total(f"quadrants.rows.{f}.customers", parts)
    for j in range(len(bands)):
        book.people(f"quadrants.bands.{j}.customers", sum(row[j] for row in cells_of))
        book.total(f"quadrants.bands.{j}.customers", [f"quadrants.rows.{f}.cells.{j}" for f in range(len(cells_of))])
    book.total("quadrants.customers", [f"quadrants.rows.{f}.customers" for f in range(len(cells_of))])
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
        moved = []
        for name, share, n in (("moved", row["p_exposed"], row["exposed"]),
                               ("moved_else", row["p_not_exposed"], unexposed)):  # fmt: skip
            moved.append(round((share or 0) * n))
            book.watch(f"{path}.{name}", moved[-1])
        # A relative risk: one who changes moves it by its part in those who did.
        sources = [f"{path}.moved", f"{path}.moved_else", f"{path}.exposed"]
        for figure in ("lift", "low", "high"):
            one = (row["lift"] or 0.0) * sum(1 / max(1, n) for n in moved)
            book.figure(f"{path}.{figure}", row[figure], one, sources)
        book.chance(f"{path}.p_value", row["p_value"], sources)
    mine = [i for i, row in enumerate(rows) if row["definition"] == definition and row["lift"] is not None]
    if mine:
        book.put("validation.headline", min(mine, key=lambda i: rows[i]["horizon_days"]))
