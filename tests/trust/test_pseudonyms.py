"""Pseudonyms: the same in SQL, in Python and whatever way a number is written; who is hidden is one rule."""

from __future__ import annotations

import dataclasses
import hmac
import re
import unicodedata
from hashlib import sha256

import phonenumbers
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine import identifiers, processes
from engine.config import Ids
from engine.errors import ConfigError
from engine.trust import national, spellings
from engine.trust.pseudonyms import check_naming, name_series, pseudonym
from engine.warehouse.duckdb import DuckDBWarehouse

STORE = DuckDBWarehouse()
KEY = b"k" * 32


def name(values, key=KEY, **ids):
    return name_series(STORE, pl.Series("id", values, dtype=pl.String), Ids(**ids), key).to_list()


@given(st.text(min_size=1).filter(lambda t: t == spellings.plain(t)), st.binary(min_size=1, max_size=80))
def test_sql_gives_what_the_library_gives(identifier, key):
    expected = hmac.new(key, identifier.encode(), sha256).hexdigest()[:32]
    assert pseudonym(identifier, key) == expected
    if not any(c in identifier for c in "@0123456789") and spellings.plain(identifier) == identifier:
        assert name([identifier], key=key, pseudonymise="all") == [expected]


def test_order_repeats_and_nulls_stay():
    assert name(["b", None, "a", "b"]) == ["b", None, "a", "b"]


def test_forms_of_one_number_agree():
    forms = ["+36 20 123-4567", "0036201234567", "+36201234567", "06 20 123 4567", "20/1234567", "36201234567",
             "٠٦٢٠١٢٣٤٥٦٧", "０６ ２０ １２３ ４５６７", "+36\u00a020\u202f123\u20114567", "+36\u200b20\u00ad1234567",
             "tel:+36201234567", "SIM 36201234567", "msisdn=36201234567"]  # fmt: skip
    assert set(name(forms, region="HU")) == {pseudonym("+36201234567", KEY)}
    assert len(set(name(forms[:6], rules=2))) == 4
    assert len(set(name(forms[:6]))) == 3  # the digits of a whole number are one with and without +


DRESSED = ["+36 (0)20 123-4567", "+36(0)201234567", "0036 (0)20/1234567", "'+36201234567",
           '="+36201234567"', "=+36201234567", '"+36 20 123 4567"', "+36201234567.0", "tel:+36201234567;ext=5",
           "tel:+36-20-123-4567;phone-context=x", "whatsapp:+36201234567", "+0036201234567",
           "＝＂+36201234567＂"]  # fmt: skip


def test_numbers_dressed_by_spreadsheets_and_letterheads_agree():
    assert set(name(DRESSED)) == {pseudonym("+36201234567", KEY)}
    assert name(["17.0", "+39 (0)6 1234567"]) == ["17", pseudonym("+39061234567", KEY)]
    assert name(["36201234567.0"]) == name(["36201234567"])
    assert pseudonym("+36201234567", KEY) not in name(DRESSED, rules=2), "as workspaces of older Kindreds have it"


def test_an_account_in_any_writing_is_one():
    forms = ["HU42 1177 3016 1111 1018 0000 0000", "hu42117730161111101800000000", "HU42-1177-3016-1111-1018-0000-0000"]
    assert set(name(forms)) == {pseudonym("HU42117730161111101800000000", KEY)}


GENERIC = ("customer", "cust", "client", "user", "usr", "subscriber", "sub", "person", "party", "member", "node",
           "account", "acc", "id")  # fmt: skip
OPAQUE = ["C0001", "12345", "0", "p123", "user_17", "customer-000123", "b", "", "*100#", "a" * 32, "0f" * 32]
HIDDEN = [
    "12 and more", "@jani", "jani84", "bob7", "Kovács János", "ann", "imsi216301234567890", "216301234567890",
    "4111 1111 1111 1111", "sip:jani", "AB123456", "A1234567", "353328110000000", "1234567", "12-34-56", "x" * 32,
    "c0ffee", "123e4567-e89b-12d3-a456-426614174000", "u/17", "+361",
]  # fmt: skip


@pytest.mark.parametrize("text", OPAQUE)
def test_opaque_ids_pass(text):
    assert name([text]) == [text]


@pytest.mark.parametrize("text", HIDDEN)
def test_all_other_ids_are_hidden(text):
    assert re.fullmatch("[0-9a-f]{32}", name([text])[0]) and name([text]) != [text]
    assert name([text], rules=1, pseudonymise="none") == [text]


def test_addresses_are_one_in_any_case():
    assert name(["Ann@Example.ORG"]) == [pseudonym("ann@example.org", KEY)]


LETTERS = st.sampled_from("0123456789+-_ ()./@abcXYZß٣６é\u200b\u00a0")
WORDS = st.sampled_from(
    ["user", "customer", "c", "SIM ", "tel:", "imsi", "+36", "0036", "201234567", "HU42117730161111101800000000",
     "hu42 1177 3016 1111 1018 0000 0000", "@", "example.hu", "a" * 32, "F" * 40, "17", "２０", "٣٦", "_", " ", "*#",
     "(0)", "'", '="', '"', ".0", "whatsapp:", ";a", "+39"]
)  # fmt: skip
TEXTS = st.text(LETTERS, max_size=20) | st.lists(WORDS, max_size=5).map("".join)


def model(text: str, region: str) -> str:
    """The second rule, of workspaces made before numbers were one in all spellings, in plain words.

    Fold, read as a number if it is one, keep only what is plainly opaque.
    """
    text = unicodedata.normalize("NFKC", text)
    text = "".join("" if unicodedata.category(c) == "Cf" else str(int(c)) if c.isdecimal() else c for c in text).strip()
    compact = re.sub(r"[ -]", "", text).upper()
    shape = re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", compact) and re.fullmatch(r"\w[\w -]*\w", text)
    if shape and "_" not in text and not re.search(r"[ -]{2}", text) and not re.match(r"[A-Za-z][ -]", text):
        moved = compact[4:] + compact[:4]
        if compact.isascii() and int("".join(str(int(c, 36)) for c in moved)) % 97 == 1:
            return pseudonym(compact, KEY)
    said = re.fullmatch(
        r"(?i:tel|telephone|phone|mobile|mob|msisdn|imsi|imei|sim)[ :=._-]*(\+?[0-9][0-9 ()./-]{5,}[0-9])", text
    )
    text = said[1] if said else text
    digits = re.sub(r"[ ()./-]", "", text)
    if region and re.fullmatch(r"[0-9(][0-9 ()./-]{4,24}", text) and not text.startswith("00"):
        try:
            number = phonenumbers.parse(text, region)
            if phonenumbers.is_valid_number(number):
                return pseudonym(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), KEY)
        except phonenumbers.NumberParseException:
            pass
    if re.fullmatch(r"(\+|00)[1-9][0-9]{7,14}|[0-9]{7,15}", digits):
        return pseudonym("+" + digits[2:] if digits.startswith("00") else digits, KEY)
    if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
        return pseudonym(text.lower(), KEY)
    few = re.fullmatch(r"[*#0-9]{0,6}", text)
    letter = re.fullmatch(r"[A-Za-z]([_-]?[0-9]{1,6})?", text)
    word = re.fullmatch(r"([A-Za-z]+)[_-]?[0-9]{1,6}", text)
    digest = len(text) in range(32, 129, 8) and (re.fullmatch("[0-9a-f]+", text) or re.fullmatch("[0-9A-F]+", text))
    if few or letter or (word and word[1].lower() in GENERIC) or digest:
        return text
    return pseudonym(text, KEY)


@given(st.lists(TEXTS, min_size=1, max_size=8), st.sampled_from(["", "HU"]))
@example(["36205551240", "SIM 36205551240", "imsi216301234567890"], "")
@example(["", "\u200b", " 17 ", "tel:", "+", "*"], "HU")
def test_who_is_hidden_and_how_is_one_rule(texts, region):
    assert name(texts, region=region, rules=2) == [model(text, region) for text in texts]


@given(TEXTS)
def test_a_text_and_its_folded_form_are_one_person(text):
    assert name([text]) == name([identifiers.folded(text)])
    assert identifiers.canonical(identifiers.canonical(text)) == identifiers.canonical(text)


def test_a_workspace_of_an_older_kindred_names_people_as_it_did():
    """Fixed values: names that were given must never change, or one person becomes two."""
    old = [
        "C0001",
        "12 and more",
        "Ann@Example.ORG",
        "+36 20 123-4567",
        "SIM +36201234567",
        "３６２０１２３４５６７",
        "@jani",
    ]
    hidden = {"ann@example.org": 2, "+36201234567": 3, "SIM +36201234567": 4}
    expected = list(old)
    for text, place in hidden.items():
        expected[place] = pseudonym(text, KEY)
    assert name(old, rules=1) == expected
    assert name(old)[2:4] == expected[2:4], "what was hidden keeps its name under the newer rules"


def test_people_are_named_in_one_way_from_the_first_on():
    store = DuckDBWarehouse()
    check_naming(store, Ids(rules=1))
    check_naming(store, Ids())  # nobody has come yet
    store.append("optouts", pl.DataFrame({"customer_id": ["a"], "since": [None]}).with_columns(
        pl.lit("2026-01-01").str.to_datetime().alias("since")))  # fmt: skip
    check_naming(store, Ids())
    for other in ({"rules": 1}, {"pseudonymise": "all"}):
        with pytest.raises(ConfigError, match="named by auto, rules 3"):
            check_naming(store, dataclasses.replace(Ids(), **other))
    store.close()


def test_an_unknown_country_is_named():
    with pytest.raises(ConfigError, match="XX"):
        name(["06201234567"], region="XX")


def test_many_national_numbers_are_read_by_processes_as_by_one(monkeypatch):
    texts = [f"06 30 {n:07d}" for n in range(40)] + [
        "491709177911",
        "nobody",
        "0630",
        "",
        "+36301234567",
        "06 1 234 5678",
    ]
    alone = national.read(pl.Series(texts), "hu", 3)
    monkeypatch.setattr(national, "_MANY", 20)
    monkeypatch.setattr(national, "_CHUNK", 7)
    monkeypatch.setattr(national.os, "sched_getaffinity", lambda _: {0, 1, 2})
    asked = []
    answers = processes.answers
    monkeypatch.setattr(processes, "answers", lambda *told: asked.append(told) or answers(*told))
    assert national.read(pl.Series(texts), "hu", 3) == alone and len(set(alone)) > 3
    assert [told[0] for told in asked] == ["engine.trust.national"], "it was no single process"
