"""Which format a file is in, and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine import forms
from engine.errors import InputError
from engine.forms import Plain
from engine.logs import mapping
from engine.logs.mapping import AGGREGATES, Profile
from engine.textfile import Layout

_MATCHING = 0.9


@dataclass(frozen=True)
class Reading:
    """How a file is to be read.

    Args:
        profile: the format.
        layout: how the file is laid out.
        found: canonical column -> the file's own name of it.
        why: what decided, in words.
        ego: the person the file is about, where the format says that its name tells.
        file: what the user calls it; a piece or a copy of it lies elsewhere.
    """

    profile: Profile
    layout: Layout
    found: dict[str, str]
    why: str
    ego: str
    file: Path


def recognise(form: Plain, profiles: list[Profile]) -> Reading:
    """Find the profile that fits a file: all its columns are there, its patterns hold, and it explains the most.

    Args:
        form: the opened file.
        profiles: candidates; the one that finds the most columns wins, the first of equals.

    Returns:
        How to read it.

    Raises:
        InputError: none fits (naming what the closest one misses), or the form cannot be used (saying why).
    """
    best: Reading | None = None
    path = form.path
    closest: list[str] | None = None
    first: Layout | None = None
    alone = len({p.name for p in profiles}) == 1
    for profile in profiles:
        layout = form.layout(
            delimiter=profile.delimiter,
            header=profile.header,
            skip=profile.skip,
            names=profile.names,
            encoding=None if profile.encoding == "utf-8" else profile.encoding,
        )
        first = first or layout
        found = columns(profile, layout)
        missing = _missing(profile, found)
        if missing:
            # What is missing of our own columns tells more than what is missing of somebody else's.
            nearer = closest is None or (len(missing) < len(closest) and profiles[0].name != "generic")
            if profile.header and nearer:
                closest = [profile.columns.get(c, (c,))[0] for c in missing]
            continue
        against = _against(profile, layout)
        # A format asked for by name, or the only one, need not prove itself by patterns.
        if (against and not (alone and profile.header)) or not (profile.header or profile.match or alone):
            continue
        if profile.refuse:
            raise InputError(profile.refuse, file=path)
        if best is None or len(found) > len(best.found):
            person = _ego(path) if profile.ego_from_file_name else ""
            best = Reading(profile, layout, found, _why(profile, layout, found), person, path)
    if best is None:
        wanted = " and ".join(closest or ["caller", "callee", "started_at", "duration_s"])
        header = ", ".join(first.names) if first else ""
        raise InputError(
            f"no format fits: {wanted} cannot be found; the first line reads {header[:300]}.",
            file=path,
            fix="Check the delimiter; `kindred logs guess FILE` drafts a mapping file for --mapping.",
        )
    forms.named(best.layout, best.found.values(), path)
    return best


def _ego(path: Path) -> str:
    """The person a file is about: its name without its endings.

    Raises:
        InputError: the name is no text.
    """
    name = path.name
    for ending in (
        ".gz",
        ".zst",
        ".bz2",
        ".zip",
        ".csv",
        ".tsv",
        ".txt",
        ".parquet",
        ".xlsx",
        ".json",
        ".jsonl",
        ".xml",
    ):
        name = name.removesuffix(ending)
    if not name.isprintable() or not name.strip():
        raise InputError(
            "the name of the file should be the id of a person, and is no text.", file=path, fix="Rename it."
        )
    return name


def columns(profile: Profile, layout: Layout) -> dict[str, str]:
    """Canonical column -> the file's own spelling, for each the file has."""
    own = {name.strip().lower(): name for name in layout.names}
    found = {}
    for canonical, names in profile.columns.items():
        for name in names:
            if name.strip().lower() in own:
                found[canonical] = own[name.strip().lower()]
                break
    return found


def _missing(profile: Profile, found: dict[str, str]) -> list[str]:
    if profile.refuse:
        return []
    needed = ["caller", "callee"]
    # Data sessions have no other party; where each row says its kind, calls without one are rejected row by row.
    told = profile.name == "generic" and "kind" in found
    if profile.ego_from_file_name:
        needed.remove("caller")
    elif told or (profile.kind == "data" and "kind" not in profile.columns):
        needed.remove("callee")
    missing = [c for c in needed if c not in found]
    if profile.aggregated:
        return missing if set(AGGREGATES) & set(found) else [*missing, "n_calls"]
    if "started_at" not in found:
        missing.append("started_at")
    if profile.kind == "call" and "duration_s" not in found:
        missing.append("duration_s")
    if profile.name != "generic":
        missing += [c for c in ("kind", "direction", "utc_offset") if c in profile.columns and c not in found]
    return missing


def _against(profile: Profile, layout: Layout) -> str:
    """What in the file's first rows speaks against a profile; empty = nothing."""
    if profile.widths and len(layout.names) not in profile.widths:
        return f"{len(layout.names)} fields"
    places = {name.lower(): i for i, name in enumerate(layout.names)}
    for name, pattern in profile.match.items():
        if name.lower() not in places:
            return f"no column {name}"
        place = places[name.lower()]
        values = [row[place].strip() for row in layout.sample if len(row) > place and row[place].strip()]
        fitting = mapping.fitting(pattern, values)
        if layout.sample and fitting < max(1, _MATCHING * len(values)):
            return f"values of {name}"
    return ""


def _why(profile: Profile, layout: Layout, found: dict[str, str]) -> str:
    names = ", ".join(dict.fromkeys(found.values()))
    how = f"columns {names}" if profile.header else f"{len(layout.names)} fields without a header"
    checked = f"; values of {', '.join(profile.match)} as expected" if profile.match and layout.sample else ""
    return f"{profile.name}: {how}{checked}"
