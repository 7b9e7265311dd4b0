"""Stage `ads`: the creative of every customer with a chosen offer, for the decided arm or for each that can be shown.

Arm no_face shows a plain ground where the others show a portrait, everything else alike: what a face does is compared
with no face, not with another layout.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import config
from engine.ads import brands, creative, pool
from engine.ads.crop import Face
from engine.ads.photo import SOFT, Photo, enlarged
from engine.ads.render import Offer
from engine.ads.texts import TEXTS, with_texts
from engine.tables import empty
from engine.trust import keys

if TYPE_CHECKING:
    import polars as pl

    from engine.pipeline import Context

GROUND = Path(__file__).resolve().parent.parent / "ads" / "ground.png"


def run(context: Context) -> None:
    """Render what is missing below the workspace's ads/ folder and write `ads`."""
    import polars as pl

    settings = context.config.ads
    brand = brands.load(Path(settings.brand) if settings.brand else None, settings.language)
    sizes = brands.parse_sizes(settings.sizes)
    for size in sizes:
        brands.layers_of(brand, size)
    context.warehouse.temp("_offers_said", "ads/offers_said")
    context.warehouse.temp("_open_arms", "faces/open_arms", unknown_offers=context.rules.unknown_offers)
    wanted = context.warehouse.query(
        "ads/wanted",
        campaign=settings.campaign,
        salt=_salt(context),
        arms=config.names(settings.arms),
        every_arm=settings.render == "all",
        ground=hashlib.sha256(GROUND.read_bytes()).hexdigest(),
    )
    # Of what is there, only this run's and the last finished run's: an export may still be copying those.
    before = set(context.warehouse.read("ads")["files"].explode(empty_as_null=True).drop_nulls())
    if not wanted.height:
        pool.prune(context.workspace.ads, before)
        context.warehouse.write("ads", empty("ads"))
        return
    faces = _faces(context.warehouse.query("ads/photo_faces"))
    wanted = with_texts(context.warehouse, wanted)
    same = ["offer_id", "photo_id", "sha256", *TEXTS]  # one creative for all whom it shows the same
    shown = wanted.unique(same).sort(same)
    layers = [layer for size in sizes for layer in brands.layers_of(brand, size)]
    files, alt, scales, needed = [], [], [], []
    output: dict[str, Any] = {"format": settings.format, "banner_kb": settings.banner_kb}
    for row in shown.iter_rows(named=True):
        offer = Offer(row["offer_id"], row["headline"], row["body"], row["call_to_action"])
        photo = _photo(row, context.workspace.faces, faces)
        made = [creative.creative(settings.campaign, brand, offer, photo, size, **output) for size in sizes]
        needed += made
        files.append([c.name for c in made])
        alt.append(creative.alt_text(offer, brand, face=row["path"] is not None))
        scales.append(enlarged(photo, layers))
    pool.prune(context.workspace.ads, before | {c.name for c in needed})
    threads = context.config.run.threads
    folder, spread = context.workspace.ads, context.warehouse.map_rows
    pool.render_all(needed, brand, folder, **output, threads=threads, progress=context.progress, spread=spread)
    made = shown.select(same).with_columns(
        files=pl.Series(files, dtype=pl.List(pl.String)),
        alt_text=pl.Series(alt, dtype=pl.String),
        enlarged=pl.Series(scales, dtype=pl.Float64),
    )
    _warn(context, brand, made)
    ads = wanted.join(made, on=same, maintain_order="left")
    context.warehouse.write("ads", ads.select(empty("ads").columns))


def _warn(context: Context, brand: brands.Brand, made: pl.DataFrame) -> None:
    """Say what a look at the ads would show: no sender, photos too small for the canvas."""
    import polars as pl

    if not brand.name:
        context.say(
            "the ads name no company: set ads.brand to a folder with a brand.toml of [brand], name and legal "
            "(docs/howto/sending.md)."
        )
    soft = made.filter(pl.col("enlarged") > SOFT).group_by("photo_id").agg(pl.col("enlarged").max())
    if soft.height:
        worst = soft.sort("enlarged", "photo_id", descending=[True, False]).head(3)
        named = ", ".join(f"{photo} {scale:.1f} times" for photo, scale in worst.iter_rows())
        context.say(
            f"{soft.height} of {made['photo_id'].n_unique()} photos are enlarged more than {SOFT:g} times and look "
            f"soft: {named}. Supply larger ones, or smaller ads.sizes."
        )


def _salt(context: Context) -> bytes:
    """What hides the contact in an ad's id; empty where no ad has one, so that the key need not be there."""
    if not context.warehouse.query("ads/contacts")["n"][0]:
        return b""
    return keys.derived(context.workspace.key(), "ads")


def _faces(rows: pl.DataFrame) -> dict[str, tuple[tuple[int, int], tuple[Face, ...]]]:
    """Per photo (sha256): the size its coordinates refer to and its faces, the largest first, of one model only."""
    import polars as pl

    found: dict[str, tuple[tuple[int, int], tuple[Face, ...]]] = {}
    latest = rows.group_by("sha256").agg(pl.col("model_id").max())
    for row in rows.join(latest, on=["sha256", "model_id"], maintain_order="left").iter_rows(named=True):
        marks = row["landmarks"]
        eyes = ((marks[0] + marks[2]) / 2, (marks[1] + marks[3]) / 2)
        size, faces = found.get(row["sha256"], ((row["width"], row["height"]), ()))
        found[row["sha256"]] = (size, (*faces, Face(tuple(row["box"]), eyes)))
    return found


def _photo(row: dict[str, Any], folder: Path, faces: dict[str, Any]) -> Photo:
    if row["path"] is None:
        return Photo(row["photo_id"], row["sha256"], GROUND, None, ())
    size, found = faces.get(row["sha256"], (None, ()))
    return Photo(row["photo_id"], row["sha256"], folder / row["path"], size, found)
