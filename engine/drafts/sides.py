"""Parties that several columns tell together: who called in some rows and who was called in the others, two numbers of
which values tell the subscriber's, a number beside its name in an address book."""

from __future__ import annotations

from pathlib import Path

from engine.drafts import names
from engine.drafts.direction import LEAST, MOST, Told, form, key
from engine.drafts.draft import name_in_sql
from engine.drafts.sheet import Column, Sheet

_ROWS = 5  # of each direction at least, before values tell whose number is whose
_MANY, _FEW = 20, 4  # rows
_CUSTOMERS = names.those("customer client kunde cliente klant klient ugyfel kund musteri клиент 客户")
_ADDRESSES = {"caller": ("from", "uri"), "callee": ("to", "uri")}


def doubtful(subscriber: Column | None) -> bool:
    """Whether no column is the subscriber's but perhaps one of customers, who are the other party of a company."""
    return subscriber is None or bool(_CUSTOMERS & set(names.words(subscriber.name)))


def whose(path: Path) -> str:
    """The number of the person whose log a file is, if its name is one."""
    stem = path.name.split(".")[0]
    return stem if sum(c.isdigit() for c in stem) >= 7 and stem.lstrip("+").isdigit() else ""


def elsewhere(path: Path, column: Column) -> bool:
    """Whether a file's name is a number that does not stand in a column: then the column is the other party's."""
    own = whose(path)
    return bool(own) and key(own) not in {key(v) for v in column.distinct}


def numbered(subscriber: Column | None, other: Column | None, numbers: list[Column]) -> Column | None:
    """The subscriber's number, where the column of subscribers holds names and one of numbers stands beside both."""
    rest = [c for c in numbers if c is not other and c.phones >= MOST]
    words = subscriber and other and subscriber.phones <= LEAST and other.phones >= MOST
    return rest[0] if words and len(rest) == 1 else subscriber


def counted(column: Column) -> bool:
    """Whether a column of ids that are no numbers to dial has another one in each of many rows, as records have."""
    many = _FEW if names.words(column.name)[-1:] == ("id",) else _MANY
    return column.phones < MOST and len(column.distinct) == len(column.values) >= many


def turns(caller: Column, callee: Column) -> bool:
    """Whether each row names either who called or who was called, and never both."""
    both = [bool(a) + bool(b) for a, b in zip(caller.values, callee.values, strict=True)]
    return bool(both) and set(both) == {1} and bool(caller.filled) and bool(callee.filled)


def completed(side: Column, own: Column) -> Column:
    """A side, with the subscriber filled in where the side names nobody."""
    values = tuple(a or b for a, b in zip(side.values, own.values, strict=True))
    text = f"coalesce({name_in_sql(side.name)}, {name_in_sql(own.name)})"
    return Column(side.place, f"{side.name} or {own.name}", values, sql=text)


def always(found: list[Column]) -> Column | None:
    """The only column of some that every row has."""
    full = [c for c in found if len(c.filled) == len(c.values)]
    return full[0] if len(full) == 1 else None


def by_values(found: list[Column], told: Told | None) -> tuple[Column, Column] | None:
    """Of columns of numbers that no name tells apart, the subscriber's and the other party's: the same few stand in the
    first whatever the direction, and for no other two that is so. None where values do not tell."""
    numbers = [c for c in found if c.phones >= MOST]
    pairs = []
    for own in numbers:
        for other in numbers:
            shape, rows = form(own, other, told) if own is not other else ("", 0)
            if shape == "own" and rows >= _ROWS and len(own.distinct) < len(other.distinct):
                pairs.append((own, other))
    return pairs[0] if len(pairs) == 1 else None


def known_as(contact: Column | None, numbers: list[Column]) -> Column | None:
    """The number of contacts that another column names in words: each number has one name."""
    dialled = [c for c in numbers if c.phones >= MOST and len(c.distinct) > 1]
    if contact is None or contact.phones > LEAST or len(dialled) != 1:
        return None
    called: dict[str, set[str]] = {}
    for number, name in zip(dialled[0].values, contact.values, strict=True):
        called.setdefault(key(number), set()).add(name)
    return dialled[0] if all(len(own) == 1 for own in called.values()) else None


def addresses(sheet: Sheet, used: set[int]) -> dict[str, list[Column]]:
    """Addresses of a call's ends (from uri, to uri), for a file that has nothing else of them."""
    return {
        role: [c for c in sheet.columns if c.place not in used and c.ids and names.words(c.name)[-2:] == own]
        for role, own in _ADDRESSES.items()
    }
