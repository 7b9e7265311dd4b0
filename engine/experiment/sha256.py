"""SHA-256 of many short texts without an object per text (FIPS 180-4), for assignment.

`digest_words` is plain Python that numba compiles on first use; it is handed every array it writes to.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from engine.compiled import compiled

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

_PRIMES = 64


def first_words(prefix: bytes, texts: pl.Series) -> np.ndarray:
    """The first 64 bits of sha256(prefix + text) as a big-endian number.

    Args:
        prefix: bytes put before every text.
        texts: a text series without nulls [n]; UTF-8 is what is hashed.

    Returns:
        uint64 [n].
    """
    import numpy as np

    data = texts.to_arrow().cast("large_string")
    _, offsets, content = data.buffers()
    n = len(data)
    starts = np.frombuffer(offsets, dtype=np.int64, count=n + 1 + data.offset)[data.offset :]
    letters = np.frombuffer(content or b"\0", dtype=np.uint8)  # one empty text has no content at all
    longest = int((starts[1:] - starts[:-1]).max()) if n else 0
    block = np.zeros((len(prefix) + longest + 9 + 63) // 64 * 64, dtype=np.uint8)
    out = np.zeros(n, dtype=np.int64)
    rounds, initial = _constants()
    head = np.frombuffer(prefix, dtype=np.uint8)
    compiled(digest_words)(head, letters, starts, rounds, initial, block, np.zeros(64, dtype=np.int64), out)
    return out.view(np.uint64)


def digest_words(head, letters, starts, rounds, initial, block, schedule, out):
    """out[i] = first 64 bits of the digest of head + letters[starts[i]:starts[i + 1]];

    arithmetic in 64-bit signed numbers, masked to 32 bits.
    """
    for i in range(out.shape[0]):
        length = head.shape[0]
        block[:] = 0
        block[:length] = head
        for k in range(starts[i], starts[i + 1]):
            block[length] = letters[k]
            length += 1
        block[length] = 0x80
        size = (length + 9 + 63) // 64 * 64
        bits = length * 8
        for k in range(8):
            block[size - 1 - k] = (bits >> (8 * k)) & 0xFF
        h0, h1, h2, h3 = initial[0], initial[1], initial[2], initial[3]
        h4, h5, h6, h7 = initial[4], initial[5], initial[6], initial[7]
        for base in range(0, size, 64):
            w = schedule
            for t in range(16):
                p = base + 4 * t
                w[t] = (block[p] << 24) | (block[p + 1] << 16) | (block[p + 2] << 8) | block[p + 3]
            for t in range(16, 64):
                x, y = w[t - 15], w[t - 2]
                s0 = ((x >> 7) | (x << 25)) ^ ((x >> 18) | (x << 14)) ^ (x >> 3)
                s1 = ((y >> 17) | (y << 15)) ^ ((y >> 19) | (y << 13)) ^ (y >> 10)
                w[t] = (w[t - 16] + (s0 & 0xFFFFFFFF) + w[t - 7] + (s1 & 0xFFFFFFFF)) & 0xFFFFFFFF
            a, b, c, d, e, f, g, h = h0, h1, h2, h3, h4, h5, h6, h7
            for t in range(64):
                s1 = ((e >> 6) | (e << 26)) ^ ((e >> 11) | (e << 21)) ^ ((e >> 25) | (e << 7))
                choice = (e & f) ^ ((~e) & g)
                first = (h + (s1 & 0xFFFFFFFF) + (choice & 0xFFFFFFFF) + rounds[t] + w[t]) & 0xFFFFFFFF
                s0 = ((a >> 2) | (a << 30)) ^ ((a >> 13) | (a << 19)) ^ ((a >> 22) | (a << 10))
                second = ((s0 & 0xFFFFFFFF) + ((a & b) ^ (a & c) ^ (b & c))) & 0xFFFFFFFF
                h, g, f = g, f, e
                e = (d + first) & 0xFFFFFFFF
                d, c, b = c, b, a
                a = (first + second) & 0xFFFFFFFF
            h0, h1, h2, h3 = (
                (h0 + a) & 0xFFFFFFFF,
                (h1 + b) & 0xFFFFFFFF,
                (h2 + c) & 0xFFFFFFFF,
                (h3 + d) & 0xFFFFFFFF,
            )
            h4, h5, h6, h7 = (
                (h4 + e) & 0xFFFFFFFF,
                (h5 + f) & 0xFFFFFFFF,
                (h6 + g) & 0xFFFFFFFF,
                (h7 + h) & 0xFFFFFFFF,
            )
        out[i] = (h0 << 32) | h1


@functools.cache
def _constants() -> tuple[np.ndarray, np.ndarray]:
    """The round constants and the initial state: fractional parts of cube and square roots of the first primes."""
    import math

    import numpy as np

    primes: list[int] = []
    candidate = 2
    while len(primes) < _PRIMES:
        if all(candidate % p for p in primes):
            primes.append(candidate)
        candidate += 1
    squares = [math.isqrt(p << 64) & 0xFFFFFFFF for p in primes[:8]]
    return np.array([_cube_root(p << 96) & 0xFFFFFFFF for p in primes], dtype=np.int64), np.array(
        squares, dtype=np.int64
    )


def _cube_root(value: int) -> int:
    """The largest integer whose cube is at most `value`."""
    low, high = 0, 1 << (value.bit_length() // 3 + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**3 <= value else (low, middle - 1)
    return low
