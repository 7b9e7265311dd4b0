"""What columns are called: words of several languages for each role a column of call records can play.

A name is cut into words without accents, capitals and separators. A role is told by a phrase that is the whole name, a
run of its words, or (where names are written without separators) a part of it; the longest phrase decides.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from engine.drafts.roles import ROLES

_ODD = str.maketrans(
    {"ß": "ss", "ı": "i", "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "#": " number ", "№": " number "}
)
_PLAIN = frozenset(
    ["msisdn", "number", "no", "num", "nr", "phone", "tel", "id", "tn"]
)  # words that say no role beside another word
_SHORT = 5  # letters from which on a phrase may be a part of a word


def those(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


_HOLDERS = those("attributes data payload record records call calls cdr fields body properties node item event")


def words(name: str) -> tuple[str, ...]:
    """A name's words: no accents, small letters, cut at separators, at a change to capitals and around numbers."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name.strip())
    return tuple(re.findall(r"[^\W_]+", plain(text)))


def plain(text: str) -> str:
    """Small letters without accents."""
    folded = unicodedata.normalize("NFKD", text.strip().casefold().translate(_ODD))
    return "".join(c for c in folded if not unicodedata.combining(c)).translate(_ODD)


@cache
def _phrases() -> dict[str, tuple[tuple[str, ...], ...]]:
    found = {}
    for role, text in ROLES.items():
        split = (words(phrase) for phrase in re.split(r",\s*", " ".join(text.split())))
        found[role] = tuple(dict.fromkeys(phrase for phrase in split if phrase))
    return found


def score(name: str, phrase: tuple[str, ...]) -> tuple[int, int]:
    """How well a phrase tells a name: 3 = all of it, 2 = a run of its words, 1 = a part of a longer word, 0 = not;
    and the phrase's letters."""
    return _score(words(name), phrase)


def _score(own: tuple[str, ...], phrase: tuple[str, ...]) -> tuple[int, int]:
    joined, letters = "".join(own), "".join(phrase)
    if joined == letters:
        return 3, len(letters)
    n = len(phrase)
    if any(own[i : i + n] == phrase for i in range(len(own) - n + 1)) and (len(letters) > 2 or not letters.isascii()):
        return 2, len(letters)
    short = _SHORT if letters.isascii() else 2
    if len(letters) >= short and letters in joined:
        return 1, len(letters)
    return 0, 0


@cache
def roles(name: str) -> tuple[tuple[str, int], ...]:
    """Roles that a name may tell, best first, with the rank of the match (3 to 1); empty = none is known."""
    found: list[tuple[int, int, str]] = []
    while (path := name.partition("."))[2] and path[0].lower() in _HOLDERS:
        name = path[2]  # an object around the values says nothing of them
    own = words(name)
    joined = "".join(own)
    for role, phrases in _phrases().items():
        near = (phrase for phrase in phrases if phrase[0] in joined)
        best = max((_score(own, phrase) for phrase in near), default=(0, 0))
        if best[0]:
            found.append((*best, role))
    bare = own[1:] if own and own[0] in _PLAIN else own
    bare = bare[:-1] if bare and bare[-1] in _PLAIN else bare
    if bare and bare != own and not any(rank == 3 for rank, _, _ in found):  # peer_msisdn is what peer is
        found += [(3, 0, role) for role, phrases in _phrases().items() if bare in phrases]
    sides, last = {"caller", "callee"} & {role for rank, _, role in found if rank == 2}, own[-1:]
    for weak in ["number"] * bool(sides) + ["kind"] * (last in _phrases()["duration"]):  # Calling party phone number
        found = [(rank, 0 if role == weak and rank == 2 else n, role) for rank, n, role in found]
    if last == ("name",) and max((rank for rank, _, _ in found), default=0) < 3:  # of people, not who they are
        found = [(rank, n, role) for rank, n, role in found if role == "ignore"]
    found.sort(key=lambda f: (-f[0], -f[1]))
    return tuple((role, rank) for rank, _, role in found)


def role(name: str) -> str:
    """The role a name tells best, "" where none is known."""
    found = roles(name)
    return found[0][0] if found else ""
