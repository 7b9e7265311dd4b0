"""Which numbers are one person's: a second SIM, or a new number after an old one.

Compared are numbers that had the same handset, and numbers of which one began where the other ended. Evidence for one
person: nearly the same contacts, nearly the same places, the same handset. Evidence against: a call between the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from engine.warehouse import Warehouse

SAME_HANDSET, FOLLOWED, LINKED = "same_handset", "followed", "linked"
JOINED, SPLIT = "joined", "split"
BY_HAND = (JOINED, SPLIT)
LIKELY = 0.6  # score from which two numbers are taken for one person's, see `tests/graph/test_graph_persons.py`
SHARED_BY = 4  # parties that may have had a handset before it counts as nobody's
EDGE_DAYS = 14  # silent for longer at an end of the records: the number ended, or began, within them
EARLY_DAYS, LATE_DAYS = 7, 45  # a new number begins so long before the old one's last day, or so long after it
COMMON = 3  # contacts in common that numbers without a common handset need
_WEIGHT_CONTACTS, _WEIGHT_PLACES, _WEIGHT_HANDSET = 2.0, 1.0, 1.0


def candidates(store: Warehouse) -> pl.DataFrame:
    """Pairs of numbers that may be one person's, with the evidence: rows of sql/graph/person_pairs.

    Args:
        store: the warehouse, after stage `edges`.
    """
    store.temp("person_devices", "graph/person_devices", most=SHARED_BY)
    store.temp("person_contacts", "graph/person_contacts")
    store.temp(
        "person_candidates", "graph/person_candidates", edge_days=EDGE_DAYS, early_days=EARLY_DAYS,
        late_days=LATE_DAYS, common=COMMON,
    )  # fmt: skip
    found = store.query("graph/person_pairs")
    store.drop("person_candidates", "person_contacts", "person_devices")
    return found


def scored(pairs: pl.DataFrame) -> pl.DataFrame:
    """How likely pairs are one person: the weighted mean of what they share, 0 where they ever talked.

    Args:
        pairs: of `candidates`.

    Returns:
        a, b, score (0 to 1: contacts count twice, places and handset once, places not where cells are not known), why.
        Of several new numbers of an old one, and of several old ones of a new one, the likeliest pair stays.
    """
    import polars as pl

    known = pl.col("places").is_not_null()
    shared = (
        _WEIGHT_CONTACTS * pl.col("contacts")
        + _WEIGHT_PLACES * pl.col("places").fill_null(0.0)
        + _WEIGHT_HANDSET * pl.col("handset").cast(pl.Float64)
    )
    whole = _WEIGHT_CONTACTS + _WEIGHT_HANDSET + pl.when(known).then(_WEIGHT_PLACES).otherwise(0.0)
    score = pl.when(pl.col("talked") == 0).then(shared / whole).otherwise(0.0)
    apart = pl.col("gap_days") >= -EARLY_DAYS
    rows = pairs.select(
        "a", "b", score=score, why=pl.when("handset").then(pl.lit(SAME_HANDSET)).otherwise(pl.lit(FOLLOWED)),
        followed=apart,
    ).sort("score", "a", "b", descending=[True, False, False])  # fmt: skip
    first = (pl.col("a").cum_count().over("a") == 1) & (pl.col("b").cum_count().over("b") == 1)
    followers = rows.filter("followed").filter(first)
    return pl.concat([rows.filter(~pl.col("followed")), followers]).drop("followed").sort("a", "b")


def together(links: pl.DataFrame, apart: Sequence[tuple[int, int]]) -> dict[int, int]:
    """The person of every linked number, called by its smallest number.

    Args:
        links: a, b, score (null = said by hand), which are one person's; a link that would bring together two numbers
            of `apart` is left out, the least likely first.
        apart: pairs of numbers that are not one person's.
    """
    import polars as pl

    members: dict[int, set[int]] = {}
    ordered = links.sort(pl.col("score").fill_null(2.0), "a", "b", descending=[True, False, False])
    for one, other in ordered.select("a", "b").iter_rows():
        both = members.get(one, {one}) | members.get(other, {other})
        if not any(x in both and y in both for x, y in apart):
            for number in both:
                members[number] = both
    return {number: min(both) for number, both in members.items()}


def table(links: pl.DataFrame, by_hand: pl.DataFrame) -> pl.DataFrame:
    """Table `persons`: every pair of numbers of one person, and the pairs that were split by hand.

    Args:
        links: a, b, score, why of pairs that were found.
        by_hand: rows of table `persons` with a why of `BY_HAND`, which hold against what was found.
    """
    import polars as pl

    split = by_hand.filter(pl.col("why") == SPLIT)
    found = links.join(by_hand, on=["a", "b"], how="anti")
    linked = pl.concat([by_hand.filter(pl.col("why") == JOINED), found], how="vertical_relaxed")
    person = together(linked, split.select("a", "b").rows())
    owners = pl.DataFrame(
        {"number": list(person), "person": list(person.values())}, schema={"number": pl.UInt32, "person": pl.UInt32}
    )
    pairs = owners.join(owners, on="person").filter(pl.col("number") < pl.col("number_right"))
    pairs = pairs.select(a="number", b="number_right").join(linked, on=["a", "b"], how="left")
    pairs = pairs.with_columns(why=pl.col("why").fill_null(LINKED))
    return pl.concat([pairs, split], how="vertical_relaxed").select("a", "b", "score", "why").sort("a", "b")
