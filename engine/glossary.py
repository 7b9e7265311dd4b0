"""The words of docs/glossary.md, so that help texts and reports explain them in the same sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

EVERYDAY = "People and things"  # the section whose words need no explaining beside each use


@dataclass(frozen=True)
class Term:
    """A word with a special sense.

    Args:
        name: as a reader meets it, without the part in parentheses that tells two senses apart.
        meaning: a sentence or two.
        section: of the glossary.
    """

    name: str
    meaning: str
    section: str


@cache
def terms() -> tuple[Term, ...]:
    """Every term, in the glossary's order."""
    found, section, name = [], "", ""
    for line in _file().read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif line.startswith(": "):
            found.append(Term(name.partition(" (")[0], line.removeprefix(": "), section))
        else:
            name = line
    return tuple(found)


def used_in(text: str) -> dict[str, str]:
    """The terms that stand in a text, with their meanings, in the order of their names; everyday words are left out.

    Args:
        text: plain text; case and a plural's `s` do not matter. A term within a longer one is that one only:
            `contact margin` is no `margin`.
    """
    known = {term.name.lower(): term for term in terms() if term.section != EVERYDAY}
    names = {found[0].lower() for found in _pattern().finditer(text)}
    used = {known.get(name) or known[name.removesuffix("s")] for name in names}
    return {term.name: term.meaning for term in sorted(used, key=lambda term: term.name.lower())}


@cache
def _pattern() -> re.Pattern[str]:
    names = sorted((t.name for t in terms() if t.section != EVERYDAY), key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, names))})s?(?![\w-])", re.IGNORECASE)


def _file() -> Path:
    """The page itself, or its copy in an installed package."""
    packaged = Path(__file__).parent / "_glossary.md"
    return packaged if packaged.exists() else Path(__file__).parents[1] / "docs" / "glossary.md"
