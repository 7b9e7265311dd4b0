"""The glossary's words are those of help texts and reports."""

from __future__ import annotations

from typer.testing import CliRunner

from cli.main import app
from engine import glossary


def test_terms_are_one_plain_sentence_or_two():
    terms = glossary.terms()
    assert len(terms) > 60
    names = [term.name.lower() for term in terms]
    assert len(set(names)) == len(names)
    for term in terms:
        assert term.name and term.section and term.meaning.endswith("."), term
        assert len(term.meaning) <= 260 and term.meaning.count(". ") <= 2, term


def test_the_longest_term_counts_and_everyday_words_do_not():
    assert list(glossary.used_in("The contact margin of customers; Ties, not neckties.")) == ["contact margin", "tie"]
    assert glossary.used_in("qini and QINI") == {"Qini": next(t.meaning for t in glossary.terms() if t.name == "Qini")}
    assert glossary.used_in("alarms, warmth, uplifting") == {}


def test_help_explains_its_terms():
    said = CliRunner().invoke(app, ["experiment", "design", "--help"], terminal_width=120).output
    explained = " ".join(said[said.index("Terms:") :].split())
    for name in ("salt", "guardrail"):
        assert f"{name} {glossary.used_in(name)[name]}" in explained
    assert "Terms:" not in CliRunner().invoke(app, ["backups", "--help"]).output
