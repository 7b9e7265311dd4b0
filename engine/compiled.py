"""Inner loops as machine code: plain Python functions over arrays that numba compiles."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


@functools.cache
def compiled(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """A function as machine code, kept on disk so that only the first run ever compiles.

    Args:
        kernel: a function of a module that works on arrays and numbers alone; it lets go of Python while it runs.
    """
    import numba

    return numba.njit(cache=True, nogil=True)(kernel)
