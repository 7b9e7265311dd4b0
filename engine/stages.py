"""The stages in order, as data: what each reads and writes. What else a stage depends on `engine.runner.code` finds."""

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
        dated: it depends on today's date (consents, offers' validity) and on who may be shown.
        traffic: it depends on consents to traffic_data_marketing, where the settings require them.
    """

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    dated: bool = False
    traffic: bool = False


STAGES = (
    Stage("edges", ("events", "pair_days", "parties", "persons"), ("edges", "hubs", "ties", "graph_window")),
    Stage(
        "learned",
        ("edges", "acts", "parties", "pair_days", "events", "devices", "customers"),
        ("learned",),
        traffic=True,
    ),
    Stage(
        "influencers",
        ("edges", "hubs", "ties", "parties", "pair_days", "events", "devices", "acts", "customers", "learned"),
        ("nodes", "influencers"),
        traffic=True,
    ),
    Stage("handsets", ("events", "parties", "devices", "customers"), ("handsets", "loyalty")),
    Stage(
        "choices",
        (
            "customers", "photos", "offers", "treatments", "consents", "optouts", "devices", "events", "pair_days",
            "parties", "handsets", "nodes", "ties", "influencers", "acts",
        ),
        ("features", "uplift", "offer_metrics", "choices"),
        dated=True,
    ),
    Stage(
        "matches",
        ("photos", "settled", "inventory", "consents", "optouts", "customers", "choices", "influencers"),
        ("faces", "estimates", "matches"),
        dated=True,
    ),
    Stage(
        "face_choices",
        (
            "matches", "faces", "choices", "customers", "consents", "optouts", "plans", "assignments", "policies",
            "influencers", "handsets", "treatments",
        ),
        ("face_choices",),
        dated=True,
    ),
    Stage(
        "ads",
        ("face_choices", "matches", "faces", "choices", "offers", "customers", "inventory", "consents", "optouts"),
        ("ads",),
        dated=True,
    ),
)  # fmt: skip

# Written by commands, who decide: what stands in them counts, by these statements.
DECIDED = {
    "plans": "experiment/plans_digest",
    "assignments": "experiment/assignments_digest",
    "persons": "graph/persons_digest",
    "policies": "experiment/policies_digest",
    "settled": "faces/settled_digest",
}
# Which imports change which table; every other table is written by a stage.
IMPORTED = {
    "events": ("logs",),
    "pair_days": ("logs",),
    "parties": ("logs", "customers", "optouts"),
    **{
        t: (t,)
        for t in ("customers", "devices", "offers", "treatments", "acts", "photos", "inventory", "consents", "optouts")
    },
}
