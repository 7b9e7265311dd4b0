"""Which stages are stale, and why: a stage is fresh when all it depends on is as it was when it last ran.

That is its code, the settings it reads, the files that these name, the imports it reads and the stages before it; the
hash of each is kept with the run, so that what changed can be named, and so that little is looked at where nothing did.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from engine import config as settings
from engine.runner import code
from engine.stages import DECIDED, IMPORTED, STAGES, Stage
from engine.trust import people
from engine.version import VERSION
from engine.warehouse import Warehouse

_TODAY, _PEOPLE = "today's date", "who may be shown"
_VERSION = "Kindred's version"
_NAMED = 4  # things that changed, named one by one


@dataclass(frozen=True)
class Fingerprint:
    """What a stage's results depend on, each with a hash.

    Args:
        inputs: per table that it reads, its imports, what commands wrote into it or the stage before; the day and who
            may be shown.
        code: per file of the engine and statement.
        settings: per setting.
        files: per file that a setting names: hash, size and time.
    """

    inputs: Mapping[str, str]
    code: Mapping[str, str]
    settings: Mapping[str, str]
    files: Mapping[str, tuple[str, int, int]]

    @cached_property
    def inputs_hash(self) -> str:
        """One hash of all inputs."""
        return digest(f"{name}:{value}" for name, value in self.inputs.items())

    @cached_property
    def config_hash(self) -> str:
        """One hash of code, settings and files."""
        files = {name: content for name, (content, _, _) in self.files.items()}
        return digest(f"{name}:{value}" for part in (self.code, self.settings, files) for name, value in part.items())

    def text(self) -> str:
        """As the run's line keeps it."""
        parts = {"inputs": self.inputs, "code": self.code, "settings": self.settings, "files": self.files}
        return json.dumps({name: dict(part) for name, part in parts.items()}, separators=(",", ":"))


class Freshness:
    """The state of every stage of a workspace, each looked at once.

    Args:
        store: its database; temporary tables of the rules about people are made where a stage asks for them.
        config: its settings.
    """

    def __init__(self, store: Warehouse, config: settings.Config) -> None:
        self._store, self._config = store, config
        self._known: dict[str, Fingerprint] = {}

    def fingerprint(self, stage: Stage) -> Fingerprint:
        """What a run of the stage would depend on now."""
        if stage.name not in self._known:
            before = _kept(last(self._store, stage))
            rules = stage.dated or (stage.traffic and self._config.graph.require_traffic_consent)
            found, wanted = _code(stage, before, rules=rules)
            values = settings.results(self._config, wanted)
            self._known[stage.name] = Fingerprint(
                self._inputs(stage, rules=rules),
                found,
                {name: digest([repr(value)])[:16] for name, value in sorted(values.items())},
                _contents(settings.named_files(self._config, values), before.get("files", {})),
            )
        return self._known[stage.name]

    def is_fresh(self, stage: Stage) -> bool:
        """Whether the stage's last run had all that a run would have now."""
        ran, now = last(self._store, stage), self.fingerprint(stage)
        return ran is not None and (ran["inputs_hash"], ran["config_hash"]) == (now.inputs_hash, now.config_hash)

    def why(self, stage: Stage) -> str:
        """What changed since the stage's last run, in words; empty = nothing."""
        ran = last(self._store, stage)
        if ran is None:
            return "it has never run"
        if self.is_fresh(stage):
            return ""
        if ran["depends_on"] is None:
            return "an older Kindred ran it, which did not note on what it depends"
        return _changes(stage, ran["depends_on"], self.fingerprint(stage).text())

    def _inputs(self, stage: Stage, *, rules: bool) -> dict[str, str]:
        found = {}
        for table in sorted({*stage.reads, *(["consents"] if rules else [])}):
            if table in IMPORTED:
                seen = self._store.query_text(
                    "SELECT source_id FROM sources WHERE list_contains($targets, target) ORDER BY source_id",
                    {"targets": [*IMPORTED[table], "erasure", "undo"]},
                )
                found[table] = digest(seen["source_id"])[:16]
            elif table in DECIDED:
                found[table] = digest(map(str, self._store.query(DECIDED[table]).row(0)))[:16]
            else:
                writer = self.fingerprint(next(s for s in STAGES if table in s.writes))
                found[table] = digest([writer.inputs_hash, writer.config_hash])[:16]
        if rules:
            found[_TODAY], found[_PEOPLE] = self._people
        return found

    @cached_property
    def _people(self) -> tuple[str, str]:
        rules = people.rules(self._config, self._store)
        people.standing(self._store, rules)
        return rules.moment.date().isoformat(), digest([people.digest(self._store, rules)])[:16]


def last(store: Warehouse, stage: Stage) -> dict[str, Any] | None:
    """The line in `runs` of a stage's last finished run."""
    rows = store.query_text(
        "SELECT * FROM runs WHERE stage = $stage AND status = 'done' ORDER BY finished_at DESC, run_id LIMIT 1",
        {"stage": stage.name},
    )
    return rows.row(0, named=True) if rows.height else None


def digest(parts: Iterable[str]) -> str:
    """A hash of several texts."""
    return hashlib.sha256("\n\0".join(parts).encode()).hexdigest()


def _kept(ran: Mapping[str, Any] | None) -> dict[str, Any]:
    return json.loads(ran["depends_on"]) if ran and ran["depends_on"] else {}


def _code(stage: Stage, before: Mapping[str, Any], *, rules: bool) -> tuple[dict[str, str], Collection[str]]:
    """The hashes of a stage's files, and the settings they read. Files that are as they were import what they did."""
    if not code.readable():
        return {_VERSION: VERSION}, settings.SECTIONS
    known = before.get("code", {})
    if known and _VERSION not in known and (not rules or code.RULES in known) and code.hashes(known) == known:
        return known, list(before["settings"])
    found = code.of(stage, rules=rules)
    return code.hashes(found.files), found.settings


def _contents(named: Mapping[str, Path], before: Mapping[str, Any]) -> dict[str, tuple[str, int, int]]:
    """Hash, size and time of the files that settings name; one of the same size and time is not read again."""
    found = {}
    for setting, place in named.items():
        inside = sorted(path for path in place.rglob("*") if path.is_file()) if place.is_dir() else [place]
        for path in inside:
            name = f"{setting} {path.relative_to(place).as_posix() if path != place else path.name}"
            entry = path.stat()
            content, size, changed = before.get(name, ("", -1, -1))
            if (size, changed) != (entry.st_size, entry.st_mtime_ns):
                content = code.hashed(path)
            found[name] = (content, entry.st_size, entry.st_mtime_ns)
    return found


def changed(stage: Stage, old: str | None, new: str | None) -> dict[str, list[str]]:
    """What differs between two runs of a stage, by name.

    Args:
        stage: of both.
        old: `runs.depends_on` of the one, null where an older Kindred ran it.
        new: that of the other.

    Returns:
        code, settings, files, inputs (imports, what commands decided, the day, who may be shown) and computed (tables
        of stages before it); in this order, sorted names each.
    """

    def differ(part: str) -> list[str]:
        was, now = (
            {k: v[0] if part == "files" else v for k, v in json.loads(side or "{}").get(part, {}).items()}
            for side in (old, new)
        )
        return sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))

    found = {part: differ(part) for part in ("code", "settings", "files", "inputs")}
    computed = [name for name in found["inputs"] if name in stage.reads and name not in (*IMPORTED, *DECIDED)]
    return {**found, "inputs": [name for name in found["inputs"] if name not in computed], "computed": computed}


def _changes(stage: Stage, old: str, new: str) -> str:
    told = changed(stage, old, new)
    computed = told.pop("computed")
    said = [f"{part} changed: {_listed(names)}" for part, names in told.items() if names]
    return "; ".join(said + ([f"{_listed(computed)} will be new"] if computed else []))


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
