"""One number in all its spellings is one person; words for nobody and rounded numbers name none."""

from __future__ import annotations

import phonenumbers
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import Ids
from engine.trust import spellings
from engine.trust.pseudonyms import name_series, problems, pseudonym
from engine.warehouse.duckdb import DuckDBWarehouse

STORE = DuckDBWarehouse(threads=1)
KEY = b"k" * 32
FAR = str.maketrans("0123456789+", "０１２３４５６７８９＋")
NORTH = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
few = settings(max_examples=25, deadline=None)


def name(values, **ids):
    return name_series(STORE, pl.Series("id", values, dtype=pl.String), Ids(**ids), KEY).to_list()


# Whole numbers of 11 digits and more: country code, then a national number that the country could give out.
NUMBERS = st.one_of(
    st.integers(600_000_000, 699_999_999).map(lambda n: f"34{n}"),
    st.integers(200_000_000, 209_999_999).map(lambda n: f"36{n}"),
    st.integers(1_700_000_000, 1_709_999_999).map(lambda n: f"49{n}"),
    st.integers(7_400_000_000, 7_499_999_999).map(lambda n: f"44{n}"),
)


def grouped(digits, between):
    return between.join(digits[i : i + 3] for i in range(0, len(digits), 3))


@st.composite
def spelled(draw, digits):
    """One way in which a program or a person writes a whole number."""
    written = draw(st.sampled_from(["+{}", "00{}", "000{}", "{}"])).format(digits)
    between = draw(st.sampled_from(["", " ", "-", ".", "/", "\u00a0", "\u2009", "\u202f", "\u2011", "\u2013"]))
    plus = written.startswith("+")
    written = ("+" if plus else "") + grouped(written.lstrip("+"), between)
    written = draw(st.sampled_from([written, written, written.translate(FAR), written.translate(NORTH)]))
    around = [
        "{}", " {} ", "\u202a{}\u202c", "'{}", '="{}"', '"{}"', "tel:{}", "sip:{}@example.net", "sips:{}@10.0.0.1:5061",
        'sip:{}@host;user=phone', '"Ann" <{}>', "Ann B. <sip:{}@host.example>;tag=9", "<{}>", "whatsapp:{}", "{};ext=5",
        "{} ext. 12", "\ufeff{}", "{}\u200b", "Tel: {}",
    ]  # fmt: skip
    if not plus and not between and written.isascii() and not written.startswith("0"):
        around += ["{}.0", "{}.00", "{}@s.whatsapp.net", f"{int(written):,}"]
    return draw(st.sampled_from(around)).format(written)


@few
@given(st.data())
def test_every_spelling_of_a_number_is_its_person_and_hidden(data):
    numbers = data.draw(st.lists(NUMBERS, min_size=1, max_size=3))
    texts = [(data.draw(spelled(digits)), digits) for digits in numbers for _ in range(12)]
    found = name([text for text, _ in texts])
    for (text, digits), person in zip(texts, found, strict=True):
        assert person == pseudonym(f"+{digits}", KEY), text
    assert problems(pl.Series([text for text, _ in texts])).null_count() == len(texts)


@few
@given(st.sampled_from(["DE", "HU", "ES", "GB", "US", "FR", "IT"]), st.integers(0, 10**6), st.data())
def test_national_numbers_are_read_with_the_region_also_without_their_zero(region, seed, data):
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    number = str(example.national_number)
    number = number[:-4] + f"{seed % 10_000:04d}"
    whole = phonenumbers.parse(f"+{example.country_code}{number}")
    if not phonenumbers.is_valid_number(whole):
        return
    person = pseudonym(phonenumbers.format_number(whole, phonenumbers.PhoneNumberFormat.E164), KEY)
    national = phonenumbers.format_number(whole, phonenumbers.PhoneNumberFormat.NATIONAL)
    code = example.country_code
    forms = [national, national.replace(" ", ""), number, f"{code}{number}", f"+{code} {number}", f"00{code}{number}"]
    assert set(name(forms, region=region)) == {person}, forms


def test_a_number_of_another_country_without_plus_is_that_number():
    us = name(
        ["447400123456", "+447400123456", "011447400123456", "+12025550101", "12025550101", "2025550101"], region="US"
    )
    assert us == [pseudonym(n, KEY) for n in ["+447400123456"] * 3 + ["+12025550101"] * 3]


FIVE = ["01709177911", "0170/9177911", "+49 170 9177911", "491709177911", "00491709177911", "1709177911",
        "+49 (0)170 9177911"]  # fmt: skip


def test_forms_that_a_spreadsheet_makes_of_one_number():
    assert set(name(FIVE, region="DE")) == {pseudonym("+491709177911", KEY)}
    assert name(["0491709177911", "+39 06 1234 5678"], region="DE")[1] == pseudonym("+390612345678", KEY)


NOBODY = ["NULL", "null", "", " ", "anonymous", "Anonym", "unknown", "(Unknown)", "<unknown>", "withheld", "Private",
          "unavailable", "restricted", "-1", "-2", "-3.0", "N/A", "\\N", "nan", "desconocido", "inconnu", "ismeretlen",
          "неизвестный", "未知", "sip:anonymous@anonymous.invalid", "anonymous@10.0.0.1",
          '"Anonymous" <sip:anonymous@x>', "'", '=""', "-", "?", "ＮＵＬＬ"]  # fmt: skip
SOMEBODY = ["0", "1", "17", "C0001", "ann", "Nulla Ann", "private@example.org", "anna", "204", "+34600111222", "a" * 32,
            "3e5", "12e5", "O'Brien", "-12345", "jani84", "unknown1"]  # fmt: skip
ROUNDED = ["3.46001E+10", "3.46001e+10", "3,46001E+10", "3.46E+10", "4E+10", '="3.46E+10"', "'3.46E+10"]


def test_words_for_nobody_and_rounded_numbers_name_none():
    texts = pl.Series([*NOBODY, *SOMEBODY, *ROUNDED])
    wanted = ["nobody"] * len(NOBODY) + [None] * len(SOMEBODY) + ["rounded_number"] * len(ROUNDED)
    assert problems(texts).to_list() == wanted
    assert problems(pl.Series(["Empfang", "ann"]), ("empfang",)).to_list() == ["nobody", None]
    assert spellings.plain("3.4600111222E+10") == "34600111222", "all its digits are there"


def test_what_a_workspace_of_older_rules_named_stays():
    old = ["+34600111222", "34600111222", "sip:+34600111222@host", "'34600111222", "34600111222.0"]
    for rules in (1, 2):
        assert len(set(name(old, rules=rules))) == len(old), rules
    assert len(set(name(old))) == 1
    assert name(["34600111222"], pseudonymise="none") == ["34600111222"], "a pseudonym of digits stays as it came"


@pytest.mark.parametrize("text", ["17", "C0001", "a" * 32, "*100#", "b"])
def test_opaque_ids_stay_as_they_are(text):
    assert name([text, f"'{text}", f'="{text}"', f" {text}"]) == [text] * 4


@given(st.text(st.sampled_from("0123456789+-_ ()./\"'=<>;:,@eEx#abZ٣６\u00a0\u202a"), max_size=24))
def test_what_the_pattern_passes_by_reads_as_it_stands(text):
    """`plain` changes only ids that match `ODD`, which is all that is looked at among millions."""
    odd = pl.Series([text]).str.contains(spellings.ODD)[0]
    if not odd:
        assert spellings.plain(text) == text.strip(" ") and spellings.problem(text) is None
    assert spellings.plain(spellings.plain(text)) == spellings.plain(text)
