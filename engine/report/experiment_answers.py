"""What an experiment says, for reports: decisions, effects, over time, by segment, along the ties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.report.book import Book, bin_name, wordy
from engine.report.experiment_figures import acting, cell

if TYPE_CHECKING:
    import polars as pl

NUMBERS = ("mean_arm", "mean_versus", "difference", "low", "high", "always_valid_low", "always_valid_high",
           "decided_low", "decided_high", "relative", "relative_low", "relative_high", "p", "p_holm")  # fmt: skip
ESTIMATE = ("effect", "method", "value", "low", "high", "p")


def analysis(book: Book, i: int, found: Mapping[str, Any], acts: pl.DataFrame) -> None:
    """What the experiment says: decisions, effects, over time, by segment, along the ties.

    A figure is withheld as soon as one of the counts that would follow from it is: who acted in an arm, or did not.

    Args:
        book: to fill, after `arms`.
        i: place among the experiments.
        found: of the analysis of the experiment.
        acts: sql/report/experiment_acts of the primary metric.
    """
    path = f"experiments.{i}"
    # The lines hold the figures of the table again, in words: for the public only what is wrong, without figures.
    said = [wordy(text) for text in found["decisions"] if text.verdict == "broken"] if book.public else []
    book.put(f"{path}.decisions", said if book.public else found["decisions"])
    book.put(f"{path}.odd_rows", [{"rule": rule} for rule, n in (found.get("odd_rows") or {}).items() if n])
    for j, row in enumerate(book.get(f"{path}.odd_rows")):
        book.people(f"{path}.odd_rows.{j}.rows", found["odd_rows"][row["rule"]])
    if "effects" not in found:
        return
    ratio = found["sample_ratio"]
    book.put(f"{path}.sample_ratio", {"alarm": ratio["alarm"]})
    places = {row["arm"]: j for j, row in enumerate(book.get(f"{path}.arms"))}
    sides = {arm: f"{path}.arms.{j}" for arm, j in places.items()}
    book.chance(f"{path}.sample_ratio.p", ratio["p"], [f"{side}.customers" for side in sides.values()])
    exposed = [f"{side}.exposed" for arm, side in sides.items() if book.get(f"{side}.exposed") is not None]
    book.chance(f"{path}.sample_ratio.exposure_p", found["exposure_balance_p"], exposed)
    book.prune(f"{path}.odd_rows", "rows")
    _effects(book, path, found, sides)
    _over_time(book, path, found.get("over_time") or [], acts, sides)
    _segments(book, i, found.get("segments") or [])
    _along_ties(book, path, found, sides)
    book.put(f"{path}.guardrails", [
        {"metric": line["metric"], "verdict": line["verdict"], "every_look": line["every_look"]}
        | {name: line.get(name) for name in ("arm", "versus", *NUMBERS)}
        for line in found.get("guardrails") or []
    ])  # fmt: skip
    for j, line in enumerate(book.get(f"{path}.guardrails")):
        if line["arm"] is not None:
            cells = [c for side in ("arm", "versus") for c in acting(i, "guardrail", line["metric"], line[side])]
            _numbers(book, f"{path}.guardrails.{j}", line, sides, cells)


def _effects(book: Book, path: str, found: Mapping[str, Any], sides: Mapping[str, str]) -> None:
    """Every pair of arms on the primary metric."""
    lines = found["effects"]
    book.put(f"{path}.effects", [
        {"arm": e["arm"], "versus": e["versus"], "verdict": e["verdict"], "every_look": e["every_look"],
         "method": e["method"],
         "decision": wordy(e["decision"]) if book.public else e["decision"]} | {name: e[name] for name in NUMBERS}
        for e in lines
    ])  # fmt: skip
    for j, effect in enumerate(lines):
        cells = _acted(sides, effect)
        _numbers(book, f"{path}.effects.{j}", effect, sides, cells)
        book.derived(f"{path}.effects.{j}.decision", cells)


def _numbers(book: Book, path: str, line: Mapping[str, Any], sides: Mapping[str, str], cells: Sequence[str]) -> None:
    """A difference between two arms with everything that is said of it."""
    n = _smaller(book, sides, line)
    book.estimate(path, line, ("difference", "low", "high", "mean_arm", "mean_versus"), n, cells)
    for ends in ("decided", "always_valid"):
        book.estimate(path, line, ("difference", f"{ends}_low", f"{ends}_high"), n, cells)
    book.estimate(path, line, ("relative", "relative_low", "relative_high"), n, cells)
    for name in ("p", "p_holm"):
        book.chance(f"{path}.{name}", line.get(name), cells)


def _smaller(book: Book, sides: Mapping[str, str], pair: Mapping[str, Any]) -> int:
    """Customers of the smaller of two arms."""
    return min(book.watched(f"{sides[pair[side]]}.customers") or 1 for side in ("arm", "versus"))


def _over_time(
    book: Book, path: str, lines: Sequence[Mapping[str, Any]], acts: pl.DataFrame, sides: Mapping[str, str]
) -> None:
    """The effects at days between which enough customers of every arm acted, so that no step tells of few."""
    days = sorted({line["day"] for line in lines}, reverse=True)
    kept: list[int] = days[:1]
    for day in days[1:]:
        until = [
            [acts.filter((acts["arm"] == arm) & (acts["day"] < d))["customers"].sum() for arm in sides]
            for d in (day, kept[-1])
        ]
        if not book.public or all(
            early >= book.k and late - early >= book.k for early, late in zip(*until, strict=True)
        ):
            kept.append(day)
    rows = [dict(line) for line in lines if line["day"] in kept]
    book.put(f"{path}.over_time", rows)
    for j, row in enumerate(rows):
        ends = ("difference", "low", "high")
        names = (*ends, *(name for name, value in row.items() if name not in ends and isinstance(value, float)))
        book.estimate(f"{path}.over_time.{j}", row, names, _smaller(book, sides, row), _acted(sides, row))


def _segments(book: Book, i: int, lines: Sequence[Mapping[str, Any]]) -> None:
    """Effects within segments whose counts are watched; others are left out."""
    path = f"experiments.{i}"
    rows = []
    for line in lines:
        for segment in line.get("segments") or []:
            own = {side: cell(i, line["by"], segment["segment"], line[side]) for side in ("arm", "versus")}
            if all(book.watched(own[side]) == segment[f"n_{side}"] for side in own):
                rows.append({name: line[name] for name in ("by", "arm", "versus")} | segment)
    book.put(f"{path}.segments", rows)
    for j, row in enumerate(rows):
        cells = []
        for side in ("arm", "versus"):
            place = (row["by"], row["segment"], row[side])
            book.people(f"{path}.segments.{j}.n_{side}", row[f"n_{side}"])
            book.total(f"{path}.segments.{j}.n_{side}", [cell(i, *place)])
            cells += acting(i, *place)
        n = min(row["n_arm"], row["n_versus"])
        book.estimate(f"{path}.segments.{j}", row, ("difference", "low", "high"), n, cells)
        for name in (n for n in row if n.startswith("p")):
            book.chance(f"{path}.segments.{j}.{name}", row[name], cells)
    book.prune(f"{path}.segments", "n_arm")
    names = ("by", "arm", "versus", "note")
    book.put(f"{path}.alike", [{name: line.get(name) for name in names} for line in lines])
    for j, line in enumerate(lines):
        for name in ("p_same", "p_same_holm"):
            book.chance(f"{path}.alike.{j}.{name}", line.get(name))
        if book.public:
            note = line.get("note")
            book.put(f"{path}.alike.{j}.note", note and wordy(note))


def _along_ties(book: Book, path: str, found: Mapping[str, Any], sides: Mapping[str, str]) -> None:
    """Exposure to the other arm's contacts, direct effect, spillover and total, per pair of arms."""
    places = {(row["arm"], row["versus"]): j for j, row in enumerate(book.get(f"{path}.pairs"))}
    rows, estimates, notes, cut = [], [], [], None
    for line in found.get("spillover") or []:
        pair = {"arm": line["arm"], "versus": line["versus"]}
        edges = [n / len(line["histogram"]) for n in range(len(line["histogram"]) + 1)]
        bins = [{"low": a, "high": b, "n": n} for a, b, n in zip(edges, edges[1:], line["histogram"], strict=False)]
        merged = [pair | piece for piece in book.bins(f"{path}|{line['arm']}|{line['versus']}", bins)]
        rows.append((places[line["arm"], line["versus"]], merged))
        estimates += [pair | estimate for estimate in line["estimates"]]
        cut = line["cut"]
        if line["note"]:
            notes.append(pair | {"note": line["note"]})
    for line in found.get("likeness") or []:
        pair = {"arm": line["arm"], "versus": line["versus"]}
        if line["estimate"]:
            estimates.append(pair | line["estimate"])
        elif line["note"]:
            notes.append(pair | {"note": line["note"]})
    for line in found.get("hajek") or []:
        if "value" in line:
            estimates.append({name: line[name] for name in ("arm", "versus", *ESTIMATE)})
        elif line.get("note"):
            notes.append({"arm": line.get("arm"), "versus": line.get("versus"), "note": line["note"]})
    book.rows(
        f"{path}.exposure", (row for _, piece in rows for row in piece), ["n"],
        names=lambda row: bin_name(f"{path}|{row['arm']}|{row['versus']}", row),
    )  # fmt: skip
    if book.public:
        notes = [{**line, "note": wordy(line["note"])} for line in notes]
    start = 0
    for place, piece in rows:
        if piece:
            parts = [f"{path}.exposure.{n}.n" for n in range(start, start + len(piece))]
            book.total(f"{path}.pairs.{place}.customers", parts)
        start += len(piece)
    book.put(f"{path}.ties", {"estimates": [
        {name: e[name] for name in ("arm", "versus", *ESTIMATE)} for e in estimates
    ], "notes": notes})  # fmt: skip
    book.figure(f"{path}.ties.cut", cut, 3 / max(1, book.watched(f"{path}.customers") or 1))
    for j, estimate in enumerate(estimates):
        cells = _acted(sides, estimate)
        n = _smaller(book, sides, estimate)
        book.estimate(f"{path}.ties.estimates.{j}", estimate, ("value", "low", "high"), n, cells)
        book.chance(f"{path}.ties.estimates.{j}.p", estimate.get("p"), cells)


def _acted(sides: Mapping[str, str], pair: Mapping[str, Any]) -> list[str]:
    """The counts that a difference between two arms tells."""
    return [f"{sides[pair[side]]}.{name}" for side in ("arm", "versus") for name in ("acted", "idle")]
