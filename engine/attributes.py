"""Attributes of a campaign's model as a JSON object of words: what is missing, contradicting or corrected."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from engine import sexes

SEX, AGE = ("gender", "sex"), ("age_band", "age")
# What `kindred inventory review` shows beside what is supplied; in a table that comes back it is passed over.
SEEN = ("sex_looks", "woman", "age_looks", "hair_looks", "face", "problem")


def said(text: str | None) -> dict[str, str]:
    """What a JSON object of attributes says, in small letters; nothing where it is none."""
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return {k: str(v).strip().lower() for k, v in found.items()} if isinstance(found, dict) else {}


def band(text: str) -> tuple[float, float]:
    """Youngest and oldest age of `30-39`, `60+` or `45`; NaN for anything else."""
    match = re.fullmatch(r"\s*(\d{1,3})\s*(?:(?:-|–|to)\s*(\d{1,3})|(\+))?\s*", text)
    if not match:
        return float("nan"), float("nan")
    low = float(match[1])
    return low, float(match[2]) if match[2] else (120.0 if match[3] else low)


def lacking(words: Mapping[str, str]) -> set[str]:
    """Of sex and age, what the attributes of a model do not say."""
    return {what for what, names in (("sex", SEX), ("age", AGE)) if not any(words.get(name) for name in names)}


def contradiction(words: Mapping[str, str]) -> tuple[str, str] | None:
    """Two attributes of one model that cannot both be right.

    Args:
        words: as `said` gives them.

    Returns:
        The column, and what contradicts, in words; None where nothing does. Words that nobody understands contradict
        nothing.
    """
    both = [words.get(name, "") for name in SEX]
    codes = [sexes.understood([word]).get(word) for word in both]
    if all(codes) and codes[0] != codes[1]:
        return "sex", f"{both[1]}, but gender says {both[0]}"
    (low, high), (age, oldest) = (band(words.get(name, "")) for name in AGE)
    if age > high or oldest < low:
        return "age", f"{words['age']}, but age_band says {words['age_band']}"
    if low > high or age > oldest:
        name = "age_band" if low > high else "age"
        return name, f"{words[name]} ends before it begins"
    return None


def differing(rows: Sequence[Mapping[str, str]]) -> tuple[str, str] | None:
    """What rows about one model say differently: the column, and that it is so; None where they agree.

    Not the words: a column that nobody told the meaning of may hold anything, also a person's number.
    """
    for name in sorted({name for row in rows for name in row}):
        words = sorted({row[name] for row in rows if row.get(name)})
        if len(words) > 1:
            return name, "rows of the same photo differ"
    return None


def corrected(before: str | None, change: str | None) -> str:
    """Attributes after a correction.

    Args:
        before: JSON object.
        change: JSON object: a word stands in place of what was there (of `sex` for `gender` too, and the like), a null
            takes it away, what is not named stays.
    """
    words = dict(json.loads(before) if before else {})
    new = json.loads(change) if change else {}
    for names in (SEX, AGE, *((name,) for name in new if name not in SEX + AGE)):
        if set(names) & set(new):
            words = {name: word for name, word in words.items() if name not in names}
            words |= {name: new[name] for name in names if new.get(name) is not None}
    return json.dumps(words, sort_keys=True, ensure_ascii=False)
