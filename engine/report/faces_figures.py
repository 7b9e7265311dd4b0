"""Figures of the faces report (METHODS section 6): how far photos carry, and how the inventory is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.report.book import bin_name

if TYPE_CHECKING:
    import polars as pl

    from engine.report.book import Book


def fill(
    book: Book,
    *,
    statuses: pl.DataFrame,
    matches: pl.DataFrame,
    ranks: pl.DataFrame,
    percentiles: pl.DataFrame,
    uses: pl.DataFrame,
    groups: pl.DataFrame,
    named: dict[str, Any],
    margin: float,
) -> None:
    """Everything below `faces`.

    Args:
        book: to fill.
        statuses: sql/report/photo_statuses.
        matches: sql/report/match_statuses.
        ranks: sql/report/match_ranks.
        percentiles: sql/report/percentiles.
        uses: sql/report/photo_uses.
        groups: sql/report/match_groups.
        named: the row of sql/report/contacts_named.
        margin: setting `faces.contact_margin`.
    """
    photos(book, statuses)
    arms(book, matches)
    contact_ranks(book, ranks)
    likeness(book, percentiles)
    inventory(book, uses)
    by_group(book, groups)
    contacts(book, named, margin)


def photos(book: Book, statuses: pl.DataFrame) -> None:
    """What became of the photos: customers' (small counts withheld) and models' (no customers among them)."""
    customers = statuses.filter(statuses["whose"] == "customers")
    rows = [{"status": s, "photos": n, "persons": p} for _, s, n, p in customers.iter_rows()]
    book.put("faces.photos", [{"status": r["status"]} for r in rows])
    for i, row in enumerate(rows):
        book.people(f"faces.photos.{i}.photos", row["photos"], persons=row["persons"])
    if rows:
        book.people("faces.photos_in", sum(r["photos"] for r in rows))
        book.total("faces.photos_in", [f"faces.photos.{i}.photos" for i in range(len(rows))])
    book.prune("faces.photos", "photos")
    book.order("faces.photos", "photos", "status")
    models = statuses.filter(statuses["whose"] == "models")
    book.rows("faces.models", ({"status": s, "photos": n} for _, s, n, _ in models.iter_rows()))
    book.put("faces.models_in", int(models["photos"].sum()))


def arms(book: Book, matches: pl.DataFrame) -> None:
    """Per arm: customers by what came of the match; each arm adds up to its customers."""
    rows = matches.to_dicts()
    book.put("faces.matches", [{"arm": r["arm"], "status": r["status"]} for r in rows])
    flagged: dict[str, int] = {}
    for i, row in enumerate(rows):
        book.people(f"faces.matches.{i}.n", row["n"])
        flagged[row["arm"]] = flagged.get(row["arm"], 0) + row["same_person"]
    book.prune("faces.matches", "n")
    names = sorted(flagged)
    book.put("faces.arms", [{"arm": arm} for arm in names])
    for j, arm in enumerate(names):
        mine = [i for i, row in enumerate(rows) if row["arm"] == arm]
        book.people(f"faces.arms.{j}.customers", sum(rows[i]["n"] for i in mine))
        book.total(f"faces.arms.{j}.customers", [f"faces.matches.{i}.n" for i in mine])
        good = next((i for i in mine if rows[i]["status"] == "matched"), None)
        book.people(f"faces.arms.{j}.matched", 0 if good is None else rows[good]["n"])
        if good is not None:
            book.total(f"faces.arms.{j}.matched", [f"faces.matches.{good}.n"])
        book.people(f"faces.arms.{j}.same_person", flagged[arm])
        book.rest(f"faces.arms.{j}.other_person", book.get(f"faces.arms.{j}.matched") - flagged[arm])
        book.total(f"faces.arms.{j}.matched", [f"faces.arms.{j}.same_person", f"faces.arms.{j}.other_person"])


def contact_ranks(book: Book, ranks: pl.DataFrame) -> None:
    """How many customers each further contact adds to those with an influencer's face."""
    book.rows("faces.ranks", ranks.iter_rows(named=True), ["n"])
    names = [row["arm"] for row in book.get("faces.arms")]
    if ranks.height and ranks["n"].sum() == book.get(f"faces.arms.{names.index('influencer_face')}.matched"):
        parts = [f"faces.ranks.{i}.n" for i in range(ranks.height)]
        book.total(f"faces.arms.{names.index('influencer_face')}.matched", parts)


def likeness(book: Book, percentiles: pl.DataFrame) -> None:
    """Matches by rarity: the share of random pairs of inventory photos that are less alike."""
    rows = []
    for arm in sorted(set(percentiles["arm"])):
        mine = percentiles.filter(percentiles["arm"] == arm).sort("bin")
        bins = [{"low": b / 20, "high": (b + 1) / 20, "n": n} for _, b, n in mine.iter_rows()]
        rows += [{"arm": arm, **piece} for piece in book.bins(f"percentiles|{arm}", bins)]
    book.rows("faces.percentiles", rows, ["n"], names=lambda row: bin_name(f"percentiles|{row['arm']}", row))
    for j, row in enumerate(book.get("faces.arms") or []):
        parts = [f"faces.percentiles.{i}.n" for i, r in enumerate(rows) if r["arm"] == row["arm"]]
        if not parts:
            continue
        if rest := row["matched"] - sum(book.get(p) for p in parts):
            book.rest(f"faces.arms.{j}.without_percentile", rest)
            parts.append(f"faces.arms.{j}.without_percentile")
        book.total(f"faces.arms.{j}.matched", parts)


def inventory(book: Book, uses: pl.DataFrame) -> None:
    """How often each photo of the inventory is used, by arm; photos nobody is matched to are only counted."""
    used = uses.filter(uses["uses"] > 0)
    book.put("faces.unused", None if book.public else uses.height - used.height)
    if not book.public:
        book.rows("faces.inventory", used.iter_rows(named=True))
        return
    # Only photos that many are matched to, and never all of them: with the arms' matches the rest would follow.
    rows = [
        {name: row[name] for name in ("photo_id", "uses", "max_uses", "enlarged")}
        for row in used.iter_rows(named=True)
        if book.large(f"uses|{row['photo_id']}", row["uses"])
    ]
    matched = sum(row["matched"] for row in book.get("faces.arms") or [])
    while rows and matched - sum(row["uses"] for row in rows) < 2 * book.k:
        rows.pop()
    book.rows("faces.inventory", rows, ["uses"], names=lambda row: f"uses|{row['photo_id']}")
    book.prune("faces.inventory", "uses")
    book.order("faces.inventory", "uses", "photo_id")


def by_group(book: Book, groups: pl.DataFrame) -> None:
    """Share matched and mean percentile per gender and age, as the customers table states them."""
    # Everybody has a random face: none left over in any group is no news, but would be a small count.
    rows = [row for row in groups.to_dicts() if not book.public or row["arm"] != "random_face"]
    book.put("faces.groups", [{"group_by": r["group_by"], "group": r["group"], "arm": r["arm"]} for r in rows])
    arms = {row["arm"]: j for j, row in enumerate(book.get("faces.arms") or [])}
    for i, row in enumerate(rows):
        path = f"faces.groups.{i}"
        book.people(f"{path}.customers", row["customers"])
        book.people(f"{path}.matched", row["matched"])
        book.people(f"{path}.unmatched", row["customers"] - row["matched"])
        book.total(f"{path}.customers", [f"{path}.matched", f"{path}.unmatched"])
        book.share(f"{path}.matched_share", f"{path}.matched", f"{path}.customers")
        book.figure(f"{path}.percentile", row["percentile"], 1 / max(1, row["matched"]), [f"{path}.matched"])
    book.prune("faces.groups", "customers")
    for by in sorted({row["group_by"] for row in rows}):
        for arm, j in arms.items():
            mine = [i for i, row in enumerate(rows) if row["group_by"] == by and row["arm"] == arm]
            for name in ("customers", "matched") if mine else ():
                book.total(f"faces.arms.{j}.{name}", [f"faces.groups.{i}.{name}" for i in mine])


def contacts(book: Book, named: dict[str, Any], margin: float) -> None:
    """Which share of contacts the photos name, by chance and at most; withheld where few ads or contacts are behind."""
    if not named["ads"]:
        return
    book.watch("faces.named.ads", named["ads"], persons=named["contacts"])
    book.put("faces.named.drawn", margin < 1)
    book.put("faces.named.more", margin)
    for name in ("share", "chance"):
        book.put(f"faces.named.{name}", named["named" if name == "share" else name])
        book.derived(f"faces.named.{name}", ["faces.named.ads"])
