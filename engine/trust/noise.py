"""Random noise for published figures, so that two reports do not show that one person joined or left.

Every count is moved at random by up to two thirds of the smallest cell and then rounded to a third of it; sums, means
and rates are moved by as much as that many persons would. The draw follows from a secret of the workspace, from
everything the report rests on and from the figure's name: the same workspace gives the same bytes, and any change
draws all figures anew, so that a figure which moved tells no more than one which did not.

Triangular noise is the sum of two even draws: bounded, so that a reader knows how far off a figure may be, and thin at
its ends, where two towns that differ by one person could be told apart for certain (Dwork and others 2006, Our data,
ourselves, for the reasoning; the bound makes it (epsilon, delta) with delta = 1 / (spread + 1)^2 for each figure).
"""

from __future__ import annotations

import hashlib
import hmac
import math
import os
import secrets
from pathlib import Path
from typing import Any

from engine.errors import WorkspaceError
from engine.trust import files

SECRET = "report.secret"  # noqa: S105 (the name of a file)


class Noise:
    """Draws for the figures of one publication.

    Args:
        secret: of the workspace; whoever has it can take the noise away again.
        content: digest of everything the publication rests on.
        k: smallest count of people that may be shown.
    """

    def __init__(self, secret: bytes, content: bytes, k: int) -> None:
        self._key = hmac.new(secret, content, hashlib.sha256).digest()
        self.k = k
        self.base = max(1, round(k / 3))
        self.spread = 2 * self.base

    def count(self, name: str, value: int, each: int = 1) -> int:
        """A count as it is published: a multiple of the base, off by at most spread + base / 2 persons.

        Args:
            name: of the figure; the same name gives the same draw.
            value: the count.
            each: how much one person may add to it (pairs of people, rows of calls).
        """
        unit = self.base * each
        return max(0, math.floor((value + self._draw(name) * each) / unit + 0.5) * unit)

    def shows(self, name: str, value: int, each: int = 1) -> bool:
        """Whether a count is large enough, before and after the noise; not at one exact edge, which would tell."""
        return value >= self.k and self.count(name, value, each) >= self.k + self.base

    def figure(self, name: str, value: float, one: float) -> float:
        """A sum, mean, share or estimate as it is published.

        Args:
            name: of the figure.
            value: the figure.
            one: how far one person may move it.
        """
        if not math.isfinite(value) or one <= 0 or not math.isfinite(one):
            return value
        step = _round_number(self.base * one)
        # Through text: a multiple of .02 is .34, not .34000000000000002.
        return float(f"{math.floor((value + self._draw(name) * one) / step + 0.5) * step:.6g}")

    def chance(self, name: str, p: float) -> float:
        """A p value to one digit, moved by up to a fifth of itself."""
        if not 0 < p < 1:
            return p
        return min(1.0, float(f"{p * (1 + 0.2 * self._draw(name) / self.spread):.1g}"))

    def _draw(self, name: str) -> int:
        """A whole number from -spread to spread, the sum of two even draws."""
        drawn = hmac.new(self._key, name.encode(), hashlib.sha256).digest()
        sides = self.spread + 1
        return sum(int.from_bytes(drawn[i : i + 8], "big") % sides for i in (0, 8)) - self.spread


def of(folder: Path, content: bytes, k: int) -> Noise:
    """The noise of a workspace's next publication; its secret is made when it is needed first.

    Args:
        folder: of the workspace.
        content: digest of everything the publication rests on.
        k: smallest count of people that may be shown.

    Raises:
        WorkspaceError: the secret cannot be read or made.
    """
    return Noise(_secret(folder / SECRET), content, k)


def digest(*frames: Any) -> bytes:
    """A hash of everything that stands in frames, in whatever order of rows."""
    hashed = hashlib.sha256()
    for frame in frames:
        hashed.update(repr(frame.schema).encode())
        hashed.update(frame.hash_rows(seed=1).sort().to_numpy().tobytes())
    return hashed.digest()


def _secret(path: Path) -> bytes:
    try:
        with open(path, "x", opener=files.private, encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        pass
    except OSError as error:
        raise files.unwritable(path, error) from error
    try:
        found = bytes.fromhex(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise _spoilt(path) from error
    if len(found) != 32:
        raise _spoilt(path)
    return found


def _spoilt(path: Path) -> WorkspaceError:
    return WorkspaceError(
        f"{path} does not hold a secret.",
        fix="Delete it: a new one is made, and the random rounding of reports changes.",
    )


def _round_number(value: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not above a value."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(m * power for m in (5, 2, 1) if m * power <= value * (1 + 1e-9))
