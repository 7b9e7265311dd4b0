"""Sex as files write it, in the words and letters of several languages, as one code."""

from __future__ import annotations

from collections.abc import Collection

_WOMEN = """
    f female w woman women girl fem weiblich frau femme féminin feminin femenino femenina mujer feminino feminina mulher
    femmina femminile donna vrouw vrouwelijk v kvinna kvinde kvinne kobieta k żeńska žena ženský nő női nainen kadın
    kadin bayan ж жен женский женщина 女 2"""
_MEN = """
    m male man men boy masc männlich maennlich mann herr homme h masculin masculino masculina hombre varón homem maschio
    maschile uomo mannelijk mand mies mężczyzna męska muž mužský férfi ffi erkek bay e м муж мужской мужчина 男 1"""
# What says that sex is not known, or neither.
_NEITHER = "u unknown unbekannt n/a na none null - ? x d div divers diverse other nonbinary non-binary unspecified 0 9"
WOMEN, MEN, NEITHER = (frozenset(words.split()) for words in (_WOMEN, _MEN, _NEITHER))
# Letters that mean something else beside another: Spanish and Portuguese H and M, Hungarian N and F.
PAIRS = ({"h": "m", "m": "f"}, {"n": "f", "f": "m"})


def understood(words: Collection[str]) -> dict[str, str]:
    """What the words of one column mean.

    Args:
        words: distinct, in any case.

    Returns:
        word in small letters -> "f" or "m"; words for neither or unknown, and those not understood, are left out.
    """
    said = {word.strip().lower() for word in words}
    said.discard("")
    out = dict.fromkeys(said & WOMEN, "f") | dict.fromkeys(said & MEN, "m")
    for pair in PAIRS:
        if said - NEITHER == pair.keys():
            out = dict(pair)
    if "1" in said and "2" not in said:
        out.pop("1")  # ISO/IEC 5218 has 1 and 2; 0 and 1 are somebody's own code
    return out


def strange(words: Collection[str]) -> list[str]:
    """Words of one column that say no sex and not that it is unknown, sorted."""
    known = understood(words)
    return sorted(
        word for word in {w.strip().lower() for w in words} - {""} if word not in known and word not in NEITHER
    )
