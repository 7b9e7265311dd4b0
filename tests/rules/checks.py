"""What a workspace and its exports hold, read without the product's code, beside what the rules allow.

Each check gives faults in words: nothing forbidden may stand anywhere, and nothing allowed may be lost.
"""

from __future__ import annotations

import csv
import hmac
import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.rules.model import Rules

Tables = dict[str, list[dict[str, Any]]]

# Where a person on the list may still be named; everywhere else not.
ABOUT_LISTED = {"optouts", "parties", "deliveries", "objections"}
NODES = ("node", "src", "dst", "a", "b")  # caller and callee of events may be anybody's
OF_LISTED_FILES = re.compile(r"(optouts|parties)[^/]*\.csv")
RANKS, SHARE = 3, 0.5  # contacts who may lend a face: the first ones, if that near to the first
ALIKE = {"no_consent", "minor", "no_photo", "no_influencer", "matched", "opted_out"}  # statuses that the rules decide


def plain(person: str) -> str:
    """The id of a person whose id is no number: no other word holds it."""
    return f"{person}QX"


def pseudonym(number: str, key: bytes) -> str:
    """What a workspace calls a telephone number: 32 hex digits of HMAC-SHA-256 (METHODS section 8)."""
    return hmac.new(key, number.encode(), sha256).hexdigest()[:32]


class Names:
    """People's words of the tests and their names in a workspace.

    Args:
        names: person -> name.
    """

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names
        self._people = {name: person for person, name in names.items()}

    def of(self, person: str) -> str:
        """The name in the workspace."""
        return self.names[person]

    def person(self, name: str | None) -> str | None:
        """The person of a name; others (the crowd) keep their name."""
        return None if name is None else self._people.get(name, name)

    def inside(self, text: str) -> set[str]:
        """People named anywhere in a text."""
        return {person for person, name in self.names.items() if name in text}


def look(database: Path) -> Tables:
    """Every row of every table of a database file, embeddings left out."""
    import duckdb

    found: Tables = {}
    with duckdb.connect(str(database), read_only=True) as open_:
        for (name,) in open_.execute("SELECT table_name FROM duckdb_tables() ORDER BY table_name").fetchall():
            columns = "* EXCLUDE (embedding)" if name == "faces" else "*"
            rows = open_.execute(f'SELECT {columns} FROM "{name}"')  # noqa: S608 (a table's own name)
            heads = [column[0] for column in rows.description]
            found[name] = [dict(zip(heads, row, strict=True)) for row in rows.fetchall()]
    return found


def tables(found: Tables, rules: Rules, names: Names, m: datetime, portraits: dict[str, str]) -> Iterator[str]:
    """Faults of a database after any command.

    Args:
        found: of `look`.
        rules: after the same events, settled at m.
        names: of the people.
        m: the moment of the command.
        portraits: sha256 of a photo -> portrait.
    """
    yield from forgotten(found, rules, names)
    yield from _on_the_list(found, rules, names)
    yield from _kept(found, rules, names, portraits)
    person = names.person
    for row in found["parties"]:
        who = person(row["party_id"])
        if row["opted_out"] != (who in rules.listed) or row["is_customer"] != rules.is_customer(who):
            yield f"parties: {who} stands as {row}, but the rules say customer {rules.is_customer(who)}"
    for row in found["choices"]:
        who = person(row["customer_id"])
        if row["offer_id"] is not None and not rules.may_get_offers(who, m):
            yield f"choices: {who} may get no offer on {m}, but has {row['offer_id']}"
    for row in found["matches"]:
        who, subject = person(row["customer_id"]), person(row["subject_id"])
        if row["status"] == "matched" and not _may_match(rules, who, row["arm"], subject, m):
            yield f"matches: {who} may not see {row['arm']} of {subject} on {m}"
    for who, arm, subject in decided(found, names):
        if not rules.may_show(who, arm, subject, m):
            yield f"face_choices: {who} may not be shown {arm} of {subject} on {m}"
    yield from _earlier(found, rules, names, m)
    for row in found["faces"]:
        portrait = portraits.get(row["sha256"])
        if portrait is not None and not rules.may_embed(portrait, m):
            yield f"faces: {portrait} is embedded, but nobody who has it may be shown or lends the likeness"
    yield from _ads(found, rules, m)


def _earlier(found: Tables, rules: Rules, names: Names, m: datetime) -> Iterator[str]:
    """What earlier runs decided tells of no more than may be used now; # stands for the rest."""
    for row in found["decisions"]:
        who, contact, subject = (names.person(row[name]) for name in ("customer_id", "contact_id", "subject_id"))
        told = {name for name in ("contact_id", "offer_id", "photo_id") if row[name] not in (None, "#")}
        if "offer_id" in told and not rules.may_get_offers(who, m):
            yield f"decisions: {who} may get no offer on {m}, but had {row['offer_id']}"
        if "photo_id" in told and not _may_match(rules, who, row["arm"], subject, m):
            yield f"decisions: {who} may not see {row['arm']} of {subject} on {m}"
        if "contact_id" in told and not all(rules.may_influence(one, m) for one in (who, contact)):
            yield f"decisions: {contact} of {who}, but one of them agreed to no use of traffic data"


def decided(found: Tables, names: Names) -> set[tuple[str, str, str | None]]:
    """Customer, arm and subject of what each customer is to be shown."""
    return {
        (names.person(row["customer_id"]), row["arm"], names.person(row["subject_id"]))
        for row in found["face_choices"] if row["arm"] != "no_ad"
    }  # fmt: skip


def forgotten(found: Tables, rules: Rules, names: Names, where: str = "") -> Iterator[str]:
    """Whoever was erased and did not come back must be in no row."""
    gone = {p for p in names.names if p not in rules.facts.named and p not in rules.listed}
    for table, rows in found.items():
        for row in rows:
            if hit := names.inside(_texts(row)) & gone:
                yield f"{where}{table}: {hit} were erased, but stand in {row}"


def _on_the_list(found: Tables, rules: Rules, names: Names) -> Iterator[str]:
    nodes = {row["node"]: names.person(row["party_id"]) for row in found["parties"]}
    out = {node for node, person in nodes.items() if person in rules.listed}
    for table, rows in found.items():
        for row in rows:
            if table not in ABOUT_LISTED and (hit := names.inside(_texts(row)) & rules.listed):
                yield f"{table}: {hit} opted out, but stand in {row}"
            if table not in ("parties", "events") and (hit := {row[c] for c in NODES if c in row} & out):
                yield f"{table}: {[nodes[n] for n in hit]} opted out, but stand in {row}"


def _kept(found: Tables, rules: Rules, names: Names, portraits: dict[str, str]) -> Iterator[str]:
    """What was imported, about people who did not opt out and were not erased, must be there."""
    facts, people = rules.facts, set(names.names)
    there = {
        "customers": {names.person(row["customer_id"]) for row in found["customers"]} & people,
        "treatments": {names.person(row["customer_id"]) for row in found["treatments"]} & people,
        "acts": {(names.person(row["customer_id"]), row["at"]) for row in found["acts"]},
        "photos": {(names.person(row["customer_id"]), portraits[row["sha256"]]) for row in found["photos"]},
        "events": len(found["events"]),
    }
    told = {
        "customers": {*facts.customers} & people,
        "treatments": {*facts.treatments} & people,
        "acts": {(person, at) for person, days in facts.acts.items() for at in days},
        "photos": {(person, photo) for person, photos in facts.photos.items() for photo in photos},
        "events": len(facts.calls),
    }
    for table, rows in told.items():
        if there[table] != rows:
            yield f"{table}: there is {there[table]}, but the events say {rows}"


def _may_match(rules: Rules, who: str, arm: str, subject: str | None, m: datetime) -> bool:
    if who in rules.listed or not rules.is_adult(who, m):
        return False
    if arm == "own_face":
        return rules.may_show_own_face(who, m)
    return arm == "random_face" or (subject is not None and rules.may_lend(subject, m))


def _ads(found: Tables, rules: Rules, m: datetime) -> Iterator[str]:
    there, told = {row["ad_id"] for row in found["ads"]}, {*rules.facts.ads}
    for row in found["ads"]:
        if row["ad_id"] not in told:
            yield f"ads: {row} may not stand on {m}"
    for ad_id in sorted(told - there):
        yield f"ads: {rules.facts.ads[ad_id]} is allowed, but lost"


def finished_run(found: Tables, rules: Rules, names: Names, m: datetime, campaigns: bool) -> Iterator[str]:
    """A run that ended well must have made every ad that is allowed, and no other.

    Args:
        found: the database after it.
        rules: before it.
        names: of the people.
        m: its moment.
        campaigns: there are past campaigns to learn from.
    """
    person = names.person
    valid = {name for name, offer in rules.facts.offers.items() if (offer.valid_to or date.max) >= m.date()}
    chosen = {person(row["customer_id"]): row["offer_id"] for row in found["choices"] if row["offer_id"] is not None}
    everybody = {*rules.facts.customers, *rules.facts.parties}
    if campaigns and valid:
        for who in sorted(everybody):
            if rules.may_get_offers(who, m) and who not in chosen:
                yield f"choices: {who} may get an offer on {m}, but has none"
    ranked = sorted((row for row in found["influencers"] if row["definition"] == "auto"), key=lambda r: r["rank"])
    best = {row["customer_id"]: row["score"] for row in ranked if row["rank"] == 1}
    contacts: dict[str, list[str]] = {}
    for row in ranked:
        who, contact = person(row["customer_id"]), person(row["contact_id"])
        for one in (who, contact):
            if not rules.may_influence(one, m):
                yield f"influencers: {contact} of {who}, but {one} agreed to no use of traffic data"
        if row["rank"] <= RANKS and row["score"] >= SHARE * best[row["customer_id"]]:
            contacts.setdefault(who, []).append(contact)
    made = {(person(row["customer_id"]), row["arm"], person(row.get("subject_id"))) for row in found["ads"]}
    shown = {ad for ad in rules.wanted(contacts, m) if ad[0] in chosen}
    yield from _differ("face_choices", decided(found, names), rules.decided(shown))
    wanted = shown if rules.settings.every_face else rules.decided(shown)
    status = {(person(row["customer_id"]), row["arm"]): row["status"] for row in found["matches"]}
    for ad in sorted(made - wanted, key=str):
        yield f"ads: {ad} was made, but may not be on {m}"
    for ad in sorted(wanted - made, key=str):
        why = status.get(ad[:2])
        if why is None or why in ALIKE:
            yield f"ads: {ad} may be made on {m}, but was not (match: {why})"


def files(path: Path, found: Tables, rules: Rules, names: Names, portraits: dict[str, str]) -> Iterator[str]:
    """Faults of a workspace's files: photos that nobody may be known by, and names where none belong.

    What another state of the database needs, to which `restore` may go back, stays: but of people on the list.
    """
    needed = {photo for photos in rules.facts.photos.values() for photo in photos}
    for facts in rules.backups.values():
        needed |= {p for person, photos in facts.photos.items() if person not in rules.listed for p in photos}
    for photo in sorted((path / "faces" / "photos").rglob("*.*")):
        portrait = portraits.get(photo.stem)
        if portrait is not None and portrait not in needed:
            yield f"faces/: the photo {portrait} lies there, but nobody has it"
    for file in (path / "objections.jsonl", path / "audit.jsonl", *sorted((path / "receipts").glob("*"))):
        if file.is_file() and (hit := names.inside(file.read_text())):
            yield f"{file.name}: names {hit}"


def export(
    out: Path, what: str, rules: Rules, names: Names, m: datetime, as_of: date, shown: set[tuple[str, str, str | None]]
) -> Iterator[str]:
    """Faults of an export.

    Args:
        out: its folder.
        what: was exported.
        rules: after it left.
        names: of the people.
        m: the moment of the command.
        as_of: the day of sending.
        shown: customer, arm and subject of what each customer is to be shown.
    """
    yield from _named_in_files(out, rules, names)
    ads = {*rules.facts.ads}
    if what in ("ads", "all"):
        yield from _differ("ads.csv", {row["ad_id"] for row in _csv(out / "ads.csv")}, ads)
    if what == "ads":
        yield from _differ("manifest.jsonl", {row["ad_id"] for row in _jsonl(out / "manifest.jsonl")}, ads)
        shown = {(names.person(c), arm) for c, arm in _gallery(out / "gallery.html")}
        yield from _differ("gallery.html", shown, {(ad.customer, ad.arm) for ad in rules.facts.ads.values()})
    if what == "delivery":
        sent = {row["ad_id"] for row in _csv(out / "delivery.csv")}
        yield from _differ("delivery.csv", sent, rules.deliverable(m, as_of, shown))
    if what == "analysis":
        yield from _analysis(out, rules, names, m)
    if what in ("ads", "delivery"):
        yield from _creatives(out, what)
    if (out / "withdraw.jsonl").exists() or what in ("ads", "delivery", "all"):
        yield from _withdrawn(out, rules, m)


def _named_in_files(out: Path, rules: Rules, names: Names) -> Iterator[str]:
    gone = {p for p in names.names if p not in rules.facts.named and p not in rules.listed}
    for file in sorted(path for path in out.rglob("*") if path.is_file()):
        text = file.read_bytes().decode("latin-1")
        inner = file.relative_to(out).as_posix()
        banned = gone if OF_LISTED_FILES.fullmatch(inner) else gone | rules.listed
        if hit := names.inside(text) & banned:
            yield f"export: {inner} names {hit}"
        if inner == "withdraw.jsonl" and (hit := names.inside(text)):
            yield f"export: withdraw.jsonl names {hit}"


def _analysis(out: Path, rules: Rules, names: Names, m: datetime) -> Iterator[str]:
    for row in _csv(out / "analysis.csv"):
        who, contact = names.person(row["customer_id"]), names.person(row["contact_id"])
        if row["ad_id"] and row["ad_id"] not in rules.facts.ads:
            yield f"analysis.csv: {row['ad_id']} of {who} may not stand"
        if row["offer_id"] and not rules.may_get_offers(who, m):
            yield f"analysis.csv: {who} may get no offer"
        lent = row["arm"] == "influencer_face" and row["status"] == "matched"
        if lent and row["ad_id"] and not rules.may_lend(rules.facts.ads[row["ad_id"]].subject, m):
            yield f"analysis.csv: {contact} lends nobody the likeness"


def _creatives(out: Path, what: str) -> Iterator[str]:
    table = _jsonl(out / "manifest.jsonl") if what == "ads" else _csv(out / "delivery.csv")
    lists = [row["files"] if isinstance(row["files"], list) else re.findall(r"creatives/[^\s\"',\]|;]+", row["files"])
             for row in table]  # fmt: skip
    named = {name for files in lists for name in files}
    lying = {path.relative_to(out).as_posix() for path in (out / "creatives").rglob("*") if path.is_file()}
    yield from _differ("creatives/", lying, named)


def _withdrawn(out: Path, rules: Rules, m: datetime) -> Iterator[str]:
    listed = {row["ad_id"]: row["because"] for row in _jsonl(out / "withdraw.jsonl")}
    least, most = rules.gone()
    for ad_id in sorted(least - {*listed}):
        yield f"withdraw.jsonl: {rules.handed_out[ad_id]} was handed out and is gone, but is not listed"
    for ad_id in sorted({*listed} - most):
        yield f"withdraw.jsonl: {ad_id} is listed, but stands or never left"
    for ad_id, because in listed.items():
        if ad_id in most and because not in rules.because(ad_id, m):
            yield f"withdraw.jsonl: {rules.perhaps[ad_id]} is listed as {because}, not {rules.because(ad_id, m)}"


def explained(told: dict[str, Any], rules: Rules, names: Names, person: str) -> Iterator[str]:
    """Faults of what `explain` says of a person."""
    shown = {(ad.customer, ad.arm) for ad in rules.facts.ads.values()}
    for row in told["matches"]:
        if row.get("files") and (person, row["arm"]) not in shown:
            yield f"explain: shows {person} an ad of arm {row['arm']} that may not stand"
    if person in rules.listed and (rest := [name for name in ("offers", "matches", "photos") if told[name]]):
        yield f"explain: {person} opted out, but has {rest}"
    if hit := names.inside(json.dumps(told)) & (rules.listed - {person}):
        yield f"explain: of {person} names {hit}, who opted out"


def _differ(where: str, there: set[Any], told: set[Any]) -> Iterator[str]:
    if there - told:
        yield f"{where}: {sorted(there - told, key=str)} may not be there"
    if told - there:
        yield f"{where}: {sorted(told - there, key=str)} is allowed, but missing"


def _gallery(page: Path) -> set[tuple[str, str]]:
    """Customer and arm of every ad that the page shows."""
    text = re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', page.read_text(), re.S)[1]
    data = json.loads(text)
    arms = [arm for arm, _ in data["arms"]]
    return {
        (row["customer_id"], arms[variant["arm"]])
        for row in data["rows"] for variant in row["variants"] if variant["files"]
    }  # fmt: skip


def _csv(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def _texts(row: dict[str, Any]) -> str:
    """Every text of a row, one a line."""
    parts = []
    for value in row.values():
        if isinstance(value, str):
            parts.append(value)
        elif isinstance(value, list):
            parts += [part for part in value if isinstance(part, str)]
    return "\n".join(parts)
