"""What is exported beyond single tables: views made for a sending system and for an analyst, and groups of tables."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.tables import BOOKKEEPING, TABLES, Column, Table


def _view(name: str, grain: str, keys: str, columns: str) -> Table:
    parsed = []
    for line in columns.strip().splitlines():
        column, kind, *note = line.split(maxsplit=2)
        parsed.append(Column(column, kind.removesuffix("?"), kind.endswith("?"), note[0] if note else ""))
    return Table(name, grain, tuple(keys.split()), tuple(parsed))


VIEWS = {
    "delivery": _view("delivery", "customer to be sent an ad", "customer_id", """
        customer_id text
        experiment_id text?  the experiment that assigned the arm; null = none did
        arm text
        rank i32?            of the contact whose face it is after, 1 = first; null for other arms
        reason text          what decided the arm
        propensity f64?      probability with which it was given; null where it was not random
        ad_id text
        offer_id text
        headline text
        body text
        call_to_action text
        alt_text text
        files texts          creatives, relative to the export's folder, one per size
        """),
    "audience": _view("audience", "person to be sent an offer, for customer matching", "phone_sha256 email_sha256", """
        phone_sha256 text?   lower-case hex of SHA-256 of the E.164 number, + and all
        email_sha256 text?   of the address without blanks around, in small letters
        """),
    "analysis": _view("analysis", "customer and arm", "customer_id arm", """
        customer_id text
        arm text
        offer_id text?       null = no offer was worth making
        expected_value f64?
        reason text?         of the choice
        uplift f64?          of the chosen offer
        model_id text?
        contact_id text?     the most influential contact; never part of `delivery`
        definition text?
        score f64?
        tie_share f64?
        centrality_pct f64?
        margin f64?
        photo_id text?
        similarity f64?
        percentile f64?
        flag text?
        status text          of the match
        chosen bool?         this arm is the one that is shown
        ad_id text?          null = no ad was rendered
        """),
}  # fmt: skip
_KEY, *_OTHERS = TABLES["rejects"].columns
_FILE = Column("file", "text", True, "name of the file as given, ids masked")
# Tables that leave with a column of another one, by a statement of their own: sql/export/<name>.sql.
JOINED = {"rejects": replace(TABLES["rejects"], columns=(_KEY, _FILE, *_OTHERS))}
# Beside ads and delivery in `withdraw.jsonl`; no view that can be asked for.
WITHDRAW = _view(
    "withdraw",
    "ad handed out earlier that may no longer be shown",
    "ad_id",
    """
    ad_id text           stop showing it, whatever files are listed
    arm text
    files texts          creatives to delete: those of its files that no ad that may still be shown uses; may be none
    because text         erased, opted_out, no_consent or replaced
    """,
)


@dataclass(frozen=True)
class Part:
    """One table of an export.

    Args:
        table: its contract.
        reads: the workspace's tables it is made of.
    """

    table: Table
    reads: tuple[str, ...]


GROUPS = ("ads", "delivery", "audience", "analysis", "graph", "all")
_BESIDE_ANALYSIS = ("choices", "uplift", "offer_metrics", "loyalty", "influencers")
_READS = {
    "ads": ("ads", "offers", "choices", "matches", "face_choices", "customers"),
    "delivery": ("ads", "face_choices", "offers", "consents", "optouts", "customers", "plans", "assignments"),
    "analysis": ("matches", "choices", "uplift", "influencers", "face_choices", "ads"),
}
_READS["audience"] = _READS["delivery"]


def parts(what: str) -> list[Part]:
    """The tables that an export of `what` consists of; `what` is a table or one of `GROUPS`."""
    if what in VIEWS:
        tables = [VIEWS[what], *(TABLES[name] for name in _BESIDE_ANALYSIS if what == "analysis")]
    elif what == "graph":
        tables = [TABLES["nodes"], TABLES["edges"], TABLES["ties"]]
    elif what == "all":
        tables = [table for name, table in TABLES.items() if name not in BOOKKEEPING]
    else:
        tables = [TABLES[what]]
    tables = [JOINED.get(table.name, table) for table in tables]
    return [Part(table, _READS.get(table.name, (table.name,))) for table in tables]
