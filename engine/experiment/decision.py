"""The decisions of an experiment: one for each pair of arms, in a sentence that claims no more than was shown.

Report, summary and command line all take it from here, with the interval behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.figures import difference

if TYPE_CHECKING:
    from engine.experiment.analysis import Effect, SampleRatio

HIGHER, LOWER = "higher", "lower"
BETTER, WORSE, NOT_SHOWN, BROKEN = "better", "worse", "not shown to differ", "broken"


class Decision(str):
    """A decision in words, with what it comes to and the interval it rests on.

    Args:
        verdict: better, worse, not shown to differ, or broken.
        words: the sentence.
        low: lower end of the interval that decides; None where it is broken.
        high: upper end.
        every_look: whether that interval holds however often one looks.
    """

    verdict: str
    low: float | None
    high: float | None
    every_look: bool | None

    def __new__(
        cls, verdict: str, words: str, low: float | None = None, high: float | None = None,
        every_look: bool | None = None,
    ) -> Decision:  # fmt: skip
        """The words with what they rest on."""
        made = super().__new__(cls, words)
        made.verdict, made.low, made.high, made.every_look = verdict, low, high, every_look
        return made

    def fields(self) -> dict[str, object]:
        """What tables hold of it: verdict, decided_low, decided_high, every_look, decision."""
        return {
            "verdict": self.verdict, "decided_low": self.low, "decided_high": self.high,
            "every_look": self.every_look, "decision": self,
        }  # fmt: skip


def by_every_look(observed: float, sequential: bool | None = None) -> bool:
    """Whether the always-valid intervals decide: if asked for, or while outcomes still come in.

    Args:
        observed: share of the outcome days that are over.
        sequential: what was asked for; None = nothing.
    """
    return observed < 1 if sequential is None else sequential


def decide(
    effects: Sequence[Effect], ratio: SampleRatio, *, metric: str, direction: str = HIGHER, alpha: float = 0.05,
    percent: bool = False, always_valid: Sequence[tuple[float, float]] | None = None,
) -> list[Decision]:  # fmt: skip
    """The decision on every pair of arms.

    With one look Holm's procedure decides (1979): the pair of smallest p is judged at alpha over the number of pairs,
    the next at alpha over one less, until one fails; the interval of a pair is that of the level it was judged at, so
    that it leaves out 0 exactly where the pair differs.

    Args:
        effects: from `engine.experiment.analysis.effects`, all pairs.
        ratio: sample-ratio check of the experiment.
        metric: its name.
        direction: which way is better, `higher` or `lower`.
        alpha: 1 - confidence, of all pairs together.
        percent: the metric is a share, and differences are said in percentage points.
        always_valid: low and high per pair of intervals that hold at every look and all together; they decide then.

    Returns:
        One line per pair, in their order.
    """
    levels = _holm_levels(effects, alpha)
    found = []
    for i, effect in enumerate(effects):
        pair = f"{effect.arm} against {effect.versus} on {metric}"
        if ratio.alarm:
            found.append(broken(pair, f"the arms' sizes do not fit their shares (p = {ratio.p:.2g})"))
        elif effect.p is None:
            found.append(broken(pair, "all customers have the same outcome"))
        elif always_valid is not None:
            how = f"{_percent(alpha)} interval, valid at every look"
            how += ", for all pairs together" if len(effects) > 1 else ""
            found.append(_line(effect, always_valid[i], pair, how, direction, percent, every_look=True))
        else:
            how = f"{_percent(levels[i])} interval, p = {effect.p_holm:.2g}"
            how += f" (Holm, {len(effects)} pairs)" if len(effects) > 1 else ""
            found.append(_line(effect, _at(effect, levels[i]), pair, how, direction, percent, every_look=False))
    return found


def broken(pair: str, reason: str) -> Decision:
    """The decision line where there is nothing to decide.

    Args:
        pair: `A against B on METRIC`.
        reason: why the data cannot be trusted.
    """
    return Decision(BROKEN, f"broken: {pair}: {reason.rstrip('.')}; do not use these results.")


def _line(
    effect: Effect, span: tuple[float, float], pair: str, how: str, direction: str, percent: bool, *, every_look: bool
) -> Decision:
    low, high = span
    verdict = NOT_SHOWN
    if low > 0 or high < 0:
        verdict = BETTER if (low > 0) == (direction == HIGHER) else WORSE
    said = f"{verdict}, {difference(effect.difference, low, high, percent=percent)}: {pair}; {how}."
    return Decision(verdict, said, low, high, every_look)


def _holm_levels(effects: Sequence[Effect], alpha: float) -> list[float]:
    """The level at which Holm's procedure judges each pair; `alpha` where nothing varies."""
    tested = sorted((e.p, i) for i, e in enumerate(effects) if e.p is not None)
    levels, level = [alpha] * len(effects), alpha
    failed = False
    for rank, (p, i) in enumerate(tested):
        level = level if failed else alpha / (len(tested) - rank)
        levels[i] = level
        failed = failed or p >= level
    return levels


def _at(effect: Effect, level: float) -> tuple[float, float]:
    """The interval of an effect at a level of its own."""
    from scipy import stats

    half = float(stats.t.ppf(1 - level / 2, effect.degrees)) * effect.se
    return effect.difference - half, effect.difference + half


def _percent(level: float) -> str:
    return f"{100 * (1 - level):.3g} %"
