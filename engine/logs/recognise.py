"""Which format a file is in, and why."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from engine import forms
from engine.errors import InputError
from engine.forms import Plain
from engine.forms.textfile import Layout
from engine.intake import expressions, mapped
from engine.logs import mapping, timed
from engine.logs.mapping import AGGREGATES, Profile

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
        made: canonical columns that the mapping makes of the file's.
        uses: the file's columns that are needed, by its own names.
    """

    profile: Profile
    layout: Layout
    found: dict[str, str]
    why: str
    ego: str
    file: Path
    made: frozenset[str] = frozenset()
    uses: tuple[str, ...] = ()


class NoFormat(InputError):
    """No profile fits a file."""


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
    only = profiles[0] if len(profiles) == 1 and profiles[0].digest else None
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
        if only:
            mapped.check(profile, layout.names, path)
        uses = _uses(profile, found, layout)
        lengths = timed.has_lengths(layout.names, set(found.values()))
        there = {*found, *profile.expressions} if uses is not None else set(found)
        missing = _missing(profile, there, lengths=lengths)
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
        if uses is not None and (
            best is None or len(found) + len(profile.expressions) > len(best.found) + len(best.made)
        ):
            person = _ego(path, profile) if profile.ego_from_file_name else ""
            made = frozenset(profile.expressions)
            best = Reading(profile, layout, found, _why(profile, layout, uses), person, path, made, uses)
    if best is None and only and closest and first:
        raise InputError(
            f"the mapping does not say where {' and '.join(closest)} {'is' if len(closest) == 1 else 'are'}.",
            file=path,
            fix=f'Write [columns] {closest[0]} = "..."; the columns are {", ".join(first.names)[:300]}.',
        )
    if best is None:
        wanted = " and ".join(closest or ["caller", "callee", "started_at", "duration_s"])
        header = ", ".join(first.names) if first else ""
        if closest and "started_at" in closest and first and (dated := timed.columns(first)):
            wanted += f" ({dated[0]} reads as times)"
        raise NoFormat(
            f"no format fits: {wanted} cannot be found; the first line reads {header[:300]}.",
            file=path,
            fix="Check the delimiter; `kindred logs guess FILE` drafts a mapping file for --mapping.",
        )
    forms.named(best.layout, best.uses, path)
    if best.profile.aggregated and not best.profile.digest:
        _check_sums(path, best)
    return best


def fitting(form: Plain, profiles: list[Profile]) -> Reading | None:
    """Like `recognise`, None where no profile fits.

    Raises:
        InputError: the file is no table, or its form cannot be used (saying why).
    """
    try:
        return recognise(form, profiles)
    except NoFormat:
        return None


def _check_sums(path: Path, read: Reading) -> None:
    """Whoever sums pairs up has no times; a table with times holds events, whose days would be lost. And sums count.

    Raises:
        InputError: a column reads as times, or no count was found where there may be one.
    """
    dated = timed.columns(read.layout)
    if dated:
        raise InputError(
            f"no started_at; {dated[0]} reads as times, so these are single calls, not sums per pair.",
            file=path,
            column=dated[0],
            fix=f'Write a mapping with [columns] started_at = "{dated[0]}" (`kindred logs guess FILE` drafts one).',
        )
    if not {"n_calls", "n_texts"} & set(read.found) and (counts := timed.counts(read.layout, read.found.values())):
        raise InputError(
            f"no column of counts is known here; {counts[0]} may be one.",
            file=path,
            column=counts[0],
            fix=f'Write a mapping with aggregated = true and [columns] n_calls = "{counts[0]}".',
        )


def _ego(path: Path, profile: Profile) -> str:
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
            "the file's name should be a person's id, and it is not readable text.", file=path, fix="Rename it."
        )
    if profile.ego_form and not mapping.fitting(profile.ego_form, [name]):
        raise InputError(
            f"this is one person's log ({profile.name}), and the file is not named by that person's number.",
            file=path,
            fix="Name it by the number whose log it is, with its usual ending.",
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


def _uses(profile: Profile, found: dict[str, str], layout: Layout) -> tuple[str, ...] | None:
    """The file's columns that a profile needs; None where its expressions name others."""
    texts = [*profile.expressions.values(), *([profile.where] if profile.where else [])]
    if not texts:
        return tuple(dict.fromkeys(found.values()))
    own = {name.strip().lower(): name for name in layout.names}
    wanted = [name.strip().lower() for text in texts for name in expressions.columns(text)]
    if not set(wanted) <= set(own):
        return None
    return tuple(dict.fromkeys([*found.values(), *(own[name] for name in wanted)]))


def _missing(profile: Profile, found: Collection[str], *, lengths: bool) -> list[str]:
    """What of a profile's columns is not there; lengths: whether a column that is not known may be one of durations."""
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
    # A file of texts need not have durations; a call without one is rejected.
    if profile.kind == "call" and "duration_s" not in found and not (told and not lengths):
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


def _why(profile: Profile, layout: Layout, uses: Collection[str]) -> str:
    names = ", ".join(uses)
    how = f"columns {names}" if profile.header else f"{len(layout.names)} fields without a header"
    checked = f"; values of {', '.join(profile.match)} as expected" if profile.match and layout.sample else ""
    return f"{profile.name}: {how}{checked}"
