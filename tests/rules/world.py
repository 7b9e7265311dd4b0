"""A workspace and the model of the rules, told the same history: files are written, commands are run, both compared.

Commands run in this process through the command line's own app. Everything is real but two savings that change no
result: what a photo's analysis gave is remembered for the next workspace, and a history starts from a copy of a
workspace that is ready (`Base`).
"""

from __future__ import annotations

import csv
import filecmp
import json
import os
import shutil
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest import mock

from tests.rules import checks, steps
from tests.rules.model import Ad, Offer, Rules, Settings, end_of

# Phone numbers are written in several ways and stored as pseudonyms; other ids stay as they are.
SPELLINGS = {
    "emil": ("+36205550101", "0036205550101", "+36 20 555 0101"),
    "fanni": ("+36205550102", "00 36 20 5550102", "+36-20-555-0102"),
}
FRIENDS = ("anna", "bela", "cili", "dora", "emil", "fanni")
PEOPLE = (*FRIENDS, "gabor")  # gabor comes later, if ever
STRANGER = "nobody"  # in no file
CROWD = tuple(f"crowd{number:02}" for number in range(90))  # past campaigns' customers, of no other use
PORTRAITS = tuple(f"portrait{number}" for number in range(7))
POWER_CUT = "the power went off"
WORDS = ("manufacturer", "model", "headline", "body", "call_to_action")


class Fault(AssertionError):
    """The workspace and the rules disagree."""


@dataclass
class Base:
    """A workspace to copy, and what the rules know of it.

    Args:
        folder: holds `w` (the workspace) and `files` (portraits and campaign photos).
        rules: after the same events.
        portraits: sha256 of a photo in the workspace -> portrait.
        imports: the steps that made it.
    """

    folder: Path
    rules: Rules
    portraits: dict[str, str]
    imports: list[steps.Step]


class World:
    """One history on a copy of a base.

    Args:
        base: where it starts.
        folder: a new folder of its own.
        settings: of the workspace, for the whole history.
    """

    def __init__(self, base: Base, folder: Path, settings: Settings) -> None:
        shutil.copytree(base.folder, folder)
        self.folder, self.path, self.files = folder, folder / "w", folder / "files"
        self.rules = deepcopy(base.rules)
        self.rules.settings = settings
        self.portraits = base.portraits
        self.imports = list(base.imports)
        self.today = steps.FIRST_DAY
        self.commands = 0
        self.file = ""
        self.words = dict(base.rules.facts.ads)
        self.names = checks.Names({p: self._name(p) for p in (*PEOPLE, STRANGER, CROWD[0])})
        if settings != base.rules.settings:
            self._command("status")
            self.rules.settle(self.m)

    @property
    def m(self) -> datetime:
        """The moment of a command."""
        return end_of(self.today)

    def play(self, steps: list[steps.Step]) -> None:
        """Do all steps; raises Fault where workspace and rules disagree."""
        for step in steps:
            self.do(step)

    def do(self, step: steps.Step) -> None:
        """Do one step and compare."""
        if isinstance(step, steps.Days):
            self.today = steps.day((self.today - steps.FIRST_DAY).days + step.number)
            return
        if isinstance(step, steps.Again):
            if step.back < len(self.imports):
                self.do(self.imports[-1 - step.back])
            return
        # What opening the workspace does comes before what the command does.
        self.rules.settle(self.m)
        getattr(self, f"_{type(step).__name__.lower()}")(step)
        self.rules.settle(self.m)
        self.check()

    def check(self) -> None:
        """The database as it lies must be what the rules allow, and no less."""
        tables = checks.look(self.path / "kindred.duckdb")
        self._note_ads(tables)
        _none(checks.tables(tables, self.rules, self.names, self.m, self.portraits))
        _none(checks.files(self.path, tables, self.rules, self.names, self.portraits))

    # ---- imports -------------------------------------------------------------------------------------------------

    def _customers(self, step: steps.Customers) -> None:
        heads = {"age": "age", "birth": step.heading}
        rows = [
            {"customer_id": p, **{heads[c]: {"age": age, "birth": born}[c] for c in step.columns}}
            for p, age, born in step.rows
        ]
        if self._import("customers", step, rows, [p for p, *_ in step.rows]):
            self.rules.tell(self.file, "import_customers", {p: (age, born) for p, age, born in step.rows}, step.columns)

    def _consents(self, step: steps.Consents) -> None:
        rows = [
            {"customer_id": r.person, "purpose": r.purpose, "granted_at": r.granted, "expires_at": r.expires,
             "withdrawn_at": r.withdrawn}
            for r in step.rows
        ]  # fmt: skip
        if self._import("consents", step, rows, [r.person for r in step.rows]):
            self.rules.tell(self.file, "import_consents", list(step.rows))

    def _optouts(self, step: steps.OptOuts) -> None:
        self._import("optouts", step, [{"customer_id": p, "since": since} for p, since in step.rows], [])
        self.rules.tell("", "opt_out", {p for p, _ in step.rows})

    def _photos(self, step: steps.Photos) -> None:
        rows = [{"customer_id": p, "path": f"{portrait}.png"} for p, portrait in step.rows]
        if self._import("photos", step, rows, [p for p, _ in step.rows]):
            self.rules.tell(self.file, "import_photos", list(step.rows))

    def _treatments(self, step: steps.Treatments) -> None:
        at = [steps.moment(2 * number) for *_, number in step.rows]
        rows = [
            {"customer_id": p, "campaign_id": "winter", "offer_id": offer, "sent_at": t, "accepted": accepted}
            for (p, offer, accepted, _), t in zip(step.rows, at, strict=True)
        ]
        if self._import("treatments", step, rows, [p for p, *_ in step.rows]):
            self.rules.tell(self.file, "import_treatments", [(p, t) for (p, *_), t in zip(step.rows, at, strict=True)])

    def _acts(self, step: steps.Acts) -> None:
        told = [(p, steps.moment(2 * number)) for p, number in step.rows]
        rows = [{"customer_id": p, "act": "took_tariff", "at": at} for p, at in told]
        if self._import("acts", step, rows, [p for p, _ in told]):
            self.rules.tell(self.file, "import_acts", told)

    def _offers(self, step: steps.Offers) -> None:
        rows, offers = [], {}
        for name, edition, last in step.rows:
            words = ("Acme" if name == "alpha" else "Bell", "One", f"A phone, edition {edition}", "Swap it", "Take it")
            valid_to = None if last is None else steps.day(last)
            value = 100 if name == "alpha" else 60
            rows.append({"offer_id": name, **dict(zip(WORDS, words, strict=True)), "value": value, "cost": 1,
                         "valid_to": valid_to})  # fmt: skip
            offers[name] = Offer(words, valid_to)
        if self._import("offers", step, rows, []):
            self.rules.tell(self.file, "import_offers", offers)

    def _logs(self, step: steps.Logs) -> None:
        rows = [
            {"caller": self.spelled(a, step.spelling), "callee": self.spelled(b, step.spelling), "started_at": at,
             "duration_s": 60}
            for a, b, at in step.rows
        ]  # fmt: skip
        if self._import("logs", step, rows, []):
            self.rules.tell(self.file, "import_calls", list(step.rows))

    def _import(self, target: str, step: steps.Step, rows: list[dict[str, Any]], people: list[str]) -> bool:
        """Import rows as a CSV file; returns whether it was a new one. People on the list are rejected, all of them."""
        if step not in self.imports:
            self.imports.append(step)
        spelling = getattr(step, "spelling", 0)
        if "customer_id" in rows[0]:
            rows = [{**row, "customer_id": self.spelled(row["customer_id"], spelling)} for row in rows]
        self.file = f"{target}-{self.folder.name}-{self.commands}.csv"
        path = self.files / self.file
        with open(path, "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        refused = sum(person in self.rules.listed for person in people)
        done = self._command("import", target, path, "-o", "json", fails=refused == len(rows))
        if done is None:
            return False
        [told] = json.loads(done)
        if "file_seen_before" in told["details"]:
            return False
        if told["rows_rejected"] != refused or told["details"].get("rejected_opted_out", 0) != refused:
            raise Fault(f"{refused} rows are about people on the list, but import says {told}")
        return True

    # ---- the other commands --------------------------------------------------------------------------------------

    def _erase(self, step: steps.Erase) -> None:
        ids = [self.spelled(person, step.spelling) for person in step.people]
        options = ["--opt-out"] if step.opt_out else []
        done = self._command("erase", *ids, *options, "-o", "json", fails=not step.opt_out)
        self.rules.erase(set(step.people), opt_out=step.opt_out, found=done is not None)
        if done is not None:
            self.rules.settle(self.m)
            self.rules.back_up()
            for copy in sorted((self.path / "backups").glob("*.duckdb")):
                _none(checks.forgotten(checks.look(copy), self.rules, self.names, f"backup {copy.stem}: "))

    def _undo(self, step: steps.Undo) -> None:
        found = json.loads(self._command("imports", "-o", "json") or "[]")
        ours = [line for line in found if any(line["file"] == file for file, *_ in self.rules.facts.journal)]
        if step.back >= len(ours):
            return
        line = ours[-1 - step.back]
        self._command("imports", "undo", line["id"])
        self.rules.undo(line["file"])

    def _purge(self, step: steps.Purge) -> None:
        self._command("purge", "--all", "--before", step.before.isoformat())
        self.rules.purge(datetime(step.before.year, step.before.month, step.before.day))
        self.rules.back_up()

    def _restore(self, step: steps.Restore) -> None:
        known, database = step.name in self.rules.backups, self.path / "kindred.duckdb"
        copy = self.path / "backups" / f"{step.name}.duckdb"
        # A copy of what is there replaces nothing, so nothing is kept of it either.
        same = copy.exists() and not database.with_suffix(".duckdb.wal").exists() and filecmp.cmp(copy, database, False)
        done = self._command("restore", step.name, fails=not known)
        if done is not None and not same:
            self.rules.restore(step.name)

    def _run(self, step: steps.Run) -> None:
        options = [] if step.until is None else ["--until", step.until]
        if step.dies:
            with mock.patch("engine.pipeline.ads.run", side_effect=RuntimeError(POWER_CUT)):
                self._command("run", *options, fails=True)
            return
        self._command("run", *options)
        tables = checks.look(self.path / "kindred.duckdb")
        if step.until in (None, "ads"):
            self._note_ads(tables, made=True)
            _none(checks.finished_run(tables, self.rules, self.names, self.m, CROWD[0] in self.rules.facts.treatments))
            self.rules.finish_run([self.words[row["ad_id"]] for row in tables["ads"]])
        self.rules.back_up()

    def _export(self, step: steps.Export) -> None:
        out = self.folder / f"out{self.commands}"
        as_of = self.today if step.as_of is None else steps.day(step.as_of)
        options = [] if step.as_of is None else ["--as-of", as_of.isoformat()]
        self._command("export", step.what, "--to", out, "--format", "csv", *options)
        rules = self.rules
        if step.what in ("ads", "delivery", "all"):
            sent = rules.deliverable(self.m, as_of, self._decided()) if step.what == "delivery" else {*rules.facts.ads}
            rules.hand_out(sent)
        _none(checks.export(out, step.what, rules, self.names, self.m, as_of, self._decided()))

    def _decided(self) -> set[tuple[str, str, str | None]]:
        return checks.decided(checks.look(self.path / "kindred.duckdb"), self.names)

    def _explain(self, step: steps.Explain) -> None:
        done = self._command("explain", self.spelled(step.person, 0), "-o", "json", fails=True)
        if done is not None:
            _none(checks.explained(json.loads(done), self.rules, self.names, step.person))

    def _command(self, *words: object, fails: bool = False) -> str | None:
        """Run a command; returns what it printed, None where it failed and may (`fails`)."""
        from typer.testing import CliRunner

        from cli.main import app

        self.commands += 1
        told = [str(word) for word in (*words, "-w", self.path)]
        with mock.patch.dict(os.environ, self._environment()):
            done = CliRunner().invoke(app, told)
        odd = done.exception is not None and not isinstance(done.exception, SystemExit)
        unexpected = "unexpected" in done.stderr and POWER_CUT not in done.stderr
        if odd or unexpected or done.exit_code not in (0, 1):
            raise Fault(f"`kindred {' '.join(told)}` broke: {done.exception!r} {done.stderr}") from done.exception
        if done.exit_code and not fails:
            raise Fault(f"`kindred {' '.join(told)}` failed: {done.stderr}")
        return None if done.exit_code else done.stdout

    def _environment(self) -> dict[str, str]:
        settings = self.rules.settings
        told = {
            "KINDRED_RUN_TODAY": self.today.isoformat(),
            "KINDRED_PEOPLE_UNKNOWN_AGE_IS_ADULT": str(settings.unknown_age_is_adult).lower(),
            "KINDRED_GRAPH_REQUIRE_TRAFFIC_CONSENT": str(settings.traffic_consent).lower(),
            "KINDRED_ADS_RENDER": "all" if settings.every_face else "decided",
        }
        if settings.offers_need_consent != "auto":
            told["KINDRED_PEOPLE_OFFERS_NEED_CONSENT"] = settings.offers_need_consent
        return told

    # ---- names ---------------------------------------------------------------------------------------------------

    def spelled(self, person: str, spelling: int) -> str:
        """A person's id as one of several files may write it."""
        forms = SPELLINGS.get(person, (checks.plain(person),))
        return forms[spelling % len(forms)]

    def _name(self, person: str) -> str:
        """What the workspace calls a person."""
        from engine import workspace

        if person not in SPELLINGS:
            return checks.plain(person)
        return checks.pseudonym(SPELLINGS[person][0], workspace.open_(self.path).key())

    def _note_ads(self, tables: checks.Tables, *, made: bool = False) -> None:
        """Remember each ad as it was made; the id of one that was handed out must go on to mean that ad."""
        words = {row["offer_id"]: tuple(row[name] for name in WORDS) for row in tables["offers"]}
        for row in tables["ads"]:
            person = self.names.person
            ad = Ad(
                row["ad_id"],
                person(row["customer_id"]),
                row["arm"],
                person(row.get("subject_id")),
                row["offer_id"],
                words.get(row["offer_id"], ()),
            )
            known = self.rules.perhaps.get(ad.ad_id)
            if made and known is not None and known != ad:
                raise Fault(f"one id for two ads: {known} was handed out, and {ad} was made")
            if made or ad.ad_id not in self.words:
                self.words[ad.ad_id] = ad


def _none(faults: Iterator[str]) -> None:
    found = list(faults)
    if found:
        raise Fault("; ".join(found[:5]))
