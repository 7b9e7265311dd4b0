"""Who contacted whom: directions and the two parties of a sheet of call records.

Two forms are common. Either each row names who called and who was called, and a direction says nothing more; or it
names the subscriber and the other party, and the direction tells who of them called. Names of columns say which, and
the values have to bear it out: in the second form the same people stand in one column whatever the direction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.drafts import choices, names, sides, unnamed, vocabulary
from engine.drafts.direction import LEAST, MANY, MOST, Direction, Told, form, key, leans
from engine.drafts.draft import Draft, Line
from engine.drafts.sheet import Column, Sheet

_OWN = names.those("own my eigene eigen eget propio propia propre proprio sajat wlasny kendi свой мой")
_ROWS = 5  # of each direction at least, before values outweigh names


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
        strange: columns named as directions, or as kinds, whose words are not known.
        path: the file, whose name may tell whose log it is.
        data: whether all rows are usage of data.
        begun: each row's time.
    """
    told = None if told is None else Told(told.column, told.words, told.unknown, told.sure, tuple(begun))
    roles = _by_role(sheet, used | ({told.column.place} if told else set()))
    caller, callee = choices.one(roles["caller"], draft, "caller"), choices.callee(roles, draft)
    billed = callee is not None and not (caller or roles["subscriber"])  # a number beside the one called calls
    loose = [] if billed else roles["number"]
    subscriber, other = choices.one(roles["subscriber"], None, ""), choices.one(roles["other"] or loose, None, "")
    subscriber = sides.numbered(subscriber, other, roles["number"])
    other = sides.known_as(other, loose) or other
    own = [c for c in roles["subscriber"] if _OWN & set(names.words(c.name))]
    if told and len(own) == 1 and len(roles["subscriber"]) == 2 and not (subscriber or other or caller or callee):
        subscriber, other = own[0], next(c for c in roles["subscriber"] if c is not own[0])
    if {"caller", "callee"} & set(draft.undecided):
        return None
    if data and not (caller or subscriber) and roles["number"]:
        subscriber = roles["number"][0]
    if data and (who := caller or subscriber):
        draft.columns["caller"] = Line(who.name, "its name and values")
        return Parties(who, None, False)
    if caller and callee and sides.turns(caller, callee):
        return _by_turns(draft, caller, callee, sides.always(roles["subscriber"] + roles["number"]))
    if caller and callee:
        return _named(draft, caller, callee, told, strange)
    unsaid = sides.doubtful(subscriber) and not roles["other"]
    unnamed_yet = roles["number"] + roles["subscriber"] + roles["caller"] * (len(roles["caller"]) == 1)
    if unsaid and not callee and (pair := sides.by_values(unnamed_yet, told)):
        return _own(draft, *pair, told, [], certain=False)
    strange = [c for c in strange if c.role == "direction"]
    if subscriber and told and not (caller or callee or other) and sides.elsewhere(path, subscriber):
        subscriber, other = None, subscriber
    first = subscriber or caller
    second = other or callee
    if first is None and second is not None and len(roles["number"]) == 1 and roles["number"][0] is not second:
        first = roles["number"][0]  # a bill's own number, beside the one that is named as the other
        if other is None and told is None and not strange:
            return _billed(draft, first, second)
    if first and second and (other or told or strange):
        return _own(draft, first, second, told, strange, certain=bool(subscriber and other) and not unsaid)
    if first and second and second.phones <= LEAST and first.phones >= MOST:
        _unclear(draft, f"{first.name} holds numbers and {second.name} other words.", first, second)
        return None
    if first and second:
        draft.columns["caller"] = Line(first.name, f"{second.name} is named as the one called", False)
        draft.columns["callee"] = Line(second.where, "its name and values", not second.sql)
        return Parties(first, second, False)
    if second and (told or strange) and not first:
        return _ego(draft, second, told, strange, path)
    if not sheet.header:
        return _unnamed(sheet, draft, used, told)
    _nobody(draft, _candidates(sheet, used))
    return None


def _billed(draft: Draft, own: Column, called: Column) -> Parties:
    """A number without a role beside one that is named as called: the line that is billed."""
    draft.columns["caller"] = Line(
        own.name, f"the only other number, and {called.name} is named as the one called", False
    )
    draft.columns["callee"] = Line(called.name, "its name and values")
    return Parties(own, called, False)


def _by_turns(draft: Draft, caller: Column, callee: Column, own: Column | None) -> Parties | None:
    """Each row names one of two sides, so that the other one is the subscriber."""
    if own is None:
        _unclear(draft, f"each row has either {caller.name} or {callee.name}, and nobody beside.", caller, callee)
        return None
    first, second = sides.completed(caller, own), sides.completed(callee, own)
    for column, side in (("caller", first), ("callee", second)):
        draft.columns[column] = Line(side.where, f"{own.name} where no other is named", False)
    return Parties(first, second, False)


def _nobody(draft: Draft, candidates: list[Column]) -> None:
    """Leave both parties to be decided: no name tells them."""
    shown = ", ".join(c.name for c in candidates[:8]) or "none"
    draft.leave("caller", f"no name tells who called. Columns that read as ids: {shown}.")
    draft.leave("callee", f"no name tells who was called. Columns that read as ids: {shown}.")


def _unclear(
    draft: Draft, why: str, first: Column | None, second: Column, way: Column | None = None, *, known: bool = True
) -> None:
    """Leave two known columns of parties to be decided: which calls, or what a direction's words mean.

    Args:
        draft: gets what to decide, and the lines to write.
        why: what is not clear.
        first: of the columns; None = the file's name tells.
        second: of the columns.
        way: a column that may tell a direction.
        known: whether its words are known.
    """
    line = f'callee = "{second.name}"' + (f', caller = "{first.name}"' if first else "")
    if way and known:
        line = f'{line} (and direction = "{way.name}" if incoming rows are to be swapped) under [columns]'
    elif way:
        line = f'{line}, direction = "{way.name}" under [columns] and incoming = ["WORD"] under [direction]'
    else:
        line = f"{line} under [columns]"
    draft.leave("caller", why, line)
    draft.leave("callee", why, "it with the caller")


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
        if (column.times and not column.numeric) or sides.counted(column):
            continue
        found[column.role].append(column)
    return found if any(found.values()) else found | sides.addresses(sheet, used)


def _named(draft: Draft, caller: Column, callee: Column, told: Told | None, strange: list[Column]) -> Parties | None:
    """Both are named; a direction could still mean that the subscriber always stands first."""
    kinds = sorted((caller.phones, callee.phones))
    if kinds[0] <= LEAST and kinds[1] >= MOST:
        why = f"{caller.name} and {callee.name} hold different things: numbers in one, other words in the other."
        _unclear(draft, why, caller, callee)
        return None
    shape, rows = form(caller, callee, told)
    lettered = {"a", "target"} & set(names.words(caller.name))
    if not shape and rows and (lettered or leans(caller, callee, told)):
        why = (
            f"{caller.name} and {callee.name} may be caller and called, or the subscriber and the other "
            f"party, told apart by {told.column.name if told else ''}."
        )
        _unclear(draft, why, caller, callee, told.column if told else None)
        return None
    if shape == "own" and told:
        if rows < _ROWS:
            why = (
                f"{caller.name} and {callee.name} are named as caller and called, but {told.column.name} changes and "
                f"{caller.name} does not."
            )
            _unclear(draft, why, caller, callee, told.column)
            return None
        return _own(draft, caller, callee, told, [], certain=False)
    if not told and any(_suspicious(caller, callee, column) for column in strange):
        column = next(c for c in strange if _suspicious(caller, callee, c))
        shown = ", ".join(list(column.distinct)[:6])
        why = f"{column.name} may tell a direction ({shown}), which decides who called."
        _unclear(draft, why, caller, callee, column, known=False)
        return None
    note = "its name and values"
    beside = told.column if told else next((c for c in strange if c.role == "direction"), None)
    sure = beside is None or shape == "named"
    if beside:
        other = beside.name
        note = f"both parties are named, so {other} is not needed" + ("" if sure else ": see whether that is so")
    draft.columns["caller"] = Line(caller.name, note, sure)
    draft.columns["callee"] = Line(callee.where, note, sure and not callee.sql)
    return Parties(caller, callee, False)


def _own(
    draft: Draft, first: Column, second: Column, told: Told | None, strange: list[Column], *, certain: bool
) -> Parties | None:
    """The subscriber and the other party, told apart by the direction."""
    if told is None:
        if strange:
            shown = ", ".join(list(strange[0].distinct)[:6])
            why = f"{strange[0].name} decides who called, and its words are not known ({shown})."
        else:
            why = (
                f"{first.name} and {second.name} are a subscriber and the other party, and no column tells who called."
            )
        _unclear(draft, why, first, second, strange[0] if strange else None, known=False)
        return None
    shape, rows = form(first, second, told)
    if not shape and rows >= _ROWS and form(second, first, told)[0] == "own":
        why = f"{first.name} is named as the subscriber's, but the same ids stand in {second.name} whatever the way."
        _unclear(draft, why, first, second, told.column)
        return None
    if shape == "named" and rows >= (MANY if certain else 2):
        why = (
            f"{first.name} and {second.name} read as a subscriber and the other party, but the values look as if the "
            f"caller stood first whatever {told.column.name} says."
        )
        _unclear(draft, why, first, second, told.column)
        return None
    sure = certain and told.sure
    by = "" if certain else f": the same ids stand in {first.name} whatever {told.column.name} says"
    only = set(told.words.values()) == {"outgoing"} and not told.unknown  # then both forms tell the same rows
    if not certain and shape != "own" and not only:
        shown = f"{first.name} and {second.name}"
        why = f"{shown} may be caller and called, or a subscriber and the other party told apart by {told.column.name}."
        _unclear(draft, why, first, second, told.column)
        return None
    draft.columns["caller"] = Line(first.name, f"the subscriber{by}", sure)
    draft.columns["callee"] = Line(second.where, f"the other party{by}", sure and not second.sql)
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
        draft.checks.append(
            f"{told.column.name} has words that tell no direction ({', '.join(told.unknown[:6])}); "
            "those rows will be rejected unless you put them into [direction]."
        )


def _ego(draft: Draft, second: Column, told: Told | None, strange: list[Column], path: Path) -> Parties | None:
    """One person's log: the file's name has to tell whose."""
    if not sides.whose(path):
        why = (
            f"{second.name} is the other party and no column tells whose log this is. Give the file that "
            "person's number as its name."
        )
        draft.leave("caller", why, "ego_from_file_name = true above [columns]")
        return None
    if told is None:
        shown = ", ".join(list(strange[0].distinct)[:6])
        why = f"{strange[0].name} decides who called, and its words are not known ({shown})."
        _unclear(draft, why, None, second, strange[0], known=False)
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
    chosen = unnamed.pair(found)
    if chosen is None:
        _nobody(draft, found)
        return None
    first, second = chosen
    if told is None and (code := unnamed.code(sheet, used | {first.place, second.place})):
        _unclear(
            draft,
            "a column of a few codes may tell a direction, and no name tells which column is which.",
            first,
            second,
            code,
            known=False,
        )
        return None
    if told:
        shape, _ = form(first, second, told)
        if not shape and form(second, first, told)[0] == "own":
            first, second, shape = second, first, "own"
        if shape == "own":
            return _own(draft, first, second, told, [], certain=False)
        if shape != "named":
            _unclear(
                draft,
                f"no name tells whether {told.column.name} swaps {first.name} and {second.name}.",
                first,
                second,
                told.column,
            )
            return None
    note = "no names: the first of two columns of ids is taken for the caller"
    draft.columns["caller"] = Line(first.name, note, False)
    draft.columns["callee"] = Line(second.name, note, False)
    return Parties(first, second, False)


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
