"""Whether what was imported looks right: named checks over all tables, each with what was found and what to do.

The same checks stand at the end of an import (those of its table), in `kindred status` and `kindred run` (the worst)
and in `kindred report data` (all, with the figures they rest on). Nothing here changes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from engine.sources import reasons
from engine.trust import ages

if TYPE_CHECKING:
    import polars as pl

    from engine.config import Config
    from engine.warehouse import Warehouse

OK, NOTE, WARN = "ok", "note", "warn"
LEVELS = (WARN, NOTE, OK)  # the worst first
# Thresholds, as shares. Each is where a careful analyst would look again, not where something must be wrong.
BUSY = 0.1  # of all calls and texts with one party
MATCHED = 0.5  # of the customers with call records, or of people in another table who are customers
UNKNOWN = 0.2  # of ages, handset types, answers
REJECTED = 0.02  # of the rows of one table, for one reason
FEW = 20  # calls or people from which on a share says something
LONG_TALK = 3600  # seconds: a mean call of an hour is no telephone's
_SHOWN = 5  # names in a line


@dataclass(frozen=True)
class Check:
    """What one look at the data found.

    Args:
        name: by which it can be asked for, `photos_of_nobody`.
        level: ok, note (worth knowing) or warn (probably wrong, or something will be missing).
        found: in words, with figures.
        remedy: what to do; empty where nothing is.
        tables: the imported tables it is about.
    """

    name: str
    level: str
    found: str
    remedy: str
    tables: tuple[str, ...]


class Facts:
    """Figures that the checks need, each computed when it is first needed: an import of opt-outs reads no calls.

    Args:
        store: the warehouse, open for reading at least, for as long as figures are asked for.
        config: settings; `run.today` gives the day of ages.
    """

    def __init__(self, store: Warehouse, config: Config) -> None:
        self._store, self._config = store, config

    def _row(self, name: str) -> dict[str, Any]:
        return self._store.query(f"health/{name}").row(0, named=True)

    @cached_property
    def records(self) -> dict[str, Any]:
        """sql/health/records, one row."""
        return self._row("records")

    @cached_property
    def people(self) -> dict[str, Any]:
        """sql/health/people, one row."""
        return self._row("people")

    @cached_property
    def handsets(self) -> dict[str, Any]:
        """sql/health/handsets, one row."""
        return self._row("handsets")

    @cached_property
    def days(self) -> pl.DataFrame:
        """sql/health/days."""
        return self._store.query("health/days")

    @cached_property
    def busiest(self) -> pl.DataFrame:
        """sql/health/busiest, at most one row."""
        return self._store.query("health/busiest")

    @cached_property
    def offers(self) -> pl.DataFrame:
        """sql/health/offers."""
        return self._store.query("health/offers")

    @cached_property
    def campaigns(self) -> pl.DataFrame:
        """sql/health/campaigns."""
        return self._store.query("health/campaigns")

    @cached_property
    def sources(self) -> pl.DataFrame:
        """sql/report/sources."""
        return self._store.query("report/sources")

    @cached_property
    def rejects(self) -> pl.DataFrame:
        """sql/report/rejects."""
        return self._store.query("report/rejects")

    @cached_property
    def ages(self) -> pl.DataFrame:
        """sql/health/ages."""
        self._store.temp("_health_ages", "trust/ages", day=ages.moment(self._config).date())
        try:
            return self._store.query("health/ages")
        finally:
            self._store.drop("_health_ages")


def checks(facts: Facts, config: Config, tables: Collection[str] | None = None) -> list[Check]:
    """The checks that apply, the worst first.

    Args:
        facts: of the tables.
        config: settings; sections people and run are used.
        tables: only those about one of these imported tables; None = all.
    """
    found: list[Check] = []
    for about, ask in _CHECKS:
        if tables is None or not about or about & set(tables):
            found += ask(facts, config)
    chosen = [check for check in found if tables is None or set(check.tables) & set(tables)]
    return sorted(chosen, key=lambda check: LEVELS.index(check.level))


def warnings(store: Warehouse, config: Config) -> list[str]:
    """The checks that found something wrong, each with its remedy, in words."""
    found = checks(Facts(store, config), config)
    return [f"{check.found}. {check.remedy}".strip() for check in found if check.level == WARN]


def _records(facts: Facts, _: Config) -> Iterator[Check]:
    seen, tables = facts.records, ("logs",)
    contacts = seen["calls"] + seen["texts"]
    if not contacts:
        return
    gaps = missing_days(facts.days)
    span = f"{seen['first_day']} to {seen['last_day']}"
    if gaps:
        yield Check(
            "days_without_records", WARN, f"days without a call or text from {span}: {_named(gaps)}",
            "Import what is missing, or set graph.window_days to what is there.", tables,
        )  # fmt: skip
    else:
        yield Check("days_without_records", OK, f"{span}: every day has calls or texts", "", tables)
    if facts.busiest.height and contacts >= FEW:
        share = facts.busiest["n"][0] / contacts
        level = WARN if share > BUSY and facts.people["parties"] > FEW else OK
        yield Check(
            "busiest_party", level, f"the busiest party has {share:.1%} of all calls and texts",
            "List a service number in logs.service_numbers, a word for nobody in the mapping's [parties] nobody."
            if level == WARN else "", tables,
        )  # fmt: skip
    if seen["calls"] >= FEW:
        mean = seen["talk_s"] / seen["calls"]
        odd = mean == 0 or mean > LONG_TALK
        yield Check(
            "talk", WARN if odd else OK, f"{seen['calls']:,} calls, {mean:,.0f} seconds of talk each on average",
            "Check the column and the unit of durations." if odd else "", tables,
        )  # fmt: skip


def _handsets(facts: Facts, _: Config) -> Iterator[Check]:
    if not facts.records["calls"] + facts.records["texts"] or not facts.handsets["tacs"]:
        return
    known = facts.handsets
    share = known["unknown"] / known["tacs"]
    level = WARN if share > UNKNOWN else OK
    yield Check(
        "tacs_unknown", level, f"{known['unknown']:,} of {known['tacs']:,} handset types (TACs) have no name",
        "Import a TAC table: `kindred import devices FILE`." if level == WARN else "", ("logs", "devices"),
    )  # fmt: skip


def _people(facts: Facts, config: Config) -> Iterator[Check]:
    p = facts.people
    if not p["customers"]:
        return
    if p["parties"]:
        yield _matched("customers_in_records", p["customers_seen"], p["customers"], "customers have call records",
                       ("logs", "customers"))  # fmt: skip
    if p["parties"] and p["acting"]:
        yield _matched("acts_in_records", p["acting_seen"], p["acting"], "people who acted have call records",
                       ("logs", "acts"))  # fmt: skip
    if p["ages_unknown"]:
        share = p["ages_unknown"] / p["customers"]
        bars = not config.people.unknown_age_is_adult
        yield Check(
            "ages_unknown", WARN if bars and share > UNKNOWN else NOTE,
            f"{p['ages_unknown']:,} of {p['customers']:,} customers have neither age nor birth date"
            + (": they count as minors and get no offer" if bars else ""),
            "Import customers with age or birth_date." if bars else "", ("customers",),
        )  # fmt: skip
    for table, people_, nobody in (
        ("photos", p["with_photo"], p["photos_of_nobody"]),
        ("consents", p["with_consent"], p["consents_of_nobody"]),
        ("treatments", p["treated"], p["treated_unknown"]),
    ):
        if people_:
            level = WARN if nobody > (1 - MATCHED) * people_ else NOTE if nobody else OK
            yield Check(
                f"{table}_of_nobody", level, f"{nobody:,} of {people_:,} people in {table} are not among the customers",
                "Check that both files name people by the same id." if nobody else "", (table, "customers"),
            )  # fmt: skip


def _matched(name: str, part: int, whole: int, words: str, tables: tuple[str, ...]) -> Check:
    level = WARN if part < MATCHED * whole else OK
    remedy = "Check that both files name people by the same id (country code: ids.region)." if level == WARN else ""
    return Check(name, level, f"{part:,} of {whole:,} {words}", remedy, tables)


def _campaigns(facts: Facts, config: Config) -> Iterator[Check]:
    day = ages.moment(config).date()
    offers = facts.offers.to_dicts()
    for name, level, chosen, words, remedy in (
        ("offers_never_sent", WARN, [o for o in offers if o["known"] and not o["sent"]],
         "offers in no past campaign, whose uplift cannot be learned and counts as 0",
         "Import treatments that tell of them, or run an experiment."),
        ("offers_unknown", WARN, [o for o in offers if not o["known"]],
         "offers of past campaigns that are not among the offers",
         "Import them, or map their names ([values.offer_id])."),
        ("offers_over", NOTE, [o for o in offers if o["known"] and o["valid_to"] and o["valid_to"] < day],
         "offers that are over", "Import new ones."),
    ):  # fmt: skip
        if chosen:
            yield Check(name, level, f"{words}: {_named([o['offer_id'] for o in chosen])}", remedy,
                        ("offers", "treatments"))  # fmt: skip
    campaigns = facts.campaigns.to_dicts()
    bare = [c["campaign_id"] for c in campaigns if not c["controls"]]
    if bare:
        yield Check(
            "campaigns_without_control", WARN, f"campaigns without a customer who got no offer: {_named(bare)}",
            "Add the control group as rows with an empty offer_id.", ("treatments",),
        )  # fmt: skip
    told = sum(c["customers"] for c in campaigns)
    unknown = sum(c["unknown"] for c in campaigns)
    accepted = sum(c["accepted"] for c in campaigns)
    if told >= FEW and (unknown > UNKNOWN * told or accepted in (0, told - unknown)):
        yield Check(
            "acceptance", WARN, f"{accepted:,} accepted, {told - accepted - unknown:,} did not, {unknown:,} not known",
            "Check the column accepted and its words ([values.accepted]).", ("treatments",),
        )  # fmt: skip


def _rejects(facts: Facts, _: Config) -> Iterator[Check]:
    rows = dict(facts.sources.select("target", "rows_in").iter_rows())
    for target, column, reason, n in facts.rejects.iter_rows():
        if n > REJECTED * rows.get(target, 0) and n > 1:
            words = reasons.meaning(reason)
            named = reason.replace("_", " ")
            words = f"{column}: {words}" if column else named if words == named else f"{named} ({words})"
            remedy = f"{reasons.remedy(reason)} See `kindred export rejects --to DIR --format csv`."
            name = "_".join(part for part in ("rejected", column, reason) if part)
            yield Check(
                name.replace(" ", "_"), WARN if rows.get(target) else NOTE,
                f"{n:,} of {rows.get(target, 0):,} rows of {target} were rejected: {words}", remedy, (target,),
            )  # fmt: skip


# What each group of checks is about: it is asked for nothing where another table came in. Empty = any.
_CHECKS: tuple[tuple[set[str], Callable[[Facts, Config], Iterator[Check]]], ...] = (
    ({"logs"}, _records),
    ({"logs", "devices"}, _handsets),
    ({"logs", "customers", "photos", "consents", "treatments", "acts"}, _people),
    ({"offers", "treatments"}, _campaigns),
    (set(), _rejects),
)


def missing_days(days: pl.DataFrame) -> list[date]:
    """The days without contact between the first and the last that have any."""
    have = set(days["day"])
    if not have:
        return []
    first = min(have)
    return [d for n in range((max(have) - first).days) if (d := first + timedelta(days=n)) not in have]


def _named(names: list[Any]) -> str:
    return f"{len(names):,} ({', '.join(map(str, names[:_SHOWN]))}{' ...' if len(names) > _SHOWN else ''})"
