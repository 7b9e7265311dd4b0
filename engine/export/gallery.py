"""The gallery: one HTML page that shows each customer's variants side by side, from disk, without a network.

The rows travel as data inside the page and are drawn as text nodes; a content-security policy allows this page's own
script and style (by hash) and pictures beside it, nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from engine.config import Ads
    from engine.warehouse import Warehouse

PAGES = Path(__file__).resolve().parent / "pages"
ARMS = {
    "own_face": "Own face",
    "influencer_face": "Influencer's face",
    "random_face": "Random face",
    "no_face": "No face",
}
STATUSES = {
    "shown": "Shown",
    "withheld": "No longer as it was decided",
    "not_chosen": "Another one is shown",
    "no_photo": "No photo",
    "no_consent": "No consent",
    "no_face": "No face in the photo",
    "no_inventory": "No campaign photo",
    "not_told": "No photo of a contact",
    "used_up": "All fitting photos used up",
    "nobody_alike": "Nobody is alike",
    "ambiguous": "Several faces in the photo",
    "low_quality": "Photo too poor",
    "unreadable": "Photo unreadable",
    "minor": "Minor",
}


def page(store: Warehouse, settings: Ads) -> str:
    """The page's HTML.

    Args:
        store: the workspace's database.
        settings: `[ads]`.
    """
    return html(store.query("export/shown"), campaign=settings.campaign)


def html(shown: pl.DataFrame, *, campaign: str) -> str:
    """The page for rows of sql/export/shown.sql.

    Args:
        shown: one row per customer and arm.
        campaign: its name, for the title.

    Returns:
        HTML whose pictures lie in `creatives/` beside it.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    pages = Environment(loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined)
    style, script = ((PAGES / name).read_text(encoding="utf-8") for name in ("gallery.css", "gallery.js"))
    return pages.get_template("gallery.html").render(
        campaign=campaign,
        data=_data(shown),
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        customers=shown["customer_id"].n_unique(),
        ads=shown.filter(shown["status"] == "shown").height,
    )


def _data(shown: pl.DataFrame) -> dict[str, Any]:
    """The rows as small as they get: repeated texts once, then numbers that point at them."""
    import polars as pl

    offers = shown.select("offer_id", "headline").unique(maintain_order=True).sort("offer_id")
    reasons = shown["reason"].fill_null("").unique().sort()
    files = shown["files"].explode(empty_as_null=True).drop_nulls().unique().sort()
    alts = shown["alt_text"].drop_nulls().unique().sort()
    arms = [arm for arm in ARMS if arm in set(shown["arm"])] + sorted(set(shown["arm"]) - set(ARMS))
    statuses = sorted(set(shown["status"]), key=lambda s: (s != "shown", s))

    def index(column: str, values: list[str]) -> pl.Expr:
        numbered = {value: number for number, value in enumerate(values)}
        return pl.col(column).replace_strict(numbered, default=None, return_dtype=pl.Int64)

    variants = shown.select(
        "customer_id",
        index("offer_id", offers["offer_id"].to_list()).alias("offer"),
        pl.col("reason").fill_null("").replace_strict(
            {r: n for n, r in enumerate(reasons)}, return_dtype=pl.Int64
        ).alias("reason"),
        pl.col("expected_value").round(4).alias("value"),
        index("arm", arms).alias("arm"),
        index("status", statuses).alias("status"),
        pl.col("percentile").round(5),
        (pl.col("flag") == "same_person_likely").fill_null(False).cast(pl.Int8).alias("flag"),
        index("alt_text", alts.to_list()).alias("alt"),
        pl.col("files").list.eval(
            pl.element().replace_strict(
                {f: n for n, f in enumerate(files)}, default=None, return_dtype=pl.Int64
            )
        ),
    )  # fmt: skip
    rows = (
        variants.group_by("customer_id", maintain_order=True)
        .agg(
            pl.col("offer", "reason", "value").first(),
            pl.struct("arm", "status", "percentile", "flag", "alt", "files").alias("variants"),
            pl.col("files").count().alias("shown"),
        )
        .sort("shown", "customer_id", descending=[True, False])  # what can be compared comes first
        .drop("shown")
    )
    return {
        "offers": offers.rows(),
        "reasons": reasons.to_list(),
        "files": files.to_list(),
        "alts": alts.to_list(),
        "arms": [[arm, ARMS.get(arm, arm)] for arm in arms],
        "statuses": [[status, STATUSES.get(status, status)] for status in statuses],
        "rows": rows.to_dicts(),
    }


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
