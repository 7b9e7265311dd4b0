"""What may happen to a workspace, as plain values: drawn by hypothesis, told in words when a history goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tests.rules.model import Consent

FIRST_DAY = date(2026, 2, 26)  # two days before somebody born on a 29th of February comes of age
LONG_AGO = datetime(2026, 1, 1)


def day(number: int) -> date:
    """The day so many days after the first."""
    return FIRST_DAY + timedelta(days=number)


def moment(half_days: int) -> datetime:
    """Midnight or noon, so many half days after the first midnight."""
    return datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day) + timedelta(hours=12 * half_days)


@dataclass(frozen=True)
class Customers:
    """`import customers`; rows: person, age, birth date. Columns: any of age and birth."""

    rows: tuple[tuple[str, int | None, date | None], ...]
    columns: tuple[str, ...] = ("age", "birth")
    heading: str = "birth_date"
    spelling: int = 0


@dataclass(frozen=True)
class Consents:
    """`import consents`."""

    rows: tuple[Consent, ...]
    spelling: int = 0


@dataclass(frozen=True)
class OptOuts:
    """`import optouts`; rows: person, since."""

    rows: tuple[tuple[str, datetime], ...]
    spelling: int = 0


@dataclass(frozen=True)
class Photos:
    """`import photos`; rows: person, portrait."""

    rows: tuple[tuple[str, str], ...]
    spelling: int = 0


@dataclass(frozen=True)
class Treatments:
    """`import treatments`; rows: person, offer (empty = none), accepted, day."""

    rows: tuple[tuple[str, str, int, int], ...]
    spelling: int = 0


@dataclass(frozen=True)
class Acts:
    """`import acts`; rows: person, day on which something was done."""

    rows: tuple[tuple[str, int], ...]
    spelling: int = 0


@dataclass(frozen=True)
class Offers:
    """`import offers`; rows: offer, edition of its words, last day (None = for ever)."""

    rows: tuple[tuple[str, int, int | None], ...]


@dataclass(frozen=True)
class Logs:
    """`import logs`; rows: caller, callee, moment."""

    rows: tuple[tuple[str, str, datetime], ...]
    spelling: int = 0


@dataclass(frozen=True)
class Again:
    """The same file as at an earlier import, counted from the last."""

    back: int


@dataclass(frozen=True)
class Undo:
    """`imports undo` of an import, counted from the last."""

    back: int


@dataclass(frozen=True)
class Erase:
    """`erase`."""

    people: tuple[str, ...]
    opt_out: bool = False
    spelling: int = 0


@dataclass(frozen=True)
class Purge:
    """`purge --before`."""

    before: date


@dataclass(frozen=True)
class Restore:
    """`restore`."""

    name: str = "last-run"


@dataclass(frozen=True)
class Run:
    """`run`; dies: stage ads breaks off."""

    until: str | None = None
    dies: bool = False


@dataclass(frozen=True)
class Export:
    """`export`; as_of: the day of sending (delivery)."""

    what: str
    as_of: int | None = None


@dataclass(frozen=True)
class Explain:
    """`explain`."""

    person: str


@dataclass(frozen=True)
class Days:
    """So many days pass."""

    number: int


Step = (
    Customers | Consents | OptOuts | Photos | Treatments | Offers | Logs | Again | Undo | Erase | Purge | Restore
    | Run | Export | Explain | Days
)  # fmt: skip
