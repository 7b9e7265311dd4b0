"""Photos of customers and of the campaign's models, look-alikes among them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.synth import looks, portraits, scenery

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from engine.progress import Task
    from engine.synth.people import People

CUSTOMER_SIZE, MODEL_SIZE = 320, 640
LIKENESS = 0.05  # how far a look-alike's parameters lie from the customer's
FOLLOWERS = 5  # customers with a photo per photographed influencer
SCENES = 0.02  # photos that show nobody


@dataclass(frozen=True)
class Pictures:
    """What was drawn.

    Args:
        photos: customer_id, path.
        inventory: photo_id, path, hair, age_band, gender.
        lookalikes: customer_id, arm, photo_id.
        faceless: photos that show nobody.
    """

    photos: pl.DataFrame
    inventory: pl.DataFrame
    lookalikes: pl.DataFrame
    faceless: int


def subjects(people: People, influencer: np.ndarray, allowed: np.ndarray, count: int) -> np.ndarray:
    """Which customers have a photo: the most followed influencers and some of their followers.

    Args:
        people: the town.
        influencer: planted influencer of each customer [n], -1 for none.
        allowed: who may have one, bool [n].
        count: how many at most.

    Returns:
        Customers [k], each influencer followed by its followers.
    """
    import numpy as np

    followed = allowed & (influencer >= 0) & (influencer < people.n)
    followed &= np.where(followed, allowed[np.maximum(influencer, 0) % people.n], False)
    who = np.flatnonzero(followed)
    crowd = np.bincount(influencer[who], minlength=people.n)
    chosen: dict[int, None] = {}
    for leader in np.lexsort((np.arange(people.n), -crowd)):
        if len(chosen) >= count or crowd[leader] == 0:
            break
        for person in (leader, *who[influencer[who] == leader][:FOLLOWERS]):
            chosen.setdefault(int(person))
    return np.array(list(chosen)[:count], dtype=np.int64)


def take(
    rng: np.random.Generator,
    folder: Path,
    people: People,
    influencer: np.ndarray,
    who: np.ndarray,
    models: int,
    task: Task,
) -> Pictures:
    """Draw everything below `folder`/photos and `folder`/inventory.

    Args:
        rng: source of randomness.
        folder: the town's folder.
        people: the town.
        influencer: planted influencer of each customer [n].
        who: customers who have a photo [k].
        models: photos in the inventory; half of them resemble somebody in `who`.
        task: advanced once per picture.
    """
    import numpy as np
    import polars as pl

    (folder / "photos").mkdir()
    (folder / "inventory").mkdir()
    faces = looks.people(rng, people.age[who], people.woman[who])
    seeds = rng.integers(1 << 31, size=len(who) + models)
    shown = rng.random(len(who)) >= SCENES
    paths = [f"photos/{i:05d}.jpg" for i in range(len(who))]
    for i, path in enumerate(paths):
        if shown[i]:
            _save(folder / path, portraits.draw(faces[i], size=CUSTOMER_SIZE, seed=int(seeds[i])))
        else:
            _save(folder / path, scenery.nobody(size=CUSTOMER_SIZE, seed=int(seeds[i])))
        task.advance()
    # Influencers come first, so that some influencer-face matches have a known answer too.
    visible = np.flatnonzero(shown)
    leads = np.isin(who[visible], influencer[who])
    ranked = np.r_[visible[leads], visible[~leads]]
    half = min(models // 2, len(ranked))
    copied = np.r_[ranked[: half // 2], rng.permutation(ranked[half // 2 :])[: half - half // 2]].astype(np.int64)
    like = looks.alike(rng, faces[copied], LIKENESS)
    ages = np.r_[people.age[who][copied], rng.integers(18, 75, models - half)]
    women = np.r_[people.woman[who][copied], rng.random(models - half) < 0.5]
    everyone = np.vstack([like, looks.people(rng, ages[half:], women[half:])])
    place = rng.permutation(models)  # a look-alike's number says nothing
    names = [f"model-{place[i]:04d}" for i in range(models)]
    for i, name in enumerate(names):
        image = portraits.draw(everyone[i], size=MODEL_SIZE, seed=int(seeds[len(who) + i]), studio=True)
        _save(folder / "inventory" / f"{name}.jpg", image)
        task.advance()
    bands = np.array(["18-29", "30-44", "45-59", "60+"])[np.searchsorted((30, 45, 60), ages, side="right")]
    inventory = pl.DataFrame({
        "photo_id": names,
        "path": [f"inventory/{name}.jpg" for name in names],
        "hair": [looks.hair_name(z) for z in everyone],
        "age_band": bands.tolist(),
        "gender": np.where(women, "woman", "man").tolist(),
    }).sort("photo_id")  # fmt: skip
    ids = people.ids[who]
    own = [(ids[c], "own_face", names[i]) for i, c in enumerate(copied)]
    theirs = [
        (people.ids[follower], "influencer_face", names[i])
        for i, c in enumerate(copied)
        for follower in who[influencer[who] == who[c]]
    ]
    lookalikes = pl.DataFrame([*own, *theirs], schema=["customer_id", "arm", "photo_id"], orient="row")
    photos = pl.DataFrame({"customer_id": ids.tolist(), "path": paths})
    return Pictures(photos, inventory, lookalikes.sort("customer_id", "arm"), int((~shown).sum()))


def _save(path: Path, pixels: np.ndarray) -> None:
    from PIL import Image

    Image.fromarray(pixels).save(path, quality=90)
