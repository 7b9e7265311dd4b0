"""Figures of the experiment report: what each arm could show, and per experiment its plan, people and answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from engine.report.book import Book

STEPS = ("customers", "offered", "own_face", "both_faces")
SEGMENTS = 12  # of one segmentation, the largest; the rest is one


def fill(book: Book, *, arms: pl.DataFrame, funnel: Mapping[str, Any], one_each: bool) -> None:
    """Everything below `experiment`.

    Args:
        book: to fill.
        arms: sql/report/arms.
        funnel: row of sql/report/funnel.
        one_each: every customer has one ad at most.
    """
    book.rows("experiment.arms", arms.iter_rows(named=True), ["matched", "ads"])
    known = {row["arm"]: j for j, row in enumerate(book.get("faces.arms") or [])}
    for i in range(arms.height):
        if arms["arm"][i] in known:
            book.total(f"experiment.arms.{i}.matched", [f"faces.arms.{known[arms['arm'][i]]}.matched"])
        if without := arms["matched"][i] - arms["ads"][i]:
            book.rest(f"experiment.arms.{i}.without_ad", abs(without))
            parts = (f"experiment.arms.{i}.matched", f"experiment.arms.{i}.ads")
            whole, part = parts if without > 0 else parts[::-1]
            book.total(whole, [part, f"experiment.arms.{i}.without_ad"])
    book.put("experiment.funnel", [{"step": step} for step in STEPS])
    for i, step in enumerate(STEPS):
        book.people(f"experiment.funnel.{i}.customers", funnel[step])
        if i and (lost := funnel[STEPS[i - 1]] - funnel[step]):
            book.rest(f"experiment.funnel.{i}.lost", lost)
            left = [f"experiment.funnel.{i}.customers", f"experiment.funnel.{i}.lost"]
            book.total(f"experiment.funnel.{i - 1}.customers", left)
    for i in range(arms.height):  # who gave a photo is matched without an offer, too
        if arms["arm"][i] == "own_face" and (others := arms["matched"][i] - funnel["own_face"]):
            book.rest(f"experiment.arms.{i}.rest", others)
            book.total(f"experiment.arms.{i}.matched", ["experiment.funnel.2.customers", f"experiment.arms.{i}.rest"])
    if one_each and arms["ads"].sum():
        shown = [f"experiment.arms.{i}.ads" for i in range(arms.height)]
        if (without := funnel["offered"] - arms["ads"].sum()) > 0:
            shown.append("experiment.funnel.1.without_ad")
            book.rest(shown[-1], without)
        book.total("experiment.funnel.1.customers", shown)


def trial(
    book: Book,
    i: int,
    *,
    versions: Sequence[tuple[int, str, Mapping[str, Any]]],
    state: Mapping[str, Any],
    funnel: Sequence[Mapping[str, Any]],
    why_no_funnel: str = "",
) -> None:
    """The plan of one experiment and who could take part, below `experiments.<i>`.

    Args:
        book: to fill.
        i: place among the experiments.
        versions: version, hash and fields of every version of the plan, the oldest first.
        state: row of sql/report/experiments.
        funnel: per gate: gate, left, lost, reasons (count per reason); as of today.
        why_no_funnel: in words, where there is none.
    """
    path, plan = f"experiments.{i}", versions[-1][2]
    book.put("experiments", [*book.get("experiments"), {}])
    shown = (
        "version", "unit", "metric", "kind", "direction", "horizon_days", "alpha", "power", "minimum_effect",
        "cluster_cap", "eligible", "balance", "guardrails",
    )  # fmt: skip
    status = "answered" if state["answered"] else "shown" if state["shown"] else "assigned" if state["assigned"] else ""
    for name, value in (
        ("name", plan["experiment_id"]),
        ("status", status or "designed"),
        ("since", state["assigned_at"] and state["assigned_at"].date()),
        (
            "plan",
            {name: plan[name] for name in shown} | {"level": 100 * (1 - plan["alpha"])},
        ),
        ("shares", [{"arm": arm, "share": share} for arm, share in plan["arms"].items()]),
        ("versions", [_version(line, before) for line, before in zip(versions, (None, *versions), strict=False)]),
        ("why_no_funnel", why_no_funnel),
        # What `arms`, `balance` and `analysis` fill where there is something to fill in.
        *((name, []) for name in ("arms", "pairs", "balance", "decisions", "effects", "guardrails", "over_time")),
        *((name, []) for name in ("segments", "alike", "exposure", "odd_rows")),
        ("ties", {"estimates": [], "notes": [], "cut": None}),
        ("sample_ratio", None),
    ):
        book.put(f"{path}.{name}", value)
    # Opted-out people are no customers of the report, so that the funnel cannot say how few they are.
    if len(funnel) > 1 and funnel[1]["gate"] == "not opted out":
        funnel = [{**funnel[1], "gate": "customers", "lost": 0, "reasons": {}}, *funnel[2:]]
    book.put(f"{path}.funnel", [{"gate": line["gate"]} for line in funnel])
    book.put(f"{path}.reasons", [
        {"gate": line["gate"], "reason": reason} for line in funnel for reason in line["reasons"]
    ])  # fmt: skip
    book.prune(f"{path}.reasons", "customers")
    lost_here = 0
    for j, line in enumerate(funnel):
        book.people(f"{path}.funnel.{j}.left", line["left"])
        if not line["lost"]:
            if j:
                book.total(f"{path}.funnel.{j - 1}.left", [f"{path}.funnel.{j}.left"])
            continue
        book.rest(f"{path}.funnel.{j}.lost", line["lost"])
        book.total(f"{path}.funnel.{j - 1}.left", [f"{path}.funnel.{j}.left", f"{path}.funnel.{j}.lost"])
        parts = []
        for n in line["reasons"].values():
            book.people(f"{path}.reasons.{lost_here}.customers", n)
            parts.append(f"{path}.reasons.{lost_here}.customers")
            lost_here += 1
        book.total(f"{path}.funnel.{j}.lost", parts)
    if funnel:
        _linked(book, "coverage.customers", f"{path}.funnel.0.left")


def arms(
    book: Book,
    i: int,
    *,
    sizes: pl.DataFrame,
    acts: pl.DataFrame,
    cells: pl.DataFrame,
    guardrails: Mapping[str, pl.DataFrame],
) -> None:
    """Customers per arm, exposed, and who acted: every count that a figure of the experiment could tell.

    Args:
        book: to fill, after `trial`.
        i: place among the experiments.
        sizes: sql/report/experiment_arms.
        acts: sql/report/experiment_acts of the primary metric; without rows before any outcome.
        cells: sql/report/experiment_cells; without rows likewise.
        guardrails: per further metric its sql/report/experiment_acts.
    """
    path = f"experiments.{i}"
    planned = {row["arm"]: row["share"] for row in book.get(f"{path}.shares")}
    # Arms that are not the plan's are told, too; the analysis says that it does not trust them.
    names = [*(arm for arm in planned if arm in set(sizes["arm"])), *sorted(set(sizes["arm"]) - set(planned))]
    found = {row["arm"]: row for row in sizes.iter_rows(named=True)}
    shown, answered = bool(sizes["exposed"].sum()), bool(acts.height)
    clustered = book.get(f"{path}.plan.unit") == "cluster"
    units = {arm: found[arm]["clusters" if clustered else "customers"] for arm in names}
    book.put(f"{path}.arms", [{"arm": arm, "planned": planned.get(arm, 0.0)} for arm in names])
    parts = []
    for j, arm in enumerate(names):
        row, here = found[arm], f"{path}.arms.{j}"
        book.people(f"{here}.customers", row["customers"])
        parts.append(f"{here}.customers")
        counted = "clusters" if clustered else "customers"
        if clustered:
            book.people(f"{here}.clusters", units[arm], persons=row["customers"])
        if shown:
            _split(book, here, "exposed", row["exposed"], row["customers"])
        if answered:
            acted = acts.filter((acts["arm"] == arm) & acts["day"].is_not_null())["customers"].sum()
            # Few or none: which of the two is not said, as with the acceptances of past campaigns.
            for name, n in (("acted", acted), ("idle", row["customers"] - acted)):
                book.people(f"{here}.{name}", n)
            book.total(f"{here}.customers", [f"{here}.acted", f"{here}.idle"])
            book.computed(
                f"{here}.rate", [f"{here}.acted", f"{here}.idle"], lambda a, b: a / (a + b) if a + b else None
            )
            for metric, own in guardrails.items():
                other = own.filter((own["arm"] == arm) & own["day"].is_not_null())["customers"].sum()
                both = acting(i, "guardrail", metric, arm)
                for key, n in zip(both, (other, row["customers"] - other), strict=True):
                    book.watch(key, n)
                book.total(f"{here}.customers", both)
    for j in range(len(names)):
        sources = [f"{path}.arms.{j}.{counted}", *(f"{path}.arms.{n}.{counted}" for n in range(len(names)))]
        book.computed(f"{path}.arms.{j}.share", sources, lambda own, *all_: own / sum(all_) if sum(all_) else None)
    book.people(f"{path}.customers", int(sizes["customers"].sum()))
    book.total(f"{path}.customers", parts)
    # The last gate counts today's eligible, the arms those of the day they were drawn.
    if funnel := book.get(f"{path}.funnel"):
        _linked(book, f"{path}.customers", f"{path}.funnel.{len(funnel) - 1}.left")
    pairs = [{"arm": arm, "versus": versus} for versus, arm in combinations(names, 2)]
    book.put(f"{path}.pairs", pairs)
    for j, pair in enumerate(pairs):
        both = [f"{path}.arms.{names.index(pair[side])}.customers" for side in ("arm", "versus")]
        book.people(f"{path}.pairs.{j}.customers", sum(book.get(p) for p in both))
        book.total(f"{path}.pairs.{j}.customers", both)
    _watch_cells(book, i, names, cells)


def balance(book: Book, i: int, rows: pl.DataFrame) -> None:
    """How alike the arms were before: standardised differences to the first arm, and what chance alone makes.

    Args:
        book: to fill, after `arms`.
        i: place among the experiments.
        rows: sql/report/experiment_balance.
    """
    path = f"experiments.{i}"
    names = [row["arm"] for row in book.get(f"{path}.arms")]
    least = book.k if book.public else 1
    known = {(row["what"], row["arm"]): row for row in rows.iter_rows(named=True) if row["n"] >= least}
    found = []
    for what in dict.fromkeys(rows["what"]):
        base = known.get((what, names[0]))
        for arm in names[1:]:
            other = known.get((what, arm))
            if base is None or other is None:
                continue
            variance = sum(max(r["mean_square"] - r["mean"] ** 2, 0.0) for r in (base, other)) / 2
            difference = (other["mean"] - base["mean"]) / variance**0.5 if variance > 1e-12 else 0.0
            chance = 1.96 * (1 / base["n"] + 1 / other["n"]) ** 0.5
            found.append({
                "what": what, "arm": arm, "versus": names[0], "mean_arm": other["mean"], "mean_versus": base["mean"],
                "difference": difference, "chance": round(chance, 2),
                "sd": variance**0.5, "n": min(base["n"], other["n"]),
            })  # fmt: skip
    book.put(f"{path}.balance", [{name: row[name] for name in row if name not in ("sd", "n")} for row in found])
    for j, row in enumerate(found):
        both = [f"{path}.arms.{names.index(row[side])}.customers" for side in ("arm", "versus")]
        for name, one in (("mean_arm", row["sd"]), ("mean_versus", row["sd"]), ("difference", 1), ("chance", 1)):
            book.figure(f"{path}.balance.{j}.{name}", row[name], one / row["n"], both)


def _watch_cells(book: Book, i: int, names: Sequence[str], cells: pl.DataFrame) -> None:
    """Who acted in the segments that may be shown, linked to the arms; what is left of a segmentation is one segment.

    A segment is one that holds enough customers of every arm, the largest first.
    """
    path = f"experiments.{i}"
    counts: dict[str, dict[str, dict[str, dict[bool, int]]]] = {}
    for by, segment, arm, acted, n in cells.iter_rows():
        here = counts.setdefault(by, {}).setdefault(segment, {a: {True: 0, False: 0} for a in names})
        if arm in here:
            here[arm][acted] = n
    for by, segments in counts.items():
        large = [
            s
            for s, own in segments.items()
            if all(book.large(f"{path}|{by}|{s}|{a}", sum(own[a].values())) for a in names)
        ]
        large.sort(key=lambda s: (-sum(sum(own.values()) for own in segments[s].values()), s))
        kept = sorted(large[:SEGMENTS] if book.public else large)
        for j, arm in enumerate(names):
            parts: dict[str, list[str]] = {"customers": [], "acted": [], "idle": []}
            for segment in [*kept, None]:
                members = [s for s in segments if s not in kept] if segment is None else [segment]
                own = {acted: sum(segments[s][arm][acted] for s in members) for acted in (True, False)}
                if segment is None and not sum(own.values()):
                    continue
                # An empty name is no segment of the analysis, which calls what it does not know `unknown`.
                key, both = cell(i, by, segment or "", arm), acting(i, by, segment or "", arm)
                book.watch(key, sum(own.values()))
                for watched, acted, column in zip(both, (True, False), ("acted", "idle"), strict=True):
                    book.watch(watched, own[acted])
                    parts[column].append(watched)
                book.total(key, both)
                parts["customers"].append(key)
            for column, keys in parts.items():
                book.total(f"{path}.arms.{j}.{column}", keys)


def _split(book: Book, path: str, name: str, part: int, whole: int) -> None:
    """`part` of the customers at `path`, with its share; all of them are no small remainder."""
    book.people(f"{path}.{name}", part)
    rest = []
    if whole - part:
        book.watch(f"{path} not {name}", whole - part)
        rest = [f"{path} not {name}"]
    book.total(f"{path}.customers", [f"{path}.{name}", *rest])
    book.share(f"{path}.{name}_share", f"{path}.{name}", f"{path}.customers")
    book.derived(f"{path}.{name}_share", rest)


def _linked(book: Book, one: str, other: str) -> None:
    """Two counts of much the same people: what lies between them is a count too."""
    if book.get(one) is None or book.get(other) is None:
        return
    whole, part = sorted((one, other), key=book.get, reverse=True)
    parts = [part]
    if between := book.get(whole) - book.get(part):
        book.rest(f"{one} - {other}", between)
        parts.append(f"{one} - {other}")
    book.total(whole, parts)


def cell(i: int, *names: str) -> str:
    """Key of a watched count of one experiment; arms and segments may hold any letters."""
    return json.dumps([i, *names])


def acting(i: int, *names: str) -> list[str]:
    """Keys of those of a cell who acted, and of those who did not."""
    return [cell(i, *names, word) for word in ("acted", "idle")]


def _version(line: tuple[int, str, Mapping[str, Any]], before: tuple[int, str, Mapping[str, Any]] | None) -> dict:
    version, digest, fields = line
    old = before[2] if before is not None else fields
    changed = [n for n in fields if n != "version" and fields[n] != old.get(n)]
    words = "; ".join(f"{n.replace('_', ' ')} {_word(old.get(n))} → {_word(fields[n])}" for n in changed)
    return {"version": version, "hash": digest[:16], "changed": words or "first version"}


def _word(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{arm} {share:g}" for arm, share in value.items())
    return ", ".join(value) if isinstance(value, (list, tuple)) else str(value)
