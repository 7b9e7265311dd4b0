"""A trained model as bytes: JSON and arrays, never pickle; the same model gives the same bytes."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from engine.learning.portable import Coding, Part


def pack(header: Mapping[str, Any], parts: Sequence[Part]) -> bytes:
    """The content of a model's file.

    Args:
        header: what fits into JSON.
        parts: base models, in their order.
    """
    import numpy as np

    kinds = [{"kind": p.kind, "probability": p.probability} for p in parts]
    text = json.dumps({**header, "parts": kinds}, sort_keys=True).encode()
    arrays = {f"{i}.{name}": a for i, p in enumerate(parts) for name, a in p.arrays.items()}
    out = io.BytesIO()
    # numpy's archive fixes the files' dates, so that equal models are equal bytes.
    np.savez(out, allow_pickle=False, header=np.frombuffer(text, dtype=np.uint8), **arrays)
    return out.getvalue()


def unpack(content: bytes) -> tuple[dict[str, Any], tuple[Part, ...]]:
    """Header and parts that `pack` was given; whatever else the content is raises some exception."""
    import numpy as np

    archive = dict(np.load(io.BytesIO(content), allow_pickle=False))
    header: dict[str, Any] = json.loads(archive.pop("header").tobytes())
    parts = tuple(
        Part(p["kind"], p["probability"], {k[len(f"{i}.") :]: a for k, a in archive.items() if k.startswith(f"{i}.")})
        for i, p in enumerate(header.pop("parts"))
    )
    return header, parts


def coding(found: Mapping[str, Any]) -> Coding:
    """A `Coding` from what JSON made of it."""
    rows = {name: [tuple(row) for row in found[name]] for name in ("numeric", "categorical")}
    return Coding(**{**found, **rows})
