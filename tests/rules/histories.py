"""Histories drawn by hypothesis: settings, a start and steps, likely enough to come near every rule."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from hypothesis import strategies as st

from tests.rules import steps
from tests.rules.bases import Bases
from tests.rules.model import PURPOSES, Consent, Settings
from tests.rules.steps import Step
from tests.rules.world import PEOPLE, PORTRAITS, STRANGER, World

LAST = 10  # half days after the first moment that events may have; days pass beyond


@dataclass(frozen=True)
class History:
    """Where a workspace starts (`tests.rules.world.Bases`), what it was told, and what happens."""

    start: str
    settings: Settings
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        """One line a step."""
        return "\n".join([f"start: {self.start}, {self.settings}", *(f"  {step}" for step in self.steps)])


def play(bases: Bases, history: History) -> None:
    """Play a history in a folder of its own.

    Raises:
        Fault: workspace and rules disagree.
    """
    base = bases(history.start)
    with tempfile.TemporaryDirectory(dir=bases.folder) as folder:
        World(base, Path(folder) / "world", history.settings).play(list(history.steps))


people = st.sampled_from(PEOPLE)
spellings = st.integers(0, 2)
moments = st.one_of(st.just(steps.LONG_AGO), st.integers(0, LAST).map(steps.moment))
# Of age long since, not yet, or between the first days of a history.
_come_of_age = steps.FIRST_DAY.replace(year=steps.FIRST_DAY.year - 18)
birth_dates = st.sampled_from(
    [date(1980, 5, 1), date(2015, 5, 1), *(_come_of_age + timedelta(days=number) for number in range(5))]
)
ages = st.sampled_from([None, 16, 17, 18, 40])


@st.composite
def _customers(draw: st.DrawFn) -> steps.Customers:
    who = draw(st.lists(people, min_size=1, max_size=3, unique=True))
    columns = draw(st.sampled_from([("age",), ("birth",), ("age", "birth"), ()]))
    rows = tuple((p, draw(ages), draw(st.none() | birth_dates)) for p in who)
    heading = draw(st.sampled_from(["birth_date", "birthdate", "date_of_birth", "dob", "birthday"]))
    return steps.Customers(rows, columns, heading, draw(spellings))


@st.composite
def _consent(draw: st.DrawFn) -> Consent:
    kind = draw(st.sampled_from(["grant", "until", "withdrawal", "both"]))
    granted = draw(moments) if kind != "withdrawal" else None
    expires = draw(moments) if kind == "until" else None
    withdrawn = draw(moments) if kind in ("withdrawal", "both") else None
    return Consent(draw(people), draw(st.sampled_from(PURPOSES)), granted, expires, withdrawn)


def _rows(row: st.SearchStrategy, most: int = 3) -> st.SearchStrategy:
    return st.lists(row, min_size=1, max_size=most, unique=True).map(tuple)


_pairs = st.tuples(people, people).filter(lambda pair: pair[0] != pair[1])
_calls = st.builds(lambda pair, m, at: (*pair, m + timedelta(minutes=at)), _pairs, st.integers(0, 6).map(steps.moment),
                   st.integers(0, 300))  # fmt: skip
_optouts = st.builds(steps.OptOuts, _rows(st.tuples(people, moments), 2), spellings)
_consents = st.builds(steps.Consents, _rows(_consent()), spellings)
_photos = st.builds(steps.Photos, _rows(st.tuples(people, st.sampled_from(PORTRAITS)), 2), spellings)
_offer_rows = st.tuples(st.sampled_from(["alpha", "beta"]), st.integers(1, 2), st.none() | st.integers(0, 4))
_offers = st.builds(steps.Offers, st.lists(_offer_rows, min_size=1, max_size=2, unique_by=lambda r: r[0]).map(tuple))
_treatment_rows = st.tuples(people, st.sampled_from(["alpha", "beta", ""]), st.integers(0, 1), st.integers(-3, 0))
_treatments = st.builds(
    steps.Treatments, st.lists(_treatment_rows, min_size=1, max_size=2, unique_by=lambda r: r[0]).map(tuple), spellings
)
_acts = st.builds(steps.Acts, _rows(st.tuples(people, st.integers(-6, 0)), 3), spellings)
_erasures = st.builds(steps.Erase, _rows(st.sampled_from([*PEOPLE, STRANGER]), 2), st.booleans(), spellings)
_purges = st.builds(steps.Purge, st.sampled_from([date(2026, 1, 1), date(2026, 2, 17), date(2026, 2, 25)]))
_undos = st.builds(steps.Undo, st.integers(0, 6))
_restores = st.builds(steps.Restore, st.sampled_from(["last-run", "last-run", "last-run", "replaced"]))
_stops = st.builds(steps.Run, st.sampled_from([None, "edges", "influencers", "choices", "matches"]))
_exports = st.one_of(
    st.builds(steps.Export, st.sampled_from(["ads", "delivery", "delivery", "analysis", "all"])),
    st.builds(steps.Export, st.just("delivery"), st.integers(0, 5)),
)
_OFTEN = {
    "an import": (_consents, _consents, _optouts, _optouts, _customers(), _photos, _treatments, _acts, _offers,
                  st.builds(steps.Logs, _rows(_calls)), st.builds(steps.Again, st.integers(0, 5))),
    "the past changes": (_erasures, _erasures, _purges, _restores, _restores, _undos, _undos),
    "a run": (_stops, _stops, st.just(steps.Run()), st.just(steps.Run()), st.just(steps.Run(None, True))),
    "a look": (_exports, _exports, _exports, st.builds(steps.Explain, people)),
    "time": (st.builds(steps.Days, st.integers(1, 2)), st.builds(steps.Days, st.integers(1, 2))),
}  # fmt: skip
_steps = st.one_of(*(one for some in _OFTEN.values() for one in some))
_endings = st.sampled_from([
    (steps.Export("delivery"),),
    (steps.Run(), steps.Export("ads")),
    (steps.Run("matches"), steps.Export("delivery")),
    (steps.Run(None, True), steps.Export("all")),
    (steps.Restore(), steps.Export("delivery")),
])  # fmt: skip
_settings = st.builds(
    Settings, st.sampled_from(["auto", "auto", "yes", "no"]), st.booleans(), st.booleans(), st.booleans()
)
_starts = st.sampled_from(["full", "full", "full", "bare"])

_usual = st.sampled_from(
    [Settings(), Settings(every_face=False), Settings(traffic_consent=True), Settings(unknown_age_is_adult=True)]
)
histories = st.builds(
    lambda start, settings, steps, end: History(start, settings, (*steps, *end)),
    _starts,
    st.one_of(_usual, _usual, _settings),
    st.lists(_steps, min_size=1, max_size=9),
    _endings,
)
