"""Intervals that stay valid however often one looks (METHODS section 7; asymptotic confidence sequences).

Source: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2021, "Time-uniform central limit theory and asymptotic
confidence sequences": the normal-mixture boundary, tuned to be tightest at the planned size.
"""

from __future__ import annotations

import math

from engine.errors import InputError


def mixture_rate(alpha: float, planned: float) -> float:
    """The rho that makes the interval tightest when `planned` units have come in; alpha: 1 - confidence."""
    if not 0 < alpha < 1 or planned <= 0:
        raise InputError(f"alpha {alpha} and planned size {planned} give no interval.", fix="Use alpha .05, size > 0.")
    return math.sqrt((-2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha))) / planned)


def half_width(se: float, n: float, *, alpha: float, planned: float) -> float:
    """Half the width of the always-valid interval.

    Args:
        se: standard error of the estimate now.
        n: units it rests on now.
        alpha: 1 - confidence, over all looks together.
        planned: units at which the interval should be tightest, fixed beforehand.

    Returns:
        `se * sqrt(n) * sqrt(2 (n rho^2 + 1) ln(sqrt(n rho^2 + 1) / alpha)) / (n rho)`.
    """
    rho = mixture_rate(alpha, planned)
    grown = n * rho**2 + 1
    return se * math.sqrt(n) * math.sqrt(2 * grown * math.log(math.sqrt(grown) / alpha)) / (n * rho)
