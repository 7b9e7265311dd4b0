"""Is `validate` honest? 100 towns of 20,000 people of each kind: nothing, alikeness only, influence only, both.

`python -m tests.bench validate` prints, per kind, in how many towns the stratified 5 % test rejects, with the 95 %
interval that leaves for its true rate, and in how many the top contact beats a random one (the 95 % interval of the
excess lies above 0). In towns of 3,000 the first is as
sure, the second is not: about 450 exposed customers are too few to tell two lifts apart. `KINDRED_BENCH_TOWNS` changes
the 100.
"""

from __future__ import annotations

import os

from tests.graph.test_graph_prediction import KINDS, LARGE, verdict


def main() -> None:
    """Print a line per kind."""
    import polars as pl
    from scipy.stats import binomtest

    towns = int(os.environ.get("KINDRED_BENCH_TOWNS", "100"))
    for kind in KINDS:
        found = pl.concat([verdict(kind, 1000 + seed, LARGE) for seed in range(towns)])
        found = found.filter(pl.col("definition") == "tie_reach")
        rejected, beats = (found["p_value"] <= 0.05).sum(), (found["excess_low"] > 0).sum()
        rate = binomtest(int(rejected), towns).proportion_ci()
        print(
            f"{kind}: rejects in {rejected} of {towns} (true rate {rate.low:.0%} to {rate.high:.0%}), "
            f"top beats random in {beats}, lift {found['lift'].mean():.2f}, "
            f"excess {found['excess'].mean():+.3f} (sd {found['excess'].std():.3f})",
            flush=True,
        )


if __name__ == "__main__":
    main()
