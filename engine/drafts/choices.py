"""Which of several columns of a role is the one that counts."""

from __future__ import annotations

from engine.drafts import names
from engine.drafts.direction import LEAST, MOST, key
from engine.drafts.draft import Draft, name_in_sql
from engine.drafts.sheet import Column


def one(found: list[Column], draft: Draft | None, what: str) -> Column | None:
    """The column of a role; several that differ are left to be decided (None, where nobody asks)."""
    if len(found) > 1:
        best = max(c.roles[0][1] for c in found)
        found = [c for c in found if c.roles[0][1] == best]
    if len(found) > 1:
        numbered = [c for c in found if {"number", "msisdn", "no", "num"} & set(names.words(c.name))]
        found = numbered if len(numbered) == 1 else found
    if len(found) > 1:  # words beside numbers to dial, such as where a call went
        dialled = [c for c in found if c.phones >= MOST]
        words = all(c in dialled or not any(v.isdigit() for v in "".join(c.distinct)) for c in found)
        found = dialled if len(dialled) == 1 and words else found
    if len(found) > 1:
        first = found[0]
        if all(_alike(first, c) for c in found[1:]):
            return first
        if draft is None:
            return None
        draft.leave(what, f"several columns may be it: {', '.join(c.name for c in found)}.")
        return None
    return found[0] if found else None


def _alike(a: Column, b: Column) -> bool:
    both = [(x, y) for x, y in zip(a.values, b.values, strict=True) if x and y]
    return bool(both) and sum(key(x) == key(y) for x, y in both) >= 0.98 * len(both)


def callee(roles: dict[str, list[Column]], draft: Draft) -> Column | None:
    """The one who was called: at last, where a call was forwarded; the number dialled, where nothing else is told."""
    final = one(roles["callee_final"], draft, "callee")
    plain = one(roles["callee"], draft, "callee")
    if "callee" in draft.undecided:
        if len(roles["callee"]) == 2 and roles["caller"] + roles["subscriber"]:
            return _known_else(roles["callee"], (roles["caller"] + roles["subscriber"])[0], draft)
        return None
    dialled = one(roles["callee_dialled"], None, "")
    if not final and plain and dialled and plain.phones <= LEAST and dialled.phones >= MOST:
        return dialled  # beside where the call went, in words
    if final and plain and len(final.filled) < 0.9 * len(plain.filled):
        if _alike(final, plain):
            return plain
        draft.leave("callee", f"{plain.name} and {final.name} differ, and {final.name} is not always filled.")
        return None
    return final or plain or one(roles["callee_dialled"], draft, "callee")


def _known_else(pair: list[Column], caller: Column, draft: Draft) -> Column | None:
    """The id of the one called where it is one of the callers' ids, else a second one that every row has.

    Nobody may then have both names: an id stands beside one other name, and that never without it.
    """
    known, always = sorted(pair, key=lambda c: len(c.filled))
    callers = {key(v) for v in caller.distinct}
    beside: dict[str, set[str]] = {}
    for own, other in zip(known.values, always.values, strict=True):
        beside.setdefault(other, set()).add(own)
    single = all(len(own) == 1 for own in beside.values())
    if not (0 < len(known.filled) < len(always.filled) == len(always.values)) or not single:
        return None
    if not {key(v) for v in known.distinct} <= callers or {key(v) for v in always.distinct} & callers:
        return None
    del draft.undecided["callee"]
    values = tuple(a or b for a, b in zip(known.values, always.values, strict=True))
    both = f"coalesce({name_in_sql(known.name)}, {name_in_sql(always.name)})"
    return Column(known.place, f"{known.name} or {always.name}", values, sql=both)
