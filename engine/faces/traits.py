"""What else two people can have in common: hair colour as measured, age and other attributes as supplied.

Nothing here says or guesses anybody's race or ethnicity, and no filter by such an attribute is accepted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine import sexes
from engine.attributes import SEX, band, lacking, said
from engine.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

FORBIDDEN = ("race", "ethnic", "skin", "religion", "nationality", "caste", "origin")
# Named hair colours in CIE Lab.
HAIR = {
    "black": (14, 1, 1),
    "dark brown": (22, 6, 8),
    "brown": (32, 10, 15),
    "chestnut": (36, 18, 24),
    "blond": (70, 8, 36),
    "blonde": (70, 8, 36),
    "red": (44, 32, 32),
    "grey": (62, 0, 1),
    "gray": (62, 0, 1),
    "white": (86, 0, 2),
}
WITHIN = 7  # years on both sides of a model's age, supplied or estimated, that count as that age
FAR_APART = 15.0  # years
FAR_COLOURS = 50.0  # Lab distance that takes off the whole weight
SURE = 0.3  # hair measured with less confidence counts as unknown


@dataclass(frozen=True)
class Wishes:
    """What a match should have in common besides the face; nothing by default.

    Args:
        filters: attributes that must agree where both sides are known (gender, hair, age_band, ...).
        hair_weight: similarity taken off for hair of quite another colour, in proportion for nearer ones.
        age_weight: similarity taken off for each ten years between the subject's age and the model's band; a model's
            single age is one of `WITHIN` years to both sides.
        sex_weight: similarity taken off for the other sex.

    Raises:
        ConfigError: a filter concerns race, ethnicity or the like.
    """

    filters: tuple[str, ...] = ()
    hair_weight: float = 0.0
    age_weight: float = 0.0
    sex_weight: float = 0.0

    def __post_init__(self) -> None:
        for name in self.filters:
            if any(word in name.lower() for word in FORBIDDEN):
                raise ConfigError(
                    f"faces.filters: {name!r} is not accepted.", fix="Filter by gender, hair or age_band."
                )

    def __bool__(self) -> bool:
        return bool(self.filters or self.hair_weight or self.age_weight or self.sex_weight)


def wishes(filters: str, hair_weight: float, age_weight: float, sex_weight: float = 0.0) -> Wishes:
    """`Wishes` from the settings `faces.filters` (names with commas), `faces.hair_weight`, `faces.age_weight` and
    `faces.sex_weight`."""
    names = tuple(sorted({n.strip() for n in filters.split(",") if n.strip()}))
    return Wishes(names, hair_weight, age_weight, sex_weight)


def hair(pixels: np.ndarray, box: np.ndarray) -> list[float]:
    """Colour of the hair: the median of the strip above the face box.

    Args:
        pixels: uint8 RGB (height, width, 3).
        box: x0 y0 x1 y1 of the face in its pixels.

    Returns:
        L 0..100, a, b (CIE Lab) and a confidence 0..1: low where the strip lies outside the photo, is of many
        colours, or looks like the background beside the head (no telling hair from wall).
    """
    import cv2
    import numpy as np

    x0, y0, x1, y1 = (float(v) for v in box)
    wide, tall = x1 - x0, y1 - y0

    def patch(left: float, right: float, top: float, bottom: float) -> np.ndarray:
        area = [round(max(v, 0)) for v in (top, bottom, left, right)]
        part = pixels[area[0] : area[1], area[2] : area[3]]
        if not part.size:
            return np.zeros((0, 3))
        return cv2.cvtColor(np.float32(part) / 255, cv2.COLOR_RGB2LAB).reshape(-1, 3)

    top, bottom = y0 - 0.22 * tall, y0 + 0.02 * tall
    strip = patch(x0 + 0.2 * wide, x1 - 0.2 * wide, top, bottom)
    asked = max(0.6 * wide * 0.24 * tall, 1)
    if len(strip) < 20:
        return [0.0, 0.0, 0.0, 0.0]
    colour = np.median(strip, axis=0)
    spread = float(np.median(np.linalg.norm(strip - colour, axis=1)))
    beside = np.concatenate(
        [patch(x0 - wide, x0 - 0.6 * wide, top, bottom), patch(x1 + 0.6 * wide, x1 + wide, top, bottom)]
    )
    apart = float(np.linalg.norm(np.median(beside, axis=0) - colour)) if len(beside) else FAR_COLOURS / 4
    confidence = min(len(strip) / asked, 1.0) * float(np.exp(-spread / 15)) * min(apart / 12, 1.0)
    return [*(float(v) for v in colour), confidence]


class Penalties:
    """How much is taken off the similarity of each subject with each photo.

    Args:
        subjects: subject_id and, where known, age, hair (Lab and confidence) and further columns to filter by;
            one row per subject, in the order asked for later.
        photos: photo_id and, where known, attributes (JSON object), hair, sex_looks and age_looks (as estimated; what
            is supplied stands before it); in the order of the columns returned.
        wishes: what should agree.
    """

    def __init__(self, subjects: pl.DataFrame, photos: pl.DataFrame, wishes: Wishes) -> None:
        import numpy as np

        self._wishes = wishes
        supplied = [said(text) for text in photos["attributes"]] if "attributes" in photos.columns else []
        supplied = supplied or [{} for _ in range(len(photos))]
        theirs = _colours(photos, [HAIR.get(a.get("hair", "")) for a in supplied])
        ours = _colours(subjects, [None] * len(subjects))
        bands = np.array([band(a.get("age_band", a.get("age", ""))) for a in supplied], np.float64).reshape(-1, 2)
        age = _numbers(subjects, "age")
        bands = np.where(bands[:, :1] == bands[:, 1:], bands + np.array((-WITHIN, WITHIN)), bands)
        bands = _looks(bands, photos, supplied)
        looks = photos["sex_looks"].to_list() if "sex_looks" in photos.columns else None
        self._hair, self._age = (ours, theirs), (age, bands)
        self._sex = _codes(_agreed("gender", subjects, supplied, looks)) if wishes.sex_weight else None
        self._codes: list[tuple[np.ndarray, np.ndarray | tuple[np.ndarray, np.ndarray]]] = []
        for name in wishes.filters:
            if name == "hair":
                pair = [_nearest_name(c) for c in ours], [_nearest_name(c) for c in theirs]
            elif name in ("age_band", "age"):
                low, high = bands[:, 0], bands[:, 1]
                self._codes.append((age, (low, high)))
                continue
            else:
                pair = _agreed(name, subjects, supplied, looks)
            self._codes.append(_codes(pair))

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """What is taken off, float32 (len(rows), photos), infinite where a filter forbids the pair.

        Args:
            rows: indices of subjects.
        """
        import numpy as np

        ours, theirs = self._hair
        off = np.zeros((len(rows), len(theirs)), np.float32)
        if self._wishes.hair_weight:
            distance = np.linalg.norm(ours[rows][:, None] - theirs[None], axis=2)
            off += self._wishes.hair_weight * np.nan_to_num(np.minimum(distance / FAR_COLOURS, 1))
        age, bands = self._age
        if self._wishes.age_weight:
            off += self._wishes.age_weight * np.nan_to_num(_outside(age[rows], bands)) / 10
        if self._sex is not None:
            off[_differ(*self._sex, rows)] += self._wishes.sex_weight
        for ours_, theirs_ in self._codes:
            if isinstance(theirs_, tuple):
                forbidden = _outside(ours_[rows], np.column_stack(theirs_)) > 0
            else:
                forbidden = _differ(ours_, theirs_, rows)
            off[forbidden] = np.inf
        return off


def _codes(pair: tuple[list, list]) -> tuple[np.ndarray, np.ndarray]:
    """Both sides' words as numbers, -1 = unknown."""
    import numpy as np

    code = {v: i for i, v in enumerate(sorted({v for side in pair for v in side if v}))}
    ours, theirs = (np.array([code.get(v, -1) for v in side], np.int64) for side in pair)
    return ours, theirs


def _differ(ours: np.ndarray, theirs: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Where both are known and not the same, (len(rows), photos)."""
    a, b = ours[rows][:, None], theirs[None]
    return (a != b) & (a >= 0) & (b >= 0)


def disagreements(found: pl.DataFrame, traits: pl.DataFrame, models: pl.DataFrame) -> dict[str, float | None]:
    """How often matches differ in what is plain to see.

    Args:
        found: rows of table `matches`.
        traits: subject_id, and age and gender where known.
        models: photo_id, attributes?.

    Returns:
        other_sex: share of the other sex; years_apart: share more than 15 years outside the model's band of age. Of
        the matches in which it is known of both; None where it is of none.
    """
    import numpy as np
    import polars as pl

    pairs = found.filter(pl.col("status") == "matched").select("subject_id", "photo_id")
    about = models.group_by("photo_id").agg(pl.col("attributes").drop_nulls().first())
    pairs = pairs.join(traits, on="subject_id", how="left", maintain_order="left")
    pairs = pairs.join(about, on="photo_id", how="left", maintain_order="left")
    supplied = [said(text) for text in pairs["attributes"]]
    ours, theirs = _agreed("gender", pairs, supplied)
    differs = [a != b for a, b in zip(ours, theirs, strict=True) if a and b]
    bands = np.array([band(a.get("age_band", a.get("age", ""))) for a in supplied], np.float64).reshape(-1, 2)
    age = _numbers(pairs, "age")
    apart = np.maximum(np.maximum(bands[:, 0] - age, age - bands[:, 1]), 0)
    apart = apart[~np.isnan(apart)]
    return {
        "other_sex": float(np.mean(differs)) if differs else None,
        "years_apart": float((apart > FAR_APART).mean()) if len(apart) else None,
    }


def _agreed(
    name: str, subjects: pl.DataFrame, supplied: list[dict[str, str]], looks: list[str | None] | None = None
) -> tuple[list[str | None], list[str | None]]:
    """Both sides' values of one attribute in the same words; looks: sex of models as estimated, where none is supplied.

    Raises:
        ConfigError: the words of the two sides do not meet.
    """
    sex = name in SEX
    columns = [c for c in (SEX if sex else (name,)) if c in subjects.columns][:1]
    own = subjects[columns[0]].cast(str).str.strip_chars().str.to_lowercase().to_list() if columns else []
    theirs = [next((a[n] for n in (SEX if sex else (name,)) if n in a), None) for a in supplied]
    sides: dict[str, list[str | None]] = {"customers": own or [None] * len(subjects), "models": theirs}
    words = {who: sorted({v for v in values if v}) for who, values in sides.items()}
    if sex:
        known = {who: sexes.understood(said) for who, said in words.items()}
        for who, said in words.items():
            if not known[who] and sexes.strange(said):
                raise _apart(name, f"the {who}' {', '.join(sexes.strange(said)[:5])} say no sex", "Write f and m")
        ours, models = ([known[who].get(v or "") for v in values] for who, values in sides.items())
        if looks is not None:
            models = [look if word is None else code for word, code, look in zip(theirs, models, looks, strict=True)]
        return ours, models
    if min(len(said) for said in words.values()) > 1 and not {*words["customers"]} & {*words["models"]}:
        both = " and ".join(f"the {who}' {', '.join(some[:5])}" for who, some in words.items())
        raise _apart(name, f"{both} have no word in common", "Write the same words on both sides")
    return sides["customers"], sides["models"]


def _apart(name: str, what: str, remedy: str) -> ConfigError:
    wish = "faces.sex_weight = 0" if name in SEX else f"faces.filters without {name}"
    return ConfigError(f"{name}: {what}.", fix=f"{remedy}, or set {wish}.")


def _looks(bands: np.ndarray, photos: pl.DataFrame, supplied: list[dict[str, str]]) -> np.ndarray:
    """Bands of ages, with the estimated ones where none is supplied."""
    import numpy as np

    if "age_looks" not in photos.columns:
        return bands
    age = _numbers(photos, "age_looks")
    free = np.array(["age" in lacking(a) for a in supplied], bool)
    return np.where(free[:, None], np.column_stack([age - WITHIN, age + WITHIN]), bands)


def _outside(age: np.ndarray, bands: np.ndarray) -> np.ndarray:
    """Years from each age to each band, 0 inside it, NaN where either is unknown."""
    import numpy as np

    return np.maximum(np.maximum(bands[None, :, 0] - age[:, None], age[:, None] - bands[None, :, 1]), 0)


def _colours(frame: pl.DataFrame, named: list) -> np.ndarray:
    """Lab per row, NaN where unknown; a supplied name stands before a measurement."""
    import numpy as np

    out = np.full((len(frame), 3), np.nan)
    if "hair" in frame.columns:
        for row, measured in enumerate(frame["hair"].to_list()):
            if measured is not None and measured[3] >= SURE:
                out[row] = measured[:3]
    for row, colour in enumerate(named):
        if colour is not None:
            out[row] = colour
    return out


def _numbers(frame: pl.DataFrame, column: str) -> np.ndarray:
    import numpy as np
    import polars as pl

    if column not in frame.columns:
        return np.full(len(frame), np.nan)
    return frame[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()


def hair_name(measured: Sequence[float] | None) -> str | None:
    """The word for hair as `hair` measured it; None where it is not sure."""
    import numpy as np

    return _nearest_name(np.array(measured[:3])) if measured is not None and measured[3] >= SURE else None


def _nearest_name(colour: np.ndarray) -> str | None:
    """The named hair colour nearest to a Lab colour; shades of one name count as one."""
    import numpy as np

    if np.isnan(colour).any():
        return None
    name = min(HAIR, key=lambda n: (np.linalg.norm(np.array(HAIR[n]) - colour), n))
    return {"blonde": "blond", "gray": "grey", "dark brown": "brown", "chestnut": "brown"}.get(name, name)
