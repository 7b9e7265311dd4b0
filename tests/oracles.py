"""Slow, obvious reference implementations, written from METHODS alone: dictionaries and loops, nothing of engine/."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date, timedelta

Pair = tuple[int, int]


def edges(pair_days, as_of: date, window: int = 90, half_life: float = 30.0, opted_out=()) -> dict[Pair, dict]:
    """METHODS section 2: {(src, dst): counts and strength}; pair_days: (src, dst, day, n_calls, talk_s, n_texts)."""
    found: dict[Pair, dict] = {}
    since = as_of - timedelta(days=window)
    for src, dst, day, n_calls, talk_s, n_texts in pair_days:
        if not since <= day < as_of or src in opted_out or dst in opted_out:
            continue
        edge = found.setdefault(
            (src, dst), {"n_calls": 0, "talk_s": 0, "n_texts": 0, "days": set(), "terms": []}
        )  # fmt: skip
        edge["n_calls"] += n_calls
        edge["talk_s"] += talk_s
        edge["n_texts"] += n_texts
        edge["days"].add(day)
        contact = (1 if n_calls else 0) + 0.25 * math.log(1 + min(talk_s, 3600) / 60) + (0.5 if n_texts else 0)
        edge["terms"].append(2 ** (-(as_of - day).days / half_life) * contact)
    for edge in found.values():
        edge["strength"] = math.fsum(edge.pop("terms"))
    return found


def hubs(pair_days, edge_table, as_of: date, window=90, per_month=400, quantile=0.999, mutual_share=0.05) -> dict:
    """METHODS section 1: {node: (contacts, share both ways, reason)}."""
    contacts = defaultdict(set)
    for src, dst in edge_table:
        if src != dst:
            contacts[src].add(dst)
            contacts[dst].add(src)
    months = defaultdict(set)
    for src, dst, day, *_ in pair_days:
        age = (as_of - day).days
        if (src, dst) in edge_table and 1 <= age <= window:
            months[src, (age - 1) // 30].add(dst)
            months[dst, (age - 1) // 30].add(src)
    degrees = sorted(len(c) for c in contacts.values())
    limit = next((k for at, k in enumerate(degrees, 1) if at >= quantile * len(degrees)), 0)
    found = {}
    for node, others in contacts.items():
        both = sum((node, o) in edge_table and (o, node) in edge_table for o in others) / len(others)
        if any(len(o) > per_month for (n, _), o in months.items() if n == node):
            found[node] = (len(others), both, "many_contacts")
        elif len(others) > limit and both < mutual_share:
            found[node] = (len(others), both, "one_way")
    return found


def ties(edge_table, hub_nodes=(), handsets=None, min_days: int = 2) -> dict[Pair, dict]:
    """METHODS section 2: {(a, b): weight, reciprocity, active_days, gated, overlap}; handsets: {node: set of them}."""
    handsets = handsets or {}
    found = {}
    for a, b in {(min(pair), max(pair)) for pair in edge_table if pair[0] != pair[1]}:
        one, other = edge_table.get((a, b)), edge_table.get((b, a))
        s, t = (e["strength"] if e else 0.0 for e in (one, other))
        r = 2 * min(s, t) / (s + t)
        days = len(set().union(*(e["days"] for e in (one, other) if e)))
        gated = None
        if a in hub_nodes or b in hub_nodes:
            gated = "hub"
        elif not (one and other):
            gated = "one_way"
        elif days < min_days:
            gated = "few_days"
        elif handsets.get(a, set()) & handsets.get(b, set()):
            gated = "same_handset"
        found[a, b] = {"weight": (s + t) * (0.5 + 0.5 * r), "reciprocity": r, "active_days": days, "gated": gated}
    near = neighbours(found)
    for (a, b), tie in found.items():
        tie["overlap"] = None
        if tie["gated"] is None:
            shared = len(near[a].keys() & near[b].keys())
            others = len(near[a]) - 1 + len(near[b]) - 1 - shared
            tie["overlap"] = shared / others if others else 0.0
    return found


def neighbours(tie_table) -> dict[int, dict[int, float]]:
    """{node: {contact: weight}} over the ties that are not gated."""
    near: dict[int, dict[int, float]] = defaultdict(dict)
    for (a, b), tie in tie_table.items():
        if tie["gated"] is None:
            near[a][b] = near[b][a] = tie["weight"]
    return near


def pagerank(weights: dict[Pair, float], nodes, damping: float = 0.85, rounds: int = 2000) -> dict[int, float]:
    """Power iteration to the fixed point; dangling mass spread evenly."""
    nodes = sorted(nodes)
    if not nodes:
        return {}
    out = defaultdict(float)
    for (src, _), weight in weights.items():
        out[src] += weight
    rank = dict.fromkeys(nodes, 1 / len(nodes))
    for _ in range(rounds):
        lost = sum(rank[v] for v in nodes if not out[v])
        new = dict.fromkeys(nodes, (1 - damping + damping * lost) / len(nodes))
        for (src, dst), weight in weights.items():
            if out[src]:
                new[dst] += damping * rank[src] * weight / out[src]
        moved = sum(abs(new[v] - rank[v]) for v in nodes)
        rank = new
        if moved < 1e-16:
            break
    return rank


def share_not_above(rank: dict[int, float]) -> dict[int, float]:
    """c_j: share of the values no higher than j's, equal up to rounding counted as equal."""
    return {j: sum(v <= r * (1 + 1e-9) for v in rank.values()) / len(rank) for j, r in rank.items()}


def ranking(scores: dict[str, float]) -> list[str]:
    """Contacts best first; scores within 1e-9 of the best left are ties, which go to the smallest id."""
    left, order = dict(scores), []
    while left:
        best = max(left.values())
        pick = min(c for c, score in left.items() if score >= best * (1 - 1e-9))
        order.append(pick)
        del left[pick]
    return order


def influencers(tie_table, central: dict[int, float], name: dict[int, str], gamma: float | None = 0.25) -> dict:
    """METHODS section 3: {customer: [(contact, score, share), ...]} best first; gamma None = `strongest`."""
    found = {}
    for node, near in neighbours(tie_table).items():
        total = math.fsum(near.values())
        share = {name[c]: w / total for c, w in near.items()}
        score = {name[c]: w / total * (1.0 if gamma is None else central[c] ** gamma) for c, w in near.items()}
        found[name[node]] = [(c, score[c], share[c]) for c in ranking(score)]
    return found
