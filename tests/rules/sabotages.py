"""Faults planted in the product, one a rule: the same histories must find each of them.

Each is made in this process: a statement's text is changed on its way to the database, or a function replaced. Where
the product takes a forbidden row out in two places, both are broken. `shows` is a short history that comes upon the
fault; the drawn ones find it too, some of them late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from unittest import mock

from tests.rules import steps
from tests.rules.histories import History
from tests.rules.model import LENT, OFFERS, OWN, TRAFFIC, Consent, Settings
from tests.rules.world import FRIENDS

Plant = Callable[[ExitStack], None]


@dataclass(frozen=True)
class Sabotage:
    """One planted fault.

    Args:
        what: is wrong then.
        plant: makes it so until the stack closes.
        shows: a history that shows it.
    """

    what: str
    plant: Plant
    shows: History

    @contextmanager
    def planted(self) -> Iterator[None]:
        """The product with this fault."""
        with ExitStack() as stack:
            self.plant(stack)
            yield


def _statement(name: str, old: str, new: str) -> Plant:
    """A statement in which a text stands for another one; old = "" replaces the whole of it."""

    def changed(text: str) -> str:
        if old not in text:
            raise LookupError(f"sql/{name}.sql has no {old!r} any more: mend this sabotage")
        return text.replace(old, new) if old else new

    return _text(name, changed)


def _rows_left_out(name: str, condition: str) -> Plant:
    """Only the rows of a statement that meet a condition."""
    return _text(name, lambda text: f"SELECT * FROM ({text}) WHERE {condition}")  # noqa: S608 (texts of this file)


def _text(name: str, changed: Callable[[str], str]) -> Plant:
    def plant(stack: ExitStack) -> None:
        from engine.warehouse import Sql, duckdb

        real = duckdb.sql_text
        changed(real(name))
        made = lambda statement: Sql(changed(real(statement)) if statement == name else real(statement))  # noqa: E731
        stack.enter_context(mock.patch.object(duckdb, "sql_text", made))

    return plant


def _both(*plants: Plant) -> Plant:
    def plant(stack: ExitStack) -> None:
        for one in plants:
            one(stack)

    return plant


def _replaced(module: str, name: str, made: Callable[[Any], Any]) -> Plant:
    """A module's function, or an object's attribute, by another one made from it."""

    def plant(stack: ExitStack) -> None:
        import importlib

        owner = importlib.import_module(module)
        *inner, last = name.split(".")
        for part in inner:
            owner = getattr(owner, part)
        stack.enter_context(mock.patch.object(owner, last, made(getattr(owner, last))))

    return plant


def _nothing_read(real: Callable[..., Any]) -> Callable[..., Any]:
    def read(folder: Any) -> Any:
        return real(folder).clear()

    return read


def _list_goes_too(real: Callable[..., Any]) -> Callable[..., Any]:
    def rows(store: Any, known: list[str]) -> dict[str, int]:
        store.execute_text("DELETE FROM objections")
        store.execute_text("DELETE FROM optouts")
        return real(store, known)

    return rows


def _by_what_stands(real: Callable[..., Any]) -> Callable[..., Any]:
    def rules(config: Any, store: Any, at: Any = None) -> Any:
        return replace(real(config, store, at), need_consent=store.count("consents") > 0)

    return rules


def _now_only(real: Callable[..., Any]) -> Callable[..., Any]:
    return lambda config, store, at=None: real(config, store)


def _never_asked(real: Callable[..., Any]) -> Callable[..., Any]:
    return lambda config, store, at=None: replace(real(config, store, at), need_traffic=False)


def _history(*steps: steps.Step, start: str = "full", settings: Settings | None = None) -> History:
    return History(start, settings or Settings(), steps)


def _consents(*rows: Consent) -> steps.Consents:
    return steps.Consents(rows)


_no_list = _replaced("engine.trust.objections", "read", _nothing_read)
_kept = ("features", "uplift", "choices")

SABOTAGES = {
    "opted_out_scored": Sabotage(
        "who opted out keeps features, scores and offers",
        _both(
            _replaced("engine.trust.forget", "KEPT_OF_OPTED_OUT", lambda real: (*real, *_kept)),
            _statement("offers/people", "NOT IN (SELECT", "IS NOT NULL OR e.customer_id IN (SELECT"),
        ),
        _history(steps.OptOuts((("anna", steps.LONG_AGO),))),
    ),
    "opted_out_imported": Sabotage(
        "rows about who opted out are accepted",
        _replaced("engine.intake.importer", "_without_objecting", lambda real: lambda store, target, frame, *_: frame),
        _history(
            steps.OptOuts((("anna", steps.LONG_AGO),)),
            steps.Customers((("anna", 40, None), ("bela", 40, None)), ("age",)),
        ),
    ),
    "list_lost_at_restore": Sabotage(
        "the list of people who must not come back is not applied to a restored database",
        _no_list,
        _history(steps.OptOuts((("anna", steps.LONG_AGO),)), steps.Restore()),
    ),
    "erase_drops_list": Sabotage(
        "erasing without --opt-out takes people off the list",
        _both(_no_list, _replaced("engine.usecases.erase", "_erase_rows", _list_goes_too)),
        _history(
            steps.OptOuts((("anna", steps.LONG_AGO),)),
            steps.Erase(("anna",)),
            steps.Customers((("anna", 40, None), ("bela", 40, None)), ("age",)),
        ),
    ),
    "withdrawal_lost": Sabotage(
        "an older grant holds again after a withdrawal was erased or a database restored",
        _statement("trust/withdraw_recognised", "", "SELECT 1"),
        _history(
            _consents(Consent("anna", OWN, withdrawn=steps.moment(0))),
            steps.Restore(),
            steps.Run(),
            steps.Export("delivery"),
        ),
    ),
    "last_row_wins": Sabotage(
        "of the consents of one subject and purpose the last row counts, not the newest event",
        _statement(
            "trust/consented",
            "",
            """WITH last AS (
            SELECT *, row_number() OVER (PARTITION BY customer_id, purpose ORDER BY rowid DESC) AS place FROM consents)
            SELECT customer_id, purpose FROM last WHERE place = 1 AND granted_at <= $moment
            AND (expires_at IS NULL OR expires_at > $moment) AND (withdrawn_at IS NULL OR withdrawn_at > $moment)""",
        ),
        _history(
            _consents(
                Consent("anna", OWN, withdrawn=steps.moment(0)),
                Consent("anna", OWN, granted=steps.LONG_AGO, expires=steps.moment(9)),
            )
        ),
    ),
    "grant_beats_withdrawal": Sabotage(
        "of a grant and a withdrawal of the same moment the grant counts",
        _statement("trust/consented", "bool_and", "bool_or"),
        _history(_consents(Consent("anna", OWN, withdrawn=steps.LONG_AGO))),
    ),
    "expiry_by_day": Sabotage(
        "a consent holds to the end of the day on which it expires",
        _statement("trust/consented", "expires_at > $moment::TIMESTAMP", "expires_at >= date_trunc('day', $moment)"),
        _history(_consents(Consent("anna", OWN, granted=steps.moment(0), expires=steps.moment(1)))),
    ),
    "unknown_age_adult": Sabotage(
        "who has no age on record counts as an adult",
        _statement(
            "trust/standing", "a.age >= $adult, $unknown_is_adult", "a.age >= $adult, true OR $unknown_is_adult"
        ),
        _history(steps.Customers((("anna", None, None), ("bela", 30, None)), ("age",)), steps.Run()),
    ),
    "birth_date_ignored": Sabotage(
        "only the column age is looked at",
        _statement("trust/ages", "CASE WHEN age IS NULL OR since_birth < age THEN since_birth ELSE age END", "age"),
        _history(steps.Customers((("anna", None, date(2015, 5, 1)), ("bela", 30, None)), ("birth",)), steps.Run()),
    ),
    "older_age_counts": Sabotage(
        "of an age and a birth date the older one counts",
        _statement("trust/ages", "since_birth < age", "since_birth > age"),
        _history(steps.Customers((("anna", 40, date(2015, 5, 1)),))),
    ),
    "moment_not_followed": Sabotage(
        "time passes, and what ended with it stays until the next import",
        _statement("trust/next_end", "min(happens_at)", "min(happens_at) + INTERVAL 9 YEAR"),
        _history(
            _consents(Consent("anna", OWN, granted=steps.moment(0), expires=steps.moment(2))),
            steps.Days(2),
            steps.Export("delivery"),
        ),
    ),
    "consent_by_table": Sabotage(
        "consent to offers is required where the table of consents has rows, and not where it is empty",
        _replaced("engine.trust.people", "rules", _by_what_stands),
        _history(
            steps.Erase(FRIENDS),
            steps.Customers((("gabor", 30, None), ("crowd00", 30, None)), ("age",)),
            steps.Run(),
        ),
    ),
    "subject_of_today": Sabotage(
        "an ad asks for the consent of today's match and not of the person whose face chose its photo",
        _statement(
            "trust/showable",
            "s.customer_id = a.subject_id",
            "s.customer_id = coalesce((SELECT m.subject_id FROM matches AS m WHERE m.customer_id = a.customer_id "
            "AND m.arm = a.arm), a.subject_id)",
        ),
        # Bela was Anna's contact; without his calls another one is, and the ads are not made anew.
        _history(
            _consents(Consent("bela", TRAFFIC, withdrawn=steps.moment(0))),
            steps.Run("matches"),
            _consents(Consent("bela", LENT, withdrawn=steps.moment(0))),
            steps.Export("delivery"),
            settings=Settings(traffic_consent=True),
        ),
    ),
    "erased_not_called_back": Sabotage(
        "withdraw.jsonl leaves out the ads of people who were erased",
        _rows_left_out("export/gone", "because <> 'erased'"),
        _history(steps.Export("ads"), steps.Erase(("anna",)), steps.Export("delivery")),
    ),
    "gone_not_called_back": Sabotage(
        "withdraw.jsonl leaves out the ads whose consent ended",
        _rows_left_out("export/gone", "because <> 'no_consent'"),
        _history(
            steps.Export("ads"), _consents(Consent("anna", OWN, withdrawn=steps.moment(0))), steps.Export("delivery")
        ),
    ),
    "traffic_ignored": Sabotage(
        "graph.require_traffic_consent changes nothing",
        _both(
            _replaced("engine.trust.people", "rules", _never_asked),
            _replaced("engine.pipeline.influencers", "among", lambda real: lambda graph, agreed: graph),
        ),
        _history(
            _consents(Consent("bela", TRAFFIC, withdrawn=steps.moment(0))),
            steps.Run(),
            settings=Settings(traffic_consent=True),
        ),
    ),
    "old_words_stand": Sabotage(
        "an ad stays when the words of its offer change",
        _statement("trust/showable", " AND f.offer_version = a.offer_version", ""),
        _history(steps.Offers((("alpha", 2, None),)), steps.Export("delivery")),
    ),
    "as_of_ignored": Sabotage(
        "a delivery for a later day asks only for the consents of today",
        _replaced("engine.trust.people", "rules", _now_only),
        _history(
            _consents(Consent("anna", OWN, granted=steps.moment(0), expires=steps.moment(6))),
            steps.Export("delivery", 4),
        ),
    ),
    "faces_stay": Sabotage(
        "embeddings stay when nobody may be shown or lends the likeness any more",
        _statement("trust/bar_faces", "WHERE", "WHERE false AND"),
        _history(_consents(*(Consent("anna", p, withdrawn=steps.moment(0)) for p in (OWN, LENT)))),
    ),
    "choice_stays": Sabotage(
        "whose face is shown stays decided when that person withdraws",
        _statement("trust/bar_face_choices", "WHERE", "WHERE false AND"),
        _history(_consents(Consent("anna", OWN, withdrawn=steps.moment(0)))),
    ),
    "order_turned": Sabotage(
        "of the faces that may be shown the last one is taken",
        _replaced(
            "engine.pipeline.face_choices",
            "decide",
            lambda real: lambda *frames, order, best_arm: real(*frames, order=order[::-1], best_arm=best_arm),
        ),
        _history(steps.Run(None)),
    ),
    "photos_stay": Sabotage(
        "the photo files of who opted out stay",
        _replaced("engine.workspace", "files.keep_only", lambda real: lambda *_: 0),
        _history(steps.OptOuts((("anna", steps.LONG_AGO),))),
    ),
    "everybody_barred": Sabotage(
        "who may get an offer gets none",
        _statement("trust/standing", "NOT $need_consent OR", "NOT $need_consent AND"),
        _history(steps.Run()),
    ),
    "consent_not_remembered": Sabotage(
        "a database restored from before the first consents asks nobody for consent to offers",
        _both(
            _replaced("engine.config", "set_value", lambda real: lambda *_: None),
            _replaced("engine.trust.people", "rules", _by_what_stands),
        ),
        _history(
            steps.Customers((("gabor", 30, None), ("anna", 30, None)), ("age",)),
            steps.Run(),
            _consents(Consent("anna", OFFERS, granted=steps.moment(0))),
            steps.Restore(),
            steps.Run(),
            start="bare",
        ),
    ),
    "undo_keeps_rows": Sabotage(
        "an undo leaves the rows of its file where they are",
        _replaced("engine.sources.takeback", "tables", lambda real: lambda *_: None),
        _history(steps.Undo(0), steps.Run(), steps.Export("ads")),
    ),
}
