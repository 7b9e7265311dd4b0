"""The campaign's models as a table to look through and correct: what is supplied of each, and how the photo looks."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

from engine import sexes
from engine.attributes import AGE, SEX, band, contradiction, said
from engine.faces import cut, estimates, traits

if TYPE_CHECKING:
    import polars as pl

NOT_YET = "not looked at"


def rows(inventory: pl.DataFrame, faces: pl.DataFrame, looks: pl.DataFrame) -> list[dict[str, Any]]:
    """A row for each campaign photo.

    Args:
        inventory: table `inventory`.
        faces: rows of table `faces` of campaign photos, made by one model.
        looks: rows of table `estimates`, made by one model.

    Returns:
        By photo_id: photo_id, gender, age_band and hair as supplied; sex_looks, woman (its probability), age_looks and
        hair_looks from the photo, of the face it is of; face: the status of that face and how many there are; problem.
    """
    import polars as pl

    main = cut.main_faces(faces).select("sha256", "status", "hair")
    counts = faces.group_by("sha256").agg(faces=pl.len(), any=pl.col("status").first())
    whole = estimates.known(inventory, looks).join(looks.select("sha256", "woman"), on="sha256", how="left")
    whole = whole.join(main, on="sha256", how="left").join(counts, on="sha256", how="left").sort("photo_id")
    codes = sexes.understood({_first(said(text), SEX) for text in inventory["attributes"]})
    return [_row(row, codes) for row in whole.iter_rows(named=True)]


def caption(row: dict[str, Any]) -> str:
    """What a card says below a model's photo; row: of `rows`."""
    looks = {
        "gender": row["sex_looks"] and f"{row['sex_looks']} ({row['woman']:.0%} a woman)",
        "age_band": row["age_looks"] and f"{row['age_looks']:.0f}",
        "hair": row["hair_looks"],
    }
    parts = [f"{name}: {row[name] or (look and f'looks {look}') or '?'}" for name, look in looks.items()]
    return "; ".join([*parts, *(row[name] for name in ("face", "problem") if row[name] not in ("ok", None))])


def _row(row: dict[str, Any], codes: dict[str, str]) -> dict[str, Any]:
    words = said(row["attributes"])
    sex, age, hair = _first(words, SEX), _first(words, AGE), words.get("hair", "")
    against = contradiction(words)
    wrong = {
        f"{against[0]}: {against[1]}" if against else "": against,
        f"gender {sex} is not understood: write f or m": sex and sex not in {*codes, *sexes.NEITHER},
        f"age_band {age} is not understood: write 30-44, 60+ or 45": age and isnan(band(age)[0]),
        f"hair {hair} is not known: write {', '.join(traits.HAIR)}": hair and hair not in traits.HAIR,
    }
    status, several = row["status"] or row["any"] or NOT_YET, row["faces"] or 0
    return {
        "photo_id": row["photo_id"],
        "gender": sex or None,
        "age_band": age or None,
        "hair": hair or None,
        "sex_looks": None if sex else row["sex_looks"],
        "woman": None if sex else row["woman"],
        "age_looks": None if age else row["age_looks"],
        "hair_looks": traits.hair_name(row["hair"]),
        "face": f"{status}, the main one of {several}" if several > 1 else status,
        "problem": "; ".join(text for text, yes in wrong.items() if yes) or None,
    }


def _first(words: dict[str, str], names: tuple[str, ...]) -> str:
    return next((words[name] for name in names if words.get(name)), "")
