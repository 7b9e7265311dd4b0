"""`kindred.toml`: read (flag > environment > file > default), made with comments, changed line by line."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine import documents
from engine.config import FIELDS, SECTIONS, Config
from engine.errors import ConfigError


def load(path: Path | None = None, *, environment: Mapping[str, str] | None = None,
         flags: Mapping[str, Any] | None = None) -> Config:  # fmt: skip
    """Read the settings: from the command line, else the environment, else the file, else the default.

    Args:
        path: `kindred.toml`, or None for defaults.
        environment: variables to read (`KINDRED_GRAPH_WINDOW_DAYS` sets `graph.window_days`); default os.environ.
        flags: `{"graph.window_days": 30}`; None values are not set.

    Raises:
        ConfigError: the file is not TOML, or a setting is unknown, of the wrong type or out of range.
    """
    values: dict[str, Any] = {}
    origin: dict[str, str] = {}
    if path is not None:
        try:
            document, _ = documents.read_toml(path)
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"{path} cannot be read: {error}.", fix="Correct it, or take the file that `kindred init` writes."
            ) from error
        for section, entries in document.items():
            if not isinstance(entries, dict):
                raise ConfigError(
                    f"{path}: {section!r} stands outside a [section].", fix="Move it below the line of its section."
                )
            for name, value in entries.items():
                values[f"{section}.{name}"], origin[f"{section}.{name}"] = value, str(path)
    for key in FIELDS:
        variable = "KINDRED_" + key.replace(".", "_").upper()
        text = (os.environ if environment is None else environment).get(variable)
        if text is not None:
            values[key], origin[key] = text, f"environment variable {variable}"
    for key, value in (flags or {}).items():
        if value is not None:
            values[key], origin[key] = value, "the command line"
    if origin.get("ids.key_id") == str(path) and "ids.rules" not in values:
        values["ids.rules"] = 1  # an older Kindred made this workspace, by whose rules its people are named
        origin["ids.rules"] = str(path)
    sections: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        if key not in FIELDS:
            raise ConfigError(f"{origin[key]}: there is no setting {key!r}.", fix=_nearest(key))
        section, name = key.split(".", 1)
        sections.setdefault(section, {})[name] = _convert(key, FIELDS[key], value, origin[key])
    return Config(**{section: SECTIONS[section](**entries) for section, entries in sections.items()})


def template(**preset: Any) -> str:
    """The text of a `kindred.toml`: every setting with a comment; preset: settings that are not commented out."""
    lines = [
        "# Settings of this Kindred workspace. A line #name = value shows a default; remove the # to change it.",
        "",
    ]
    for section, kind in SECTIONS.items():
        lines += [f"# {kind.__doc__}", f"[{section}]"]
        for entry in dataclasses.fields(kind):
            choices = entry.metadata["choices"]
            note = entry.metadata["note"] + (f" ({' | '.join(map(str, choices))})" if choices else "")
            value = preset.get(f"{section}__{entry.name}")
            lines.append(f"# {note}")
            lines.append(
                f"{entry.name} = {_toml(value)}" if value is not None else f"#{entry.name} = {_toml(entry.default)}"
            )
        lines.append("")
    return "\n".join(lines)


def with_setting(text: str, key: str, value: Any) -> str:
    """The text of a `kindred.toml` with one setting set and all other lines unchanged.

    Args:
        text: the file's text.
        key: e.g. "storage.encryption".
        value: the new value.
    """
    section, name = key.split(".", 1)
    lines, inside, heading = text.splitlines(), False, None
    line = f"{name} = {_toml(value)}"
    for number, old in enumerate(lines):
        bare = old.strip()
        if bare.startswith("["):
            inside = bare == f"[{section}]"
            heading = number if inside else heading
        elif inside and bare.removeprefix("#").partition("=")[0].strip() == name:
            return "\n".join([*lines[:number], line, *lines[number + 1 :], ""])
    if heading is None:
        return "\n".join([*lines, "", f"[{section}]", line, ""])
    return "\n".join([*lines[: heading + 1], line, *lines[heading + 1 :], ""])


def set_value(path: Path, key: str, value: Any) -> None:
    """Set one setting in a `kindred.toml`, every other line as it was.

    Args:
        path: the file.
        key: `section.name`.
        value: checked as if it stood there already.

    Raises:
        ConfigError: no such setting, or not a value of it.
    """
    if key not in FIELDS:
        raise ConfigError(f"there is no setting {key!r}.", fix=_nearest(key))
    text = with_setting(path.read_text(encoding="utf-8"), key, _convert(key, FIELDS[key], value, "the command"))
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(text, encoding="utf-8")
    load(temporary, environment={})
    os.chmod(temporary, 0o600)
    temporary.replace(path)


def _convert(key: str, entry: dataclasses.Field[Any], value: Any, origin: str) -> Any:
    wanted: type[Any] = type(entry.default)
    problem = f"{origin}: {key} = {value!r}"
    try:
        if wanted is bool and isinstance(value, str):
            value = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[value.lower()]
        elif isinstance(value, bool) != (wanted is bool):
            raise ValueError
        elif wanted is str:
            if isinstance(value, (dict, list, float, int)):
                raise ValueError
            value = str(value)
        elif wanted is int and isinstance(value, float) and value != int(value):
            raise ValueError
        else:
            value = wanted(value)
    except (ValueError, KeyError, TypeError, OverflowError):
        raise ConfigError(f"{problem} should be {_words(wanted)}.", fix=f"The default is {entry.default!r}.") from None
    choices, low, high = (entry.metadata[k] for k in ("choices", "low", "high"))
    if choices and value not in choices:
        raise ConfigError(f"{problem} is not one of {', '.join(map(str, choices))}.")
    if (low is not None and not value >= low) or (high is not None and not value <= high):
        raise ConfigError(f"{problem} should lie between {low} and {'any size' if high is None else high}.")
    if entry.metadata["check"]:
        entry.metadata["check"](value)
    return value


def _words(kind: type) -> str:
    return {bool: "true or false", int: "a whole number", float: "a number", str: "text"}[kind]


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def _nearest(key: str) -> str:
    import difflib

    close = difflib.get_close_matches(key, FIELDS, 1)
    return f"Did you mean {close[0]!r}?" if close else "`kindred init` writes a file with every setting."
