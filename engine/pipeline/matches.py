"""Stage `matches`: embed the faces needed and find each customer's campaign photos (METHODS section 6)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import config
from engine.attributes import lacking, said
from engine.errors import ModelError
from engine.faces import analyse, cut, estimates, gallery, likeness, model_id
from engine.faces.contacts import Hiding
from engine.faces.match import match
from engine.faces.traits import wishes
from engine.progress import SILENT, Progress
from engine.trust import ages, consent, keys

if TYPE_CHECKING:
    import polars as pl

    from engine.pipeline import Context

# Told for a subject none of whose photos can be used: the reason that a better photo comes closest to mending.
BAD_PHOTO = ("ambiguous", "low_quality", "no_face", "unreadable")


def prepare(context: Context) -> None:
    """Embed photos that have no row in `faces` yet; what is done stays done if the run is stopped."""
    import polars as pl

    store, settings = context.warehouse, context.config.faces
    subjects = subject_photos(context)
    for mode, photos in (
        ("inventory", store.read("inventory", ["sha256", "path"])),
        (
            "customer",
            subjects.filter(pl.col("allowed") & (pl.col("model_id") == model_id(settings, "customer"))).select(
                "sha256", "path"
            ),
        ),
    ):
        known = store.query("faces/known", model_id=model_id(settings, mode))
        store.execute("faces/forget_unreadable", model_id=model_id(settings, mode))
        new = photos.unique("sha256").join(known, on="sha256", how="anti").sort("sha256").select("sha256", "path")
        root, key = context.workspace.faces, model_id(settings, mode)
        batches = store.map_rows(
            new,
            partial(embedded, mode=mode, settings=settings, root=root, key=key),
            size=gallery.CHUNK,
            name=f"faces of {mode} photos",
            threads=context.config.run.threads,
            progress=context.progress,
        )
        for batch in batches:
            with store.transaction():
                store.append("faces", batch)
    _embed_chosen(context, subjects)
    _estimate(context)


def _embed_chosen(context: Context, subjects: pl.DataFrame) -> None:
    """Embed the faces that a person chose in photos of several people."""
    import polars as pl

    store = context.warehouse
    asked = subjects.filter(pl.col("allowed") & pl.col("x").is_not_null()).unique(["sha256", "model_id"])
    for made_by in asked["model_id"].unique().sort():
        store.execute("faces/forget_unreadable", model_id=made_by)
    known = store.read("faces", ["sha256", "model_id"])
    new = asked.join(known, on=["sha256", "model_id"], how="anti").sort("sha256", "model_id")
    photos = new.select("sha256", "path", "x", "y").iter_rows()
    for batch in (
        gallery.chosen(photos, root=context.workspace.faces, settings=context.config.faces) if new.height else ()
    ):
        with store.transaction():
            store.append("faces", batch)


def _estimate(context: Context) -> None:
    """Estimate the looks of models of whom nobody supplied sex or age; what is done stays done."""
    store, settings = context.warehouse, context.config.faces
    asked = _to_estimate(context, store.read("faces"))
    if not settings.estimate_models or asked.is_empty():
        return
    if not estimates.installed():
        context.say(
            f"of {len(asked):,} models sex or age is not known and nothing estimates it: fill them in "
            f"(`kindred inventory review`), or {estimates.INSTALL[0].lower()}{estimates.INSTALL[1:]}"
        )
        return
    made_by = estimates.model_id(model_id(settings, "inventory"))
    known = store.query("faces/estimated", model_id=made_by)
    for batch in estimates.of_faces(
        asked.join(known, on="sha256", how="anti"),
        root=context.workspace.faces, settings=settings, made_by=made_by, progress=context.progress,
    ):  # fmt: skip
        with store.transaction():
            store.append("estimates", batch)


def _to_estimate(context: Context, faces: pl.DataFrame) -> pl.DataFrame:
    """sha256, path and landmarks of campaign photos whose model's sex or age nobody supplied.

    Left out are photos of customers, and of several people where any of them may be meant.
    """
    import polars as pl

    store, settings = context.warehouse, context.config.faces
    inventory = store.read("inventory", ["sha256", "path", "attributes"])
    open_ = [bool(lacking(said(text))) for text in inventory["attributes"]]
    own = faces.filter(pl.col("model_id") == model_id(settings, "inventory"))
    shown = own.filter(pl.len().over("sha256") == 1) if settings.every_face else cut.main_faces(own)
    photos = inventory.filter(pl.Series(open_, dtype=pl.Boolean)).unique("sha256").sort("sha256")
    photos = photos.join(store.read("photos", ["sha256"]), on="sha256", how="anti")
    return photos.join(
        shown.filter(pl.col("status") == "ok").select("sha256", "landmarks"), on="sha256", maintain_order="left"
    ).select("sha256", "path", "landmarks")


def embedded(
    rows: pl.DataFrame,
    *,
    mode: str,
    settings: config.Faces,
    root: Path,
    key: str,
    threads: int = 0,
    progress: Progress = SILENT,
) -> Iterator[pl.DataFrame]:
    """Rows of table `faces` for photos; a job for `Warehouse.map_rows`.

    Args:
        rows: sha256, path below `root`.
        mode: as for `engine.faces.analyse`.
        settings: section `faces`.
        root: the workspace's folder of photos.
        key: `model_id` of whoever asks.
        threads: as for `analyse`.
        progress: as for `analyse`.

    Raises:
        ModelError: the weights here are missing or others than those asked for.
    """
    here = model_id(settings, mode)
    if here != key:
        raise ModelError(
            f"The weights are {key} where the run began, {here} on a worker.", fix="Install the same ones."
        )
    paths = {sha: root / path for sha, path in rows.iter_rows()}
    yield from analyse(paths, mode=mode, settings=settings, threads=threads, root=root, progress=progress)


def run(context: Context) -> None:
    """Write `matches`, and leave in `faces` only photos that are still there and still allowed."""
    import polars as pl

    store, settings = context.warehouse, context.config.faces
    subjects = subject_photos(context)
    allowed = subjects.filter("allowed")
    models_id = model_id(settings, "inventory")
    inventory = store.read("inventory")
    faces = store.read("faces")
    campaign = (pl.col("model_id") == models_id) & pl.col("sha256").is_in(inventory["sha256"].implode())
    theirs = allowed.select("sha256", "model_id").unique().with_columns(theirs=pl.lit(True))
    faces = faces.join(theirs, on=["sha256", "model_id"], how="left", maintain_order="left")
    faces = faces.filter(campaign | pl.col("theirs").fill_null(False)).drop("theirs")
    store.write("faces", faces)
    kept = store.read("estimates").filter(
        settings.estimate_models & (pl.col("model_id") == estimates.model_id(models_id))
    )
    store.write("estimates", kept.join(_to_estimate(context, faces), on="sha256", how="semi"))
    found = match(**_request(context, subjects, faces))
    store.write("matches", found)
    _say_how_alike(context, found)


def _say_how_alike(context: Context, found: pl.DataFrame) -> None:
    """Tell what hiding the contacts costs in likeness."""
    import polars as pl

    margin = context.config.faces.contact_margin
    alike = dict(
        found.filter(pl.col("status") == "matched").group_by("arm").agg(pl.col("percentile").mean()).iter_rows()
    )
    theirs, own = alike.get("influencer_face"), alike.get("own_face")
    if theirs is None:
        return
    if margin >= 1:
        context.say("faces.contact_margin = 1: contacts get the most alike photo, which may give them away.")
        return
    beside = "" if own is None else f" (than own-face photos: {own:.0%})"
    context.say(
        f"contacts' photos are drawn so that they give away at most {100 * margin:g} in 100 contacts beyond chance "
        f"(faces.contact_margin): {theirs:.0%} of random pairs are less alike{beside}."
    )


def request(context: Context) -> dict[str, Any]:
    """The arguments with which this stage calls `engine.faces.match.match`, after it has run; read-only."""
    return _request(context, subject_photos(context), context.warehouse.read("faces"))


def places(context: Context, faces: pl.DataFrame) -> pl.DataFrame:
    """Where the usable faces lie; faces: table `faces`.

    Returns:
        subject_id (null = of a campaign photo), sha256, box and landmarks: one face for each subject's photo, and of a
        campaign photo the one it is of.
    """
    import polars as pl

    theirs = (
        subject_photos(context)
        .filter("allowed")
        .unique(["subject_id", "sha256"])
        .select("subject_id", "sha256", "model_id")
    )
    people = faces.join(theirs, on=["sha256", "model_id"])
    shown = cut.main_faces(faces.filter(pl.col("model_id") == model_id(context.config.faces, "inventory")))
    every = pl.concat([people, shown.with_columns(subject_id=pl.lit(None, pl.String))], how="diagonal")
    return every.filter(pl.col("status") == "ok").select("subject_id", "sha256", "box", "landmarks")


def _request(context: Context, subjects: pl.DataFrame, faces: pl.DataFrame) -> dict[str, Any]:
    import polars as pl

    store, settings = context.warehouse, context.config.faces
    allowed = subjects.filter("allowed").unique(["subject_id", "sha256"], maintain_order=True)
    shown = faces.filter(pl.col("model_id") == model_id(settings, "inventory"))
    if not settings.every_face:
        shown = cut.main_faces(shown)
    usable = shown.filter(pl.col("status") == "ok").select("sha256", "embedding", "hair")
    models = store.read("inventory").join(usable, on="sha256")
    people = faces.join(allowed, on=["sha256", "model_id"])
    ok = people.filter(pl.col("status") == "ok")
    hair = ok.sort(-pl.col("hair").arr.get(3), "sha256").group_by("subject_id", maintain_order=True).first()
    wanted = _wanted(context, subjects, people)
    people = likeness.as_one(ok)
    if settings.centre:
        mean = likeness.common(models["embedding"].to_numpy())
        models, people = likeness.centred(models, mean), likeness.centred(people, mean)
    models = estimates.known(models, store.read("estimates")).sort("photo_id", "sha256", maintain_order=True)
    others = likeness.of_others(likeness.random_similarities(models, seed=context.config.run.seed), people, models)
    traits = ages.aged(store, context.today).rename({"customer_id": "subject_id"})
    return {
        "wanted": wanted,
        "hiding": _hiding(context, wanted),
        "subjects": people,
        "models": models,
        "same_person": settings.same_person or likeness.same_person(others, models["photo_id"].n_unique()),
        "least": settings.min_similarity,
        "exclude_same_person": settings.exclude_same_person,
        "seed": context.config.run.seed,
        "wishes": wishes(settings.filters, settings.hair_weight, settings.age_weight, settings.sex_weight),
        "traits": traits.drop("hair", strict=False).join(
            hair.select("subject_id", "hair"), on="subject_id", how="left"
        ),
    }


def _hiding(context: Context, wanted: pl.DataFrame) -> Hiding | None:
    """How contacts are hidden; None where none is asked for, so that the key need not be there."""
    settings = context.config.faces
    if not ((wanted["arm"] == "influencer_face") & wanted["status"].is_null()).any():
        return None
    key = keys.derived(context.workspace.key(), "faces of contacts")
    return Hiding(key, settings.contact_margin, settings.own_face_drawn)


def _wanted(context: Context, subjects: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """One row per customer and arm: whose face, or why none: of the contacts the first who can be shown."""
    import polars as pl

    store = context.warehouse
    customers = store.query("faces/addressees")
    unknown = context.rules.unknown_is_adult
    adults = store.query("faces/adults")["customer_id"].implode()
    known = store.query("faces/known_people")["customer_id"].implode()

    def minor(column: str) -> pl.Expr:
        who = pl.col(column)
        return who.is_not_null() & ~who.is_in(adults) & (who.is_in(known) if unknown else pl.lit(True))

    own = customers.with_columns(arm=pl.lit("own_face"), subject_id=pl.col("customer_id"))
    theirs = customers.join(store.query("faces/lenders", **_lending(context)), on="customer_id", how="left").select(
        "customer_id", pl.lit("influencer_face").alias("arm"), pl.col("contact_id").alias("subject_id"), "rank"
    )
    anyone = customers.with_columns(arm=pl.lit("random_face"))
    purpose = (
        pl.when(pl.col("arm") == "own_face")
        .then(pl.lit(consent.OWN_FACE))
        .otherwise(pl.lit(consent.LIKENESS_FOR_CONTACTS))
    )
    state = subjects.group_by("subject_id", "purpose").agg(pl.col("allowed").any())
    rank = {status: place for place, status in enumerate(("ok", *BAD_PHOTO))}
    best = (
        people.group_by("subject_id")
        .agg(pl.col("status").sort_by(pl.col("status").replace_strict(rank, return_dtype=pl.Int32)).first())
        .rename({"status": "photo"})
    )
    rows = pl.concat([own, theirs, anyone], how="diagonal").with_columns(purpose=purpose)
    rows = rows.join(state, on=["subject_id", "purpose"], how="left").join(best, on="subject_id", how="left")
    reason = (
        pl.when(minor("customer_id") | (minor("subject_id") & pl.col("allowed").is_not_null()))
        .then(pl.lit("minor"))
        .when(pl.col("arm") == "random_face")
        .then(None)
        .when(pl.col("subject_id").is_null())
        .then(pl.lit("no_influencer"))
        .when(pl.col("allowed").is_null())
        .then(pl.lit("no_photo"))
        .when(~pl.col("allowed"))
        .then(pl.lit("no_consent"))
        .when(pl.col("photo") != "ok")
        .then(pl.col("photo"))
    )
    rows = rows.with_columns(status=reason).sort("customer_id", "arm", pl.col("status").is_not_null(), "rank")
    return rows.unique(["customer_id", "arm"], keep="first", maintain_order=True).select(
        "customer_id", "arm", "subject_id", "rank", "status"
    )


def subject_photos(context: Context) -> pl.DataFrame:
    """Photos of people whose face some ad could use.

    Returns:
        subject_id, purpose, sha256, path, allowed (an adult's, with consent for the purpose), x and y (of the face
        that was chosen by hand, else null), model_id (what must have made the row of `faces`).
    """
    import polars as pl

    lenders(context)
    found = context.warehouse.query("faces/subject_photos")
    plain = model_id(context.config.faces, "customer")
    settled = context.warehouse.read("settled").rename({"customer_id": "subject_id"})
    settled = settled.with_columns(
        model_id=pl.Series(
            [gallery.chosen_id(plain, x, y) for x, y in settled.select("x", "y").iter_rows()], dtype=pl.String
        )
    )
    found = found.join(settled, on=["subject_id", "sha256"], how="left", maintain_order="left")
    return found.with_columns(pl.col("model_id").fill_null(plain))


def lenders(context: Context) -> None:
    """Make the temporary table `_lenders`: the contacts whose face each customer may be shown."""
    context.warehouse.temp("_lenders", "faces/lenders", **_lending(context))


def _lending(context: Context) -> dict[str, Any]:
    """Which contacts of a customer may lend a face."""
    faces = context.config.faces
    return {
        "definition": context.config.graph.definition,
        "ranks": faces.influencer_ranks,
        "share": faces.influencer_share,
    }
