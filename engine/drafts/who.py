"""Who contacted whom: directions and the two parties of a sheet of call records.

Two forms are common. Either each row names who called and who was called, and a direction says nothing more; or it
names the subscriber and the other party, and the direction tells who of them called. Names of columns say which, and
the values have to bear it out: in the second form the same people stand in one column whatever the direction.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.drafts import names, vocabulary
from engine.drafts.draft import Draft, Line
from engine.drafts.sheet import Column, Sheet

_MOST, _LEAST = 0.8, 0.2  # shares that tell one form from the other
_MANY = 20  # of the rarer direction at least, before they outweigh names of a subscriber and the other party
_ROWS = 5  # of each direction at least, before values outweigh names
_NEAR = 10  # seconds between the two rows of one contact
_YES, _NO = (
    ("t", "true", "1", "1.0", "y", "yes", "j", "ja", "si", "oui"),
    ("f", "false", "0", "0.0", "n", "no", "nein", "non"),
)


@dataclass(frozen=True)
class Direction:
    """A column that tells directions.

    Args:
        column: of the file.
        words: its words -> "outgoing" or "incoming".
        unknown: words whose meaning is not known.
        sure: whether words and name leave no doubt.
    """

    column: Column
    words: dict[str, str]
    unknown: tuple[str, ...]
    sure: bool = True

    def of(self) -> list[str]:
        """Each row's direction, "" where it is not known."""
        return [self.words.get(v, "") for v in self.column.values]


def direction(sheet: Sheet, used: set[int]) -> tuple[Direction | None, list[Column]]:
    """The column of directions, and columns that are named so but whose words are not known."""
    found: list[tuple[int, Direction]] = []
    strange: list[Column] = []
    for column in sheet.columns:
        if column.place in used or not 0 < len(column.distinct) <= 40:
            continue
        named = [r for r, _ in column.roles]
        role = (
            3 if column.role == "direction" else 2 if "direction" in named else 1 if column.role in ("kind", "") else 0
        )
        if column.role == "answered" and not any(c.role == "direction" for c in sheet.columns):
            role = 1
        if not role:
            continue
        read = _directions(column, sheet.header)
        if read is None:
            if role == 3:
                strange.append(column)
            continue
        if role == 1 and (not _both(read) or _kinds_alone(read)):
            continue
        found.append((role, read))
    if not found:
        return None, strange
    best = max(rank for rank, _ in found)
    return next(read for rank, read in found if rank == best), strange


def _both(read: Direction) -> bool:
    """Whether words of both directions stand in it, or its words are certain by themselves."""
    return len(set(read.words.values())) == 2 or any(len(names.plain(w)) > 2 for w in read.words)


def _kinds_alone(read: Direction) -> bool:
    """Whether most of its words tell no direction."""
    return len(read.unknown) > len(read.words) and sum(read.column.distinct[w] for w in read.unknown) > sum(
        read.column.distinct[w] for w in read.words
    )


def _directions(column: Column, header: bool) -> Direction | None:
    """How a column's words read as directions; None where not one does."""
    own = names.words(column.name) if header else ()
    plain = {w: names.plain(w) for w in column.distinct}
    if set(plain.values()) <= {*_YES, *_NO} and ({"outgoing", "outbound", "originated", "originating"} & set(own)):
        return Direction(column, {w: "outgoing" if p in _YES else "incoming" for w, p in plain.items()}, ())
    if set(plain.values()) <= {*_YES, *_NO} and ({"incoming", "inbound"} & set(own)):
        return Direction(column, {w: "incoming" if p in _YES else "outgoing" for w, p in plain.items()}, ())
    if paired := vocabulary.pair(set(column.distinct)):
        return Direction(column, paired, (), sure=False)
    if all(len(p) == 1 for p in plain.values()):
        letters = {"o": "outgoing", "i": "incoming"} if column.role == "direction" else {}
        single = {w: letters[p] for w, p in plain.items() if p in letters}
        return Direction(column, single, (), sure=False) if len(single) == len(plain) else None
    words = {w: told for w in column.distinct if (told := vocabulary.direction(w))}
    silent = tuple(w for w in column.distinct if w not in words and vocabulary.kind(w) != "data")
    return Direction(column, words, silent) if words else None


@dataclass(frozen=True)
class Told(Direction):
    """A direction beside the rows' times, which say what two rows are one contact.

    Args:
        begun: each row's time; empty = not known.
    """

    begun: tuple[datetime | None, ...] = ()


@dataclass(frozen=True)
class Parties:
    """Which columns are the parties.

    Args:
        caller: or the subscriber; None where a file's name tells.
        callee: or the other party; None for data.
        swaps: whether a direction swaps them.
        ego: the file's name tells the subscriber.
    """

    caller: Column | None
    callee: Column | None
    swaps: bool
    ego: bool = False


def parties(
    sheet: Sheet, draft: Draft, used: set[int], told: Direction | None, strange: list[Column], path: Path, *,
    data: bool, begun: list[datetime | None]
) -> Parties | None:  # fmt: skip
    """Find the parties and draft `caller`, `callee` and `direction`; what is unclear is left to be decided.

    Args:
        sheet: the table.
        draft: gets the lines.
        used: places of columns that are something else.
        told: the direction.
        strange: columns named as directions whose words are not known.
        path: the file, whose name may tell whose log it is.
        data: whether all rows are usage of data.
        begun: each row's time.
    """
    told = None if told is None else Told(told.column, told.words, told.unknown, told.sure, tuple(begun))
    roles = _by_role(sheet, used | ({told.column.place} if told else set()))
    caller, callee = _one(roles["caller"], draft, "caller"), _callee(roles, draft)
    subscriber, other = _one(roles["subscriber"], None, ""), _one(roles["other"] or roles["number"], None, "")
    if {"caller", "callee"} & set(draft.undecided):
        return None
    if data and not (caller or subscriber) and roles["number"]:
        subscriber = roles["number"][0]
    if data and (who := caller or subscriber):
        draft.columns["caller"] = Line(who.name, "its name and values")
        return Parties(who, None, False)
    if caller and callee:
        return _named(draft, caller, callee, told, strange)
    first = subscriber or caller
    second = other or callee
    if first and second and (other or told or strange):
        return _own(draft, first, second, told, strange, certain=bool(subscriber and other))
    if first and second:
        draft.columns["caller"] = Line(first.name, f"{second.name} is named as the one called", False)
        draft.columns["callee"] = Line(second.name, "its name and values")
        return Parties(first, second, False)
    if second and (told or strange) and not first:
        return _ego(draft, second, told, strange, path)
    if not sheet.header:
        return _unnamed(sheet, draft, used, told)
    _leave_both(draft, _candidates(sheet, used))
    return None


def _leave_both(draft: Draft, candidates: list[Column], why: str = "") -> None:
    shown = ", ".join(c.name for c in candidates[:8]) or "none"
    draft.leave("caller", why or f"no name tells who called. Columns that read as ids: {shown}.")
    draft.leave("callee", why or f"no name tells who was called. Columns that read as ids: {shown}.")


def _candidates(sheet: Sheet, used: set[int]) -> list[Column]:
    return [
        c
        for c in sheet.columns
        if c.place not in used and c.ids and not c.times and c.role not in ("ignore", "call_id")
    ]


def _by_role(sheet: Sheet, used: set[int]) -> dict[str, list[Column]]:
    wanted = ("caller", "callee", "callee_final", "callee_dialled", "subscriber", "other", "number")
    found: dict[str, list[Column]] = {role: [] for role in wanted}
    for column in sheet.columns:
        if column.place in used or not column.ids or column.role not in wanted:
            continue
        if column.times and not column.numeric:
            continue
        found[column.role].append(column)
    return found


def _one(found: list[Column], draft: Draft | None, what: str) -> Column | None:
    """The column of a role; several that differ are left to be decided (None, where nobody asks)."""
    if len(found) > 1:
        best = max(c.roles[0][1] for c in found)
        found = [c for c in found if c.roles[0][1] == best]
    if len(found) > 1:
        numbered = [c for c in found if {"number", "msisdn", "no", "num"} & set(names.words(c.name))]
        found = numbered if len(numbered) == 1 else found
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


def _callee(roles: dict[str, list[Column]], draft: Draft) -> Column | None:
    """The one who was called: at last, where a call was forwarded; the number dialled, where nothing else is told."""
    final = _one(roles["callee_final"], draft, "callee")
    plain = _one(roles["callee"], draft, "callee")
    if "callee" in draft.undecided:
        return None
    if final and plain and len(final.filled) < 0.9 * len(plain.filled):
        if _alike(final, plain):
            return plain
        draft.leave("callee", f"{plain.name} and {final.name} differ, and {final.name} is not always filled.")
        return None
    return final or plain or _one(roles["callee_dialled"], draft, "callee")


def _named(draft: Draft, caller: Column, callee: Column, told: Told | None, strange: list[Column]) -> Parties | None:
    """Both are named; a direction could still mean that the subscriber always stands first."""
    kinds = sorted((caller.phones, callee.phones))
    if kinds[0] <= _LEAST and kinds[1] >= _MOST:
        why = f"{caller.name} and {callee.name} hold different things: numbers in one, other words in the other."
        _leave_both(draft, [], why)
        return None
    form, rows = _form(caller, callee, told)
    lettered = {"a", "target"} & set(names.words(caller.name))
    if not form and rows and lettered:
        why = (
            f"{caller.name} and {callee.name} may be caller and called, or the subscriber and the other "
            f"party, told apart by {told.column.name if told else ''}. Say whether incoming rows are to be swapped."
        )
        _leave_both(draft, [], why)
        return None
    if form == "own" and told:
        if rows < _ROWS:
            why = (
                f"{caller.name} and {callee.name} are named as caller and called, but {told.column.name} changes and "
                f"{caller.name} does not. Say whether incoming rows are to be swapped."
            )
            _leave_both(draft, [], why)
            return None
        return _own(draft, caller, callee, told, [], certain=False)
    if not told and any(_suspicious(caller, callee, column) for column in strange):
        column = strange[0]
        shown = ", ".join(list(column.distinct)[:6])
        why = f"{column.name} may tell a direction ({shown}), which decides who called. Say which word is incoming."
        _leave_both(draft, [], why)
        return None
    note = "its name and values"
    sure = not (told or strange) or form == "named"
    if told or strange:
        other = (told.column if told else strange[0]).name
        note = f"both parties are named, so {other} is not needed" + ("" if sure else ": see whether that is so")
    draft.columns["caller"] = Line(caller.name, note, sure)
    draft.columns["callee"] = Line(callee.name, note, sure)
    return Parties(caller, callee, False)


def _own(
    draft: Draft, first: Column, second: Column, told: Told | None, strange: list[Column], *, certain: bool
) -> Parties | None:
    """The subscriber and the other party, told apart by the direction."""
    if told is None:
        if strange:
            shown = ", ".join(list(strange[0].distinct)[:6])
            why = f"{strange[0].name} decides who called, and its words are not known ({shown}). Say which is incoming."
        else:
            why = (
                f"{first.name} and {second.name} are a subscriber and the other party, and no column tells who called."
            )
        _leave_both(draft, [], why)
        return None
    form, rows = _form(first, second, told)
    if form == "named" and rows >= (_MANY if certain else 2):
        why = (
            f"{first.name} and {second.name} read as a subscriber and the other party, but the values look as if the "
            f"caller stood first whatever {told.column.name} says. Say whether incoming rows are to be swapped."
        )
        _leave_both(draft, [], why)
        return None
    sure = certain and told.sure
    by = "" if certain else f": the same ids stand in {first.name} whatever {told.column.name} says"
    if not certain and form != "own":
        shown = f"{first.name} and {second.name}"
        why = f"{shown} may be caller and called, or a subscriber and the other party told apart by {told.column.name}."
        _leave_both(draft, [], why)
        return None
    draft.columns["caller"] = Line(first.name, f"the subscriber{by}", sure)
    draft.columns["callee"] = Line(second.name, f"the other party{by}", sure)
    _say_direction(draft, told)
    return Parties(first, second, True)


def _say_direction(draft: Draft, told: Direction) -> None:
    draft.columns["direction"] = Line(told.column.name, "tells who of the two called", told.sure)
    for side in ("outgoing", "incoming"):
        words = [w.lower() for w, meaning in told.words.items() if meaning == side]
        draft.say(
            "direction",
            side,
            sorted(words),
            "known words" if told.sure else "as one letter beside the other",
            told.sure,
        )
    if kinds := [word for word in told.unknown if vocabulary.kind(word)]:
        draft.leave("direction", f"{told.column.name} has words whose direction is not known: {', '.join(kinds[:6])}.")
    elif told.unknown:
        draft.remarks.append(
            f"check: {told.column.name} has words that tell no direction ({', '.join(told.unknown[:6])}); "
            "those rows will be rejected unless you put them into [direction]."
        )


def _ego(draft: Draft, second: Column, told: Told | None, strange: list[Column], path: Path) -> Parties | None:
    """One person's log: the file's name has to tell whose."""
    stem = path.name.split(".")[0]
    if sum(c.isdigit() for c in stem) < 7 or not stem.lstrip("+").isdigit():
        why = (
            f"{second.name} is the other party and no column tells whose log this is. Give the file that "
            "person's id as its name and set ego_from_file_name = true."
        )
        draft.leave("caller", why)
        return None
    if told is None:
        shown = ", ".join(list(strange[0].distinct)[:6])
        why = f"{strange[0].name} decides who called, and its words are not known ({shown}). Say which is incoming."
        _leave_both(draft, [], why)
        return None
    draft.top["ego_from_file_name"] = Line(
        True, "no column tells whose log this is, and the file is named by a number", False
    )
    draft.columns["callee"] = Line(second.name, "the other party", told.sure)
    _say_direction(draft, told)
    return Parties(None, second, True, ego=True)


def _unnamed(sheet: Sheet, draft: Draft, used: set[int], told: Told | None) -> Parties | None:
    """Without names the two columns of people are those that share people, or hold numbers to dial."""
    found = [c for c in _candidates(sheet, used) if len(c.distinct) > 1 or sheet.rows < 4]
    long = [c for c in found if _longs(c) and len(c.distinct) >= 1]
    shared = [c for c in found if any(_overlap(c, d) for d in found if d is not c)]
    # Ids without digits (hashes, names) are ids of something; whose, only what they share tells.
    chosen = long if len(long) == 2 else shared if len(shared) == 2 else []
    if len(chosen) != 2 or (len(long) > 2):
        _leave_both(draft, found)
        return None
    first, second = chosen
    if told is None and _direction_like(sheet, used | {first.place, second.place}):
        _leave_both(draft, [], "a column of a few codes may tell a direction, and no name tells which column is which.")
        return None
    if told:
        form, _ = _form(first, second, told)
        if not form and _form(second, first, told)[0] == "own":
            first, second, form = second, first, "own"
        if form == "own":
            return _own(draft, first, second, told, [], certain=False)
        if form != "named":
            _leave_both(draft, [], f"no name tells whether {told.column.name} swaps {first.name} and {second.name}.")
            return None
    note = "no names: the first of two columns of ids is taken for the caller"
    draft.columns["caller"] = Line(first.name, note, False)
    draft.columns["callee"] = Line(second.name, note, False)
    return Parties(first, second, False)


def _direction_like(sheet: Sheet, used: set[int]) -> bool:
    """Whether some unnamed column has two to four short words that could tell a direction."""
    for column in sheet.columns:
        if column.place in used or not 2 <= len(column.distinct) <= 4:
            continue
        short = all(len(v) <= 2 for v in column.distinct)
        if short and sheet.rows >= 2 * len(column.distinct) and not column.times:
            return True
    return False


def _longs(column: Column) -> bool:
    """Numbers of seven digits or more, of at least two kinds of beginnings or lengths."""
    n = sum(1 for v in column.filled if sum(c.isdigit() for c in v) >= 7)
    return n >= 0.8 * len(column.filled) and column.phones >= 0.8 and not column.spans


def _overlap(a: Column, b: Column) -> bool:
    """Whether two columns share people: some of the ids of the smaller one."""
    if a.numeric and b.numeric and max(len(v) for v in (*a.distinct, *b.distinct)) < 3:
        return False
    first, second = {key(v) for v in a.distinct}, {key(v) for v in b.distinct}
    return len(first & second) >= max(1, 0.2 * min(len(first), len(second)))


def _form(first: Column, second: Column, told: Told | None) -> tuple[str, int]:
    """What the values say: "own" (the same people stand first whatever the direction), "named" (those who stand first
    in outgoing rows stand second in incoming ones) or "" (nothing), and how many rows the rarer direction has."""
    if told is None:
        return "", 0
    ways = told.of()
    out = {key(v) for v, way in zip(first.values, ways, strict=True) if way == "outgoing" and v}
    n = Counter(way for way in ways if way)
    into = [(key(a), key(b)) for a, b, way in zip(first.values, second.values, ways, strict=True) if way == "incoming"]
    rows = min(n["outgoing"], n["incoming"])
    if not rows:
        return "", 0
    if twice := _twice(first, second, told, ways):
        return twice, max(rows, _MANY)
    stays = sum(a in out for a, _ in into) / len(into)
    turns = sum(b in out for _, b in into) / len(into)
    if stays >= _MOST and turns <= _LEAST:
        return "own", rows
    return ("named" if stays <= _LEAST and turns >= _MOST else ""), rows


def _twice(first: Column, second: Column, told: Told, ways: list[str]) -> str:
    """Where contacts stand twice, once for each end: "own" if the two rows turn the parties round, "named" if not."""
    rows: dict[frozenset[str], list[tuple[datetime, str]]] = {}
    for a, b, way, at in zip(first.values, second.values, ways, told.begun, strict=False):
        if way == "outgoing" and at:
            rows.setdefault(frozenset((key(a), key(b))), []).append((at, key(a)))
    turned = kept = 0
    for a, b, way, at in zip(first.values, second.values, ways, told.begun, strict=False):
        if way == "incoming" and at:
            near = [c for t, c in rows.get(frozenset((key(a), key(b))), []) if abs((t - at).total_seconds()) <= _NEAR]
            turned += bool(near) and key(a) not in near
            kept += bool(near) and key(a) in near
    if turned + kept < min(2, sum(way == "incoming" for way in ways)):
        return ""
    if not turned + kept:
        return ""
    return "own" if turned >= 0.9 * (turned + kept) else "named" if kept >= 0.9 * (turned + kept) else ""


def _suspicious(first: Column, second: Column, column: Column) -> bool:
    """Whether the same people stand first beside every word of a column, and none of them second."""
    groups: dict[str, set[str]] = {}
    for word, a in zip(column.values, first.values, strict=True):
        if word and a:
            groups.setdefault(word, set()).add(key(a))
    if len(groups) < 2:
        return False
    people = set.union(*groups.values())
    shared = set.intersection(*groups.values())
    return len(shared) >= 0.5 * len(people) and not people & {key(v) for v in second.distinct}


def key(value: str) -> str:
    """An id as it is compared here: the last nine digits of a number, small letters of anything else."""
    digits = "".join(c for c in value if c.isdigit())
    return digits[-9:] if len(digits) >= 7 else value.strip().casefold()
