"""A workspace and the model of the rules agree on drawn histories, and a planted fault is seen.

`python -m tests.rules` plays thousands, `python -m tests.rules --sabotage all` plants every fault.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.rules.bases import Bases
from tests.rules.examples import EXAMPLES
from tests.rules.model import LENT, OFFERS, OWN, TRAFFIC, Consent, Facts, Rules, Settings
from tests.rules.sabotages import SABOTAGES
from tests.rules.search import search, shortened, shown
from tests.rules.steps import LONG_AGO, day, moment

HISTORIES = int(os.environ.get("RULES_HISTORIES", "5"))
SEED = 7
# One of each kind; the others by hand.
PLANTED = ("list_lost_at_restore", "expiry_by_day", "old_words_stand")


@pytest.fixture(scope="module")
def bases(tmp_path_factory) -> Iterator[Bases]:
    """Workspaces to start from; their key lies where every test's does."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("KINDRED_KEYS", str(tmp_path_factory.getbasetemp() / "keys"))
        made = Bases(tmp_path_factory.mktemp("rules"))
        made("full")
    yield made
    made.close()


def test_workspace_and_rules_agree(bases):
    found = search(bases, HISTORIES, number=SEED)
    if found.fault:
        history, fault = shortened(bases, found.history, found.fault)
        pytest.fail(f"{fault}\n{history}")


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_fault_once_found_does_not_come_back(bases, name):
    assert shown(bases, EXAMPLES[name]) == ""


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_seen(bases, name):
    sabotage = SABOTAGES[name]
    assert shown(bases, sabotage.shows) == ""
    with sabotage.planted():
        assert shown(bases, sabotage.shows) != "", sabotage.what


def rules(*consents: Consent, **settings) -> Rules:
    """Anna, 30, and consents."""
    made = Rules(Settings(**settings))
    made.import_customers({"anna": (30, None)}, ("age",))
    if consents:
        made.import_consents(list(consents))
    return made


def test_the_model_asks_the_newest_event():
    older, ended = Consent("anna", OWN, LONG_AGO), Consent("anna", OWN, withdrawn=moment(2))
    newer = Consent("anna", OWN, moment(4), moment(6))
    for order in ((older, ended, newer), (newer, ended, older)):
        told = rules(*order)
        holds = [told.may_show_own_face("anna", moment(n)) for n in range(8)]
        assert holds == [True, True, False, False, True, True, False, False]
    assert not rules(older, replace(older, expires=moment(1))).may_show_own_face("anna", moment(1))
    assert not rules(older, Consent("anna", OWN, withdrawn=LONG_AGO)).may_show_own_face("anna", moment(1))


def test_the_model_asks_for_consent_to_offers_once_consents_came():
    told = rules()
    assert told.may_get_offers("anna", moment(0))
    told.import_consents([Consent("bela", OFFERS, LONG_AGO)])
    told.facts = Facts(customers=told.facts.customers, customers_known=True)
    assert not told.may_get_offers("anna", moment(0))
    assert rules(Consent("bela", LENT, LONG_AGO), offers_need_consent="no").may_get_offers("anna", moment(0))


def test_the_model_takes_the_younger_age():
    told = rules(Consent("anna", LENT, LONG_AGO))
    born = day(1).replace(year=day(1).year - 18)
    told.import_customers({"anna": (40, born)}, ("age", "birth"))
    assert [told.may_lend("anna", moment(n)) for n in (0, 1, 2)] == [False, False, True]
    told.import_customers({"anna": (None, None)}, ("age", "birth"))
    assert not told.may_lend("anna", moment(2))


def test_the_model_keeps_the_list_for_ever():
    told = rules(Consent("anna", TRAFFIC, LONG_AGO), traffic_consent=True)
    told.back_up()
    assert told.may_influence("anna", moment(0))
    told.opt_out({"anna"})
    told.restore("last-run")
    told.settle(moment(0))
    assert "anna" not in told.facts.customers and not told.may_influence("anna", moment(0))
