"""People and their ties to look at: who is drawn, where each one stands, how large and in which colour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.charts.chart import COLOURS
from engine.charts.network import spread
from engine.errors import InputError
from engine.figures import spell
from engine.report.book import plain
from engine.serve import people

if TYPE_CHECKING:
    from engine.workspace.snapshot import Reading

MOST, MOST_TIES = 500, 2000  # drawn at once
SIZES = {"named_by": "most influential for", "degree": "contacts", "centrality_pct": "centrality"}
COLOURED_BY = {"manufacturer": "handset", "community": "community", "is_customer": "customer or not"}
SIDE, EDGE = 1000, 60  # of the square that is drawn in; free at its rim
SMALLEST, LARGEST = 7.0, 24.0  # radius
FEW = 100  # people; fewer are drawn larger
UNKNOWN, OTHERS = COLOURS[5], COLOURS[7]  # grey; and what is too rare for a colour of its own
NOBODY_KNOWS = "not known"
NAMED = (*COLOURS[:5], COLOURS[6])


@dataclass(frozen=True)
class Look:
    """How a graph is drawn.

    Args:
        size: one of `SIZES`.
        colour: one of `COLOURED_BY`.
    """

    size: str = "named_by"
    colour: str = "manufacturer"


def look(query: Mapping[str, str]) -> Look:
    """What an address asks for.

    Raises:
        InputError: a size or colour that there is not.
    """
    asked = Look(query.get("size") or Look.size, query.get("colour") or Look.colour)
    if asked.size not in SIZES or asked.colour not in COLOURED_BY:
        raise InputError("a graph has no such size or colour.")
    return asked


def of_community(reading: Reading, number: int) -> dict[str, Any]:
    """One community as `among` tells it: its most central members."""
    shown = people.members(reading, number, limit=MOST)
    with reading.warehouse(read_only=True) as store:
        size = store.query("serve/community_size", community=number)["n"][0]
    return _among(reading, [{**row, "community": number} for row in shown], number, size - len(shown))


def around(reading: Reading, person: str) -> dict[str, Any]:
    """One person and those contacts whose ties count, the strongest, as `_among` tells it."""
    with reading.warehouse(read_only=True) as store:
        shown = store.query("serve/around", person=person, limit=MOST - 1).to_dicts()
    total = next((row["total"] for row in shown if row["total"] is not None), 0)
    return _among(reading, shown, person, total - len(shown) + 1)


def _among(reading: Reading, shown: Sequence[Mapping[str, Any]], of: int | str, left_out: int) -> dict[str, Any]:
    """People with the ties among them.

    Returns:
        of: whose; people: rows with x and y from -1 to 1; ties: rows one, other, weight, the strongest first;
        left_out and ties_left_out: how many are not among them.
    """
    with reading.warehouse(read_only=True) as store:
        ids = [row["party_id"] for row in shown]
        ties = store.query("serve/ties_among", people=ids, limit=MOST_TIES).to_dicts()
    place = {name: i for i, name in enumerate(ids)}
    spots = spread(len(ids), [(place[tie["one"]], place[tie["other"]]) for tie in ties])
    return {
        "of": of,
        "people": [{**plain(row), "x": x, "y": y} for row, (x, y) in zip(shown, spots, strict=True)],
        "ties": [{name: tie[name] for name in ("one", "other", "weight")} for tie in ties],
        "left_out": left_out,
        "ties_left_out": ties[0]["total"] - len(ties) if ties else 0,
    }


def drawing(graph: Mapping[str, Any], how: Look, labels: Mapping[str, str]) -> dict[str, Any]:
    """What the template draws.

    Args:
        graph: people and ties.
        how: size and colour.
        labels: what is written beside some, by their ids.

    Returns:
        circles (x, y, r, fill, id, says, label), the large ones first, so that small ones stay in sight; lines (x, y,
        x2, y2, width), the weak ones first; legend (colour, word, n).
    """
    words = [_word(row, how.colour) for row in graph["people"]]
    colours, legend = _coloured(words)
    sizes = [row[how.size] or 0 for row in graph["people"]]
    largest = max(sizes, default=0) or 1
    scale = min(2.2, max(1.0, (FEW / max(len(sizes), 1)) ** 0.5))
    at = {}
    circles = []
    for row, word, size in zip(graph["people"], words, sizes, strict=True):
        x, y = at[row["party_id"]] = _placed(row["x"]), _placed(row["y"])
        told = spell(row[how.size], "share" if how.size == "centrality_pct" else "count") if row[how.size] else "0"
        circles.append({
            "id": row["party_id"], "x": x, "y": y, "fill": colours.get(word, OTHERS),
            "r": round(scale * (SMALLEST + (LARGEST - SMALLEST) * (size / largest) ** 0.5), 1),
            "says": f"{row['party_id']}: {word}, {SIZES[how.size]} {told}", "label": labels.get(row["party_id"], ""),
        })  # fmt: skip
    heaviest = max((tie["weight"] for tie in graph["ties"]), default=0) or 1
    lines = [
        (*at[tie["one"]], *at[tie["other"]], round(0.6 + 3.4 * (tie["weight"] / heaviest) ** 0.5, 1))
        for tie in reversed(graph["ties"])
    ]
    return {"circles": sorted(circles, key=lambda c: -c["r"]), "lines": lines, "legend": legend}


def _coloured(words: Sequence[str]) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Colours of the most frequent words, and the legend with how many people each entry stands for."""
    counts = Counter(words)
    ranked = sorted((word for word in counts if word != NOBODY_KNOWS), key=lambda word: (-counts[word], word))
    colours = dict(zip(ranked, NAMED, strict=False)) | {NOBODY_KNOWS: UNKNOWN}
    told = [(word, counts[word], colours[word]) for word in ranked[: len(NAMED)]]
    told += [("others", sum(counts[word] for word in ranked[len(NAMED) :]), OTHERS)]
    told += [(NOBODY_KNOWS, counts[NOBODY_KNOWS], UNKNOWN)]
    return colours, [{"word": word, "n": n, "colour": colour} for word, n, colour in told if n]


def given(graph: Mapping[str, Any], how: Look, labels: Mapping[str, str]) -> dict[str, Any]:
    """What the template of a graph asks for; arguments as of `drawing`, no labels = a community's."""
    rule = "contacts with the strongest ties, and who they are of," if labels else "most central members"
    colours = {name: text for name, text in COLOURED_BY.items() if labels or name != "community"}
    return {"drawn": drawing(graph, how, labels), "how": how, "sizes": SIZES, "colours": colours, "side": SIDE,
            "rule": rule, "scripts": ("panzoom.min.js", "graph.js")}  # fmt: skip


def _word(row: Mapping[str, Any], colour: str) -> str:
    """By what a person is coloured, in words."""
    value = row[colour]
    if colour == "is_customer":
        return "customer" if value else "no customer"
    return NOBODY_KNOWS if value is None else f"community {value}" if colour == "community" else str(value)


def _placed(at: float) -> float:
    return round(SIDE / 2 + at * (SIDE / 2 - EDGE), 1)
