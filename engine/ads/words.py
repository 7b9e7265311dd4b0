"""Placeholders in an offer's texts: `{model}`, `{first_name|you}` (a default after the bar), `{{` for a brace."""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.errors import EngineError

_PLACE = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)(?:\|([^{}]*))?\}")


def places(*texts: str | None) -> set[str]:
    """Names of the placeholders in some texts."""
    return {m.group(1) for text in texts for m in _PLACE.finditer(text or "") if m.group(1)}


def fill(text: str | None, values: Mapping[str, object], *, owner: str) -> str:
    """A text with its placeholders replaced; what is put in is never read as a placeholder itself.

    Args:
        text: of an offer; None = empty.
        values: what there is; None or empty = not known.
        owner: who gets the blame, such as "offer X1".

    Raises:
        EngineError: a placeholder is not among the values, or has neither a value nor a default.
    """

    def one(match: re.Match[str]) -> str:
        name, default = match.group(1), match.group(2)
        if name is None:
            return match.group(0)[0]
        if name not in values:
            raise EngineError(
                f"{owner}: there is nothing to put in place of {{{name}}}.",
                fix=f"Use one of {', '.join(sorted(values))}, or write {{{{ for a brace.",
            )
        value = values[name]
        if value is not None and str(value).strip():
            return str(value).strip()
        if default is None:
            raise EngineError(
                f"{owner}: {{{name}}} is not known for everybody who gets it.",
                fix=f"Give a default: {{{name}|you}}.",
            )
        return default

    return _PLACE.sub(one, text or "")
