"""Nobody reads customers.age but the one statement that says how old somebody is."""

from __future__ import annotations

import re

from engine.warehouse import sql_folder

ALLOWED = {
    "trust/ages": "the rule itself",
    "health/people": "counts who has neither an age nor a birth date",
}


def test_no_other_statement_reads_the_age_that_was_told():
    found = set()
    for path in sql_folder().rglob("*.sql"):
        text = re.sub(r"--.*", "", path.read_text(encoding="utf-8"))
        for alias in re.findall(r"\b(?:FROM|JOIN) customers(?:\s+AS\s+(\w+))?", text):
            if re.search(rf"(?<![\w.]){alias}\.age\b" if alias else r"(?<![\w.])age\b", text):
                found.add(path.relative_to(sql_folder()).with_suffix("").as_posix())
    assert found == set(ALLOWED)
