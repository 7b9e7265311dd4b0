"""What came in, and what graph it made: the first figures of the report on influence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from engine.report.book import ENDLESS, OTHERS, Book

if TYPE_CHECKING:
    import polars as pl

COLUMNS = ("rows_in", "rows_kept", "rows_duplicate", "rows_rejected")
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
    if book.public:  # how many rows an erasure took is a figure of the few people it was about
        sources = sources.filter(sources["target"] != "erasure")
    everyone = max(1, population["customers"])
    _files(book, sources, rejects, everyone)
    for column in ("calls", "texts", "sessions"):
        book.activity(f"coverage.{column}", int(traffic[column].sum()), everyone)
    contacts = int(traffic["calls"].sum() + traffic["texts"].sum())
    book.figure("coverage.on_net_share", float(traffic["on_net"].sum()) / contacts if contacts else None, 3 / everyone)
    book.within("coverage.on_net_share")
    if book.public:
        # A quiet day may be one person's.
        traffic = traffic.filter(traffic["calls"] + traffic["texts"] >= book.k)
        if traffic.height:
            ends = traffic["day"].min(), traffic["day"].max()
            last = min(ends[1] + timedelta(days=1), span["as_of"])
            span = {"first_day": ends[0], "last_day": ends[1], "as_of": last}
    for name in ("first_day", "last_day", "as_of"):
        book.put(f"coverage.{name}", span[name])
    book.put("coverage.window_days", window_days)
    days = traffic.tail(371).drop("on_net")
    book.rows("coverage.calendar", days.iter_rows(named=True))
    for i, row in enumerate(days.iter_rows(named=True)):
        for column in ("calls", "texts", "sessions"):
            book.activity(f"coverage.calendar.{i}.{column}", row[column], everyone)
    book.people("coverage.parties", population["parties"])
    book.people("coverage.customers", population["customers"])
    # Whoever opted out is no customer any more. None or few: which of the two is not said.
    book.people("coverage.opted_out", population["opted_out"])
    listed = sources.filter(sources["target"] == "customers")["rows_kept"].sum()
    if gone := max(0, listed - population["customers"]):
        book.watch("coverage.gone", gone)
        for i, target in enumerate(sources["target"]):
            if target == "customers":
                for column in COLUMNS:
                    book.derived(f"coverage.sources.{i}.{column}", ["coverage.gone"])
    book.people("influence.with_contact", population["chosen"])
    book.people("influence.without_contact", population["customers"] - population["chosen"])
    book.total("coverage.customers", ["influence.with_contact", "influence.without_contact"])
    book.people("influence.contacts", population["contacts"])
    # By the same draw as the count itself.
    without = population["customers"] - population["chosen"]
    few = without < book.k or not book.large("influence.without_contact", without)
    book.put("influence.nearly_all", bool(few and population["chosen"] >= book.k))
    if population["customers"]:
        book.share("influence.coverage_share", "influence.with_contact", "coverage.customers")


def _files(book: Book, sources: pl.DataFrame, rejects: pl.DataFrame, everyone: int) -> None:
    """Rows of the files by what they were imported as, and the rejected ones by reason."""
    book.rows("coverage.sources", sources.iter_rows(named=True))
    for i, row in enumerate(sources.iter_rows(named=True)):
        path = f"coverage.sources.{i}"
        if row["target"] in PEOPLE:
            # A row of these files is a person: a short file would say how few opted out.
            for column in COLUMNS[:2]:
                book.people(f"{path}.{column}", row[column], name=f"rows|{row['target']}")
            for column in COLUMNS[2:]:
                book.put(f"{path}.{column}", None if book.public else row[column])
        elif row["target"] == "logs":
            for column in COLUMNS:
                book.activity(f"{path}.{column}", row[column], everyone, name=f"rows|logs|{column}")
    book.rows("coverage.rejects", rejects.iter_rows(named=True))
    for i, row in enumerate(rejects.iter_rows(named=True)):
        if row["target"] in PEOPLE:
            book.people(f"coverage.rejects.{i}.n", row["n"])
        elif row["target"] == "logs":
            book.people(f"coverage.rejects.{i}.n", row["n"], each=max(1, round(3 * row["n"] / everyone)))
    book.prune("coverage.rejects", "n")
    logs = sources.filter(sources["target"] == "logs")
    for column in COLUMNS:
        book.activity(f"coverage.{column}", int(logs[column].sum()), everyone, name=f"rows|logs|{column}")


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
    import polars as pl

    lows = degrees["low"].to_list()
    # Where the last bin ends would say how many contacts one person has.
    highs = [*lows[1:], ENDLESS if book.public else lows[-1] + 1] if lows else []
    bins = [{"low": a, "high": b, "n": n} for a, b, n in zip(lows, highs, degrees["n"].to_list(), strict=True)]
    book.histogram("health.degree", bins, total="coverage.customers")
    exponents = [e for e in strengths["low"].to_list() if e is not None]
    if book.public:  # likewise where the weakest and the strongest stand
        strengths = strengths.with_columns(low=strengths["low"].clip(-3, 10)).group_by("low").agg(n=pl.col("n").sum())
        strengths = strengths.sort("low", nulls_last=False)
        exponents = [max(-3, min(10, e)) for e in exponents]
    none = min(exponents, default=0) - 1
    bins = [
        {"low": 0.0 if e is None else 2.0**e, "high": 2.0 ** ((none if e is None else e) + 1), "n": n}
        for e, n in strengths.iter_rows()
    ]
    book.histogram("health.strength", bins, total="coverage.customers")
    customers = max(1, int(degrees["n"].sum()))
    each = max(1, round(2 * int(gates["n"].sum()) / customers))
    for figure in ("reciprocity", "overlap"):
        rows = tie_bins.filter(tie_bins["figure"] == figure).iter_rows(named=True)
        bins = [{"low": r["bin"] / 20, "high": (r["bin"] + 1) / 20, "n": r["n"]} for r in rows]
        # A pair has two ends, so that one person adds about twice the pairs per customer to all bins together.
        book.histogram(f"health.{figure}", bins, each=each)
    pairs = int(gates["n"].sum())
    counted = sum(n for reason, n in gates.iter_rows() if not reason)
    # Pairs are no people, but a handful of pairs are a handful of people.
    book.people("health.pairs", pairs, each=each)
    book.people("health.pairs_counted", counted, each=each)
    reasons = sorted(((r, n) for r, n in gates.iter_rows() if r), key=lambda line: (-line[1], line[0]))
    few = 0
    while reasons and (not book.large(f"gate|{reasons[-1][0]}", reasons[-1][1], each) or 0 < few < book.k):
        few += reasons.pop()[1]
    rows = [{"reason": r, "pairs": n} for r, n in [*reasons, *([(OTHERS, few)] if few else [])]]
    book.rows("health.gates", rows, ["pairs"], each=each, names=lambda row: f"gate|{row['reason']}")
    parts = [f"health.gates.{i}.pairs" for i in range(len(book.get("health.gates")))]
    book.total("health.pairs", ["health.pairs_counted", *parts])
    if not book.public:
        book.rows("health.hubs", hubs.iter_rows(named=True))
    # Most hubs are lines that belong to no person, but not all need be.
    book.rows("health.hub_reasons", hub_reasons.iter_rows(named=True), ["n"])
    book.prune("health.hub_reasons", "n")
    book.people("health.hub_count", int(hub_reasons["n"].sum()))
