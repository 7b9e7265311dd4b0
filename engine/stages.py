"""The stages in order, as data: what each reads and writes, and on what else it depends."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """One step of the pipeline, named after the table it ends in.

    Args:
        name: of the stage; its code is `engine/pipeline/<name>.py`, function `run(context)`. Where it also has
            `prepare(context)`, that is called first, outside the transaction: for slow work kept in small
            transactions of its own, which a stopped run need not do again.
        reads: tables it reads.
        writes: tables it replaces.
        sections: settings it depends on.
        code: folders below engine/ and sql/ whose change makes it stale.
        dated: it depends on today's date (consents, offers' validity).
        traffic: it depends on consents to traffic_data_marketing, where the settings require them.
    """

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    sections: tuple[str, ...]
    code: tuple[str, ...]
    dated: bool = False
    traffic: bool = False


STAGES = (
    Stage(
        "edges",
        ("events", "pair_days", "parties"),
        ("edges", "hubs", "ties", "graph_window"),
        ("graph",),
        ("graph",),
    ),
    Stage(
        "influencers",
        ("edges", "hubs", "ties", "parties", "events", "devices"),
        ("nodes", "influencers"),
        ("graph", "offers", "run"),
        ("graph",),
        traffic=True,
    ),
    Stage("handsets", ("events", "parties", "devices", "customers"), ("handsets", "loyalty"), ("offers",), ("offers",)),
    Stage(
        "choices",
        (
            "customers", "photos", "offers", "treatments", "consents", "optouts", "devices", "events", "pair_days",
            "parties", "handsets", "nodes", "ties", "influencers",
        ),
        ("features", "uplift", "offer_metrics", "choices"),
        ("offers", "graph", "run"),
        ("offers", "graph"),
        dated=True,
    ),
    Stage(
        "matches",
        ("photos", "inventory", "consents", "optouts", "customers", "choices", "influencers"),
        ("faces", "matches"),
        ("faces", "graph", "run"),
        ("faces",),
        dated=True,
    ),
    Stage(
        "ads",
        ("matches", "faces", "choices", "offers", "customers", "inventory", "consents", "optouts"),
        ("ads",),
        ("ads",),
        ("ads",),
        dated=True,
    ),
)  # fmt: skip

# Which imports change which table; every other table is written by a stage.
IMPORTED = {
    "events": ("logs",),
    "pair_days": ("logs",),
    "parties": ("logs", "customers", "optouts"),
    **{t: (t,) for t in ("customers", "devices", "offers", "treatments", "photos", "inventory", "consents", "optouts")},
}
