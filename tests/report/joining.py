"""Before and after one person: what two public reports say of somebody who joined in between.

`python tests/report/joining.py PEOPLE DRAWS` prints the attacker's success over drawn people and secrets.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from tests_report_town import make, tables

from engine.report.book import Book
from engine.trust.noise import Noise
from engine.usecases import reporting, reporting_sections
from engine.usecases.reporting_ask import Ask

WHOSE = ("customer_id", "party_id", "contact_id", "subject_id")


def without(rows: dict[str, list[dict]], person: int) -> dict[str, list[dict]]:
    """The town before that person joined: no row of any table names them."""
    name = rows["parties"][person]["party_id"]
    photos = {row["sha256"] for row in rows["photos"] if row["customer_id"] == name}

    def theirs(row: dict) -> bool:
        ends = {row.get(column) for column in ("node", "a", "b", "src", "dst", "caller", "callee")}
        return name in [row.get(c) for c in WHOSE] or person in ends or row.get("sha256") in photos

    return {table: [row for row in lines if not theirs(row)] for table, lines in rows.items()}


@contextmanager
def asked(space: Any) -> Iterator[Callable[[Noise | None, bytes], Book]]:
    """Fills books of one town, reading it once: (secret or None for exact figures) -> settled book."""
    with space.warehouse(read_only=True) as store:
        ask = Ask(space, store, {})
        k = space.config.report.min_cell
        reporting_sections.fill(Book(k), ask, reporting.KINDS)
        content = ask.digest()

        def fill(secret: bytes, still: bool = False) -> tuple[Book, dict[str, int]]:
            noise = Noise(secret, content, k)
            book = Book(k, noise)
            reporting_sections.fill(book, ask, reporting.KINDS)
            hidden = book._ledger.withheld()
            shown = {}
            for path, n in book._ledger.counts.items():
                if path not in hidden and path not in book._unseen:
                    shown[_label(book, path)] = n if still else noise.count(book._names[path], n, book._each[path])
            return book, shown

        yield fill


def _label(book: Book, path: str) -> str:
    """A count by what its row is called, not by its place."""
    steps, label = path.split("."), []
    for i in range(len(steps)):
        row = book.get(".".join(steps[: i + 1]))
        names = row.values() if isinstance(row, dict) and steps[i].isdigit() else ()
        texts = [str(v) for v in names if isinstance(v, str)]
        label.append("|".join(texts) or steps[i])
    return ".".join(label)


def attack(before: dict[str, int], after: dict[str, int], groups: dict[str, list[str]]) -> str:
    """The group whose figures rose most, each figure counting alike."""
    rose = {
        g: np.mean([after[f] - before[f] for f in fs if f in before and f in after] or [0]) for g, fs in groups.items()
    }
    most = max(rose.values())
    best = sorted(g for g in rose if rose[g] == most)
    return best[hash(tuple(sorted(before.items()))) % len(best)]


def tried(people: int, draws: int, folder: Path) -> dict[str, list[float]]:
    """Success of an attacker who guesses where the newcomer lives, among the three large towns, and who tells a report
    after a joining from one after which nobody joined, knowing all about the newcomer, by figures that are exact and as
    published."""
    rows = tables()
    towns = ["Győr", "São Paulo", "O'Brien & Sons"]
    wanted = [i for i in range(7, 400) if rows["customers"][i]["residence"] in towns]
    found: dict[str, list[float]] = {n: [] for n in ("town exact", "town", "joined", "not", "changed")}
    rng = np.random.default_rng(4)
    with asked(make(folder / "after", folder / "keys", rows, report__resamples=20)) as now:
        exact_now = now(b"x" * 32, still=True)[1]
        for person in rng.choice(wanted, people, replace=False).tolist():
            space = make(folder / f"before {person}", folder / "keys", without(rows, person), report__resamples=20)
            lives = rows["customers"][person]["residence"]
            with asked(space) as then:
                exact_then = then(b"x" * 32, still=True)[1]
                groups = {t: [f for f in exact_now if f".{t}." in f or f".{t}|" in f or f"|{t}." in f] for t in towns}
                found["town exact"].append(attack(exact_then, exact_now, groups) == lives)
                moved = {f: exact_now[f] - exact_then[f] for f in exact_now if f in exact_then}
                for draw in range(draws):
                    secret = b"%032d" % draw
                    before, after = then(secret)[1], now(secret)[1]
                    other = then(b"%032d" % (draw + 1000))[1]  # anew, and nobody joined
                    found["town"].append(attack(before, after, groups) == lives)
                    for name, last in (("joined", after), ("not", other)):
                        both = [f for f in moved if f in before and f in last]
                        found[name].append(sum(moved[f] * (last[f] - before[f]) for f in both))
                    same = [f for f in before if f in after]
                    found["changed"].append(np.mean([before[f] != after[f] for f in same]))
    return found


def told_apart(found: dict[str, list[float]]) -> float:
    """How often a report after a joining looks more like it than one without (area under the curve; 0.5 = chance)."""
    joined, nobody = np.array(found["joined"]), np.array(found["not"])
    return float(np.mean(joined[:, None] > nobody) + 0.5 * np.mean(joined[:, None] == nobody))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        seen = tried(int(sys.argv[1]), int(sys.argv[2]), Path(place))
    print({name: float(np.mean(values)) for name, values in seen.items()}, "told apart", told_apart(seen))
