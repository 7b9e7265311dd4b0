"""What an experiment says, in one sentence that does not say more than it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.experiment.analysis import Effect, SampleRatio

HIGHER, LOWER = "higher", "lower"
BETTER, WORSE, NO_DIFFERENCE, BROKEN = "better", "worse", "no difference", "broken"


class Decision(str):
    """A decision in words; what it comes to is its `verdict`, better, worse, no difference or broken."""

    verdict: str

    def __new__(cls, verdict: str, words: str) -> Decision:
        """The words with their verdict."""
        made = super().__new__(cls, words)
        made.verdict = verdict
        return made


def decide(
    effect: Effect, ratio: SampleRatio, *, metric: str, direction: str = HIGHER, alpha: float = 0.05,
    reason: str | None = None, always_valid: tuple[float, float] | None = None,
) -> Decision:  # fmt: skip
    """The decision line of one arm against another.

    Args:
        effect: from `engine.experiment.analysis.effects`, with Holm's p.
        ratio: sample-ratio check of the experiment.
        metric: its name.
        direction: which way is better, `higher` or `lower`.
        alpha: level of Holm's p.
        reason: why the data cannot be trusted, found elsewhere; None if nothing was.
        always_valid: interval that holds at every look; it decides then, instead of Holm's p.

    Returns:
        A line with its verdict.
    """
    pair = f"{effect.arm} against {effect.versus} on {metric}"
    if ratio.alarm:
        reason = f"the arms' sizes do not fit their shares (p = {ratio.p:.2g})"
    elif reason is None and effect.p is None:
        reason = "nobody's outcome differs"
    if reason is not None:
        return broken(pair, reason)
    if always_valid is not None:
        low, high = always_valid
        span = f"{effect.difference:+.4g}, always-valid interval {low:+.4g} to {high:+.4g}"
        if low > 0 or high < 0:
            good = (low > 0) == (direction == HIGHER)
            return _differs(good, f"{pair}: {span}.")
        return _none_found(max(abs(low), abs(high)), f"{pair}: {span}.")
    span = f"{effect.difference:+.4g}, {100 * (1 - alpha):g} % interval {effect.low:+.4g} to {effect.high:+.4g}"
    if effect.p_holm is not None and effect.p_holm < alpha:
        good = (effect.difference > 0) == (direction == HIGHER)
        return _differs(good, f"{pair}: {span} (p = {effect.p_holm:.2g} after Holm).")
    return _none_found(max(abs(effect.low), abs(effect.high)), f"{pair}: {span}.")


def _differs(good: bool, figures: str) -> Decision:
    return Decision(BETTER, f"better: {figures}") if good else Decision(WORSE, f"worse: {figures}")


def _none_found(largest: float, figures: str) -> Decision:
    return Decision(NO_DIFFERENCE, f"no difference larger than {largest:.3g} is compatible with the data: {figures}")


def broken(pair: str, reason: str) -> Decision:
    """The decision line where there is nothing to decide.

    Args:
        pair: `A against B on METRIC`.
        reason: why the data cannot be trusted.
    """
    return Decision(BROKEN, f"broken: {pair}: {reason.rstrip('.')}; do not use these results.")
