"""Many histories: `python -m tests.rules [--histories 5000] [--seed 7]`; ends with 1 when any showed a fault.

`--sabotage NAME` (or `all`) plants a fault first and ends with 1 when no history shows it: neither its own nor any
drawn one. `--known PATTERN` passes over faults known already. Other seeds draw other histories, so a long run can be
done in turns. Prints how many histories were played also when it is stopped (Ctrl-C).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.rules.bases import Bases
from tests.rules.sabotages import SABOTAGES
from tests.rules.search import search, shortened, shown

TURN = 20  # histories of one seed


def main() -> int:
    """Play histories on the product as it is, or on a sabotaged one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--known", default="", metavar="PATTERN", help="faults to pass over")
    parser.add_argument("--sabotage", choices=["all", *SABOTAGES])
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory(prefix="kindred-rules-") as name:
        os.environ["KINDRED_KEYS"] = f"{name}/keys"
        bases = Bases(Path(name))
        try:
            if given.sabotage:
                return _sabotaged(bases, given.sabotage, given.histories, given.seed)
            return _as_it_is(bases, given.histories, given.seed, given.known)
        finally:
            bases.close()


def _as_it_is(bases: Bases, histories: int, seed: int, known: str) -> int:
    started, played, faults = time.monotonic(), 0, 0
    try:
        while played < histories:
            found = search(bases, min(TURN, histories - played), number=seed + played, known=known)
            played += found.played
            print(f"{played} histories, {faults} faults", file=sys.stderr, flush=True)
            if found.fault:
                faults += 1
                print(f"FAULT {faults} after {played} histories: {found.fault}", flush=True)
                short, words = shortened(bases, found.history, found.fault)
                print(f"{words}\n{short}\n", flush=True)
    except KeyboardInterrupt:
        pass
    print(f"{played} histories, {faults} faults (seed {seed}, {time.monotonic() - started:.0f} s)")
    return 1 if faults else 0


def _sabotaged(bases: Bases, which: str, histories: int, seed: int) -> int:
    missed = []
    bases("full")  # made by the product as it is
    for name, sabotage in SABOTAGES.items():
        if which not in ("all", name):
            continue
        print(f"{name}: {sabotage.what}")
        with sabotage.planted():
            own = shown(bases, sabotage.shows)
            found = search(bases, histories, number=seed)
        drawn = f"by drawn history {found.played}" if found.fault else f"not in {found.played} drawn histories"
        print(f"    found by its own history: {own[:120] or 'NO'}; {drawn}", flush=True)
        if not own and not found.fault:
            missed.append(name)
    print(f"{len(missed)} sabotages not found: {', '.join(missed) or 'none'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
