"""In how many invented towns influence is learned from acts, by what the town is like: `python -m tests.bench learned`.

KINDRED_BENCH_TOWNS towns (100) of KINDRED_BENCH_PEOPLE people (20,000) each; see `tests.graph.acted`.
"""

from __future__ import annotations

import os
import time
from collections import Counter

import numpy as np

from engine.graph import learning
from tests.graph import acted

TOWNS = int(os.environ.get("KINDRED_BENCH_TOWNS", "100"))
PEOPLE = int(os.environ.get("KINDRED_BENCH_PEOPLE", "20000"))


def main() -> None:
    """Print how often each definition was chosen, why, and how many customers' true contact comes first."""
    for kind in acted.KINDS:
        begun, reasons, ratios, worse = time.monotonic(), Counter[str](), [], 0
        for seed in range(TOWNS):
            before, after, truth = acted.town(kind, 1000 + seed, PEOPLE)
            model, verdict = learning.learn(before, after, acted.DAYS, window=acted.WINDOW, seed=seed)
            reasons[verdict.reason] += 1
            worse += verdict.definition == "learned" and verdict.better is not None and verdict.better[2] < 0
            if model is not None and (truth >= 0).any():
                shares = (model.scores(after.pairs), after.pairs.network.shares())
                found, plain = (acted.share_true(score, after, truth) for score in shares)
                ratios.append(found / plain)
        print(f"{kind}: learned in {reasons['better']} of {TOWNS} towns of {PEOPLE:,}, significantly worse in {worse}; "
              f"{dict(reasons)}; {time.monotonic() - begun:.0f} s", flush=True)  # fmt: skip
        if ratios:
            print(f"  true contact first, times as often as by strongest: median {np.median(ratios):.2f}, least "
                  f"{min(ratios):.2f}, 1.3 and more in {sum(r >= 1.3 for r in ratios)} towns", flush=True)  # fmt: skip
