"""Imports what came back of faces drawn at random: checked, and kept where the next campaign learns from it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import sources
from engine.errors import InputError
from engine.policy import stored
from engine.sources import SourceSummary, readings
from engine.trust import ages
from engine.usecases import experiment_events, policy_rows

if TYPE_CHECKING:
    import polars as pl

    from engine.usecases.policy_rows import Round
    from engine.warehouse import Warehouse
    from engine.workspace import Workspace

_PSEUDONYM = r"^[0-9a-f]{32}$"


@dataclass(frozen=True)
class Learnt:
    """What `learn` did.

    Args:
        round: the experiment's name, or the policy's id.
        customers: who counts: drawn by chance, and their days are over.
        accepted: of them, who did what the outcome counts.
        arms: customers per arm.
        imported: what became of the rows of each file.
        treatments: rows that are new or changed in table treatments.
        source: of these rows, by which they can be taken back.
    """

    round: str
    customers: int
    accepted: int
    arms: dict[str, int]
    imported: dict[str, SourceSummary]
    treatments: int
    source: str


def learn(
    workspace: Workspace, name: str | None = None, files: Mapping[str, Path] | None = None, *,
    columns: Mapping[str, str] | None = None, **reading: Any,
) -> Learnt:  # fmt: skip
    """Import what came back of an experiment, or of a policy's delivery, and add it to table treatments.

    Args:
        workspace: an opened workspace.
        name: of the experiment, or id of the policy; None = the newest policy.
        files: exposures and outcomes -> the file, where one came.
        columns: our name -> the files', where they differ.
        reading: mapping, sheet, encoding (see `experiment_events.import_events`).

    Raises:
        InputError: there is no such round, nothing of it was drawn by chance, it is not finished, it was drawn with
            another model of faces; or a file holds a row of somebody who was not drawn, an arm that was never drawn,
            something from before it was shown, or ids of another key. Nothing is noted then.
    """
    moment = ages.moment(workspace.config)
    with workspace.warehouse(read_only=True) as store:
        name, policies = _named(store, name)
        if name in policies:
            policy_rows.drawn_and_over(store, name, moment=moment)
        check = _Check(store, name)
    imported = {}
    for target in ("exposures", "outcomes"):
        if path := (files or {}).get(target):
            imported[target] = experiment_events.import_events(
                workspace, name, target, path, columns=columns, check=check.of(target, path), **reading
            )
            if target == "exposures":
                with workspace.warehouse(read_only=True) as store:
                    check = _Check(store, name)
    with workspace.writing("learn") as store:
        gather = policy_rows.handed_out if name in policies else policy_rows.experiment
        found = gather(store, name, moment=moment)
        source, changed = _note(store, found)
    arms = dict(found.rows["arm"].value_counts().sort("arm").iter_rows())
    accepted = found.rows.filter(found.rows["outcome"] != 0).height
    return Learnt(name, found.rows.height, accepted, arms, imported, changed, source)


class _Check:
    """Refuses files that hold rows which cannot belong to a round.

    Args:
        store: the workspace's database.
        name: of the round.
    """

    def __init__(self, store: Warehouse, name: str) -> None:
        import polars as pl

        plan, _ = policy_rows.plan_and_people(store, name)
        self.name, self.arms = name, sorted(plan.arms)
        people = store.query("policy/round", round=name).select("customer_id", "at", drawn=pl.col("propensity") > 0)
        if not people["drawn"].any():  # an experiment draws everybody
            people = store.query("experiment/assigned", experiment_id=name).select(
                "customer_id", at="assigned_at", drawn=True
            )
        seen = store.query("experiment/exposures", experiment_id=name)
        first = seen.group_by("customer_id").agg(first=pl.col("at").min())
        self.people = people.join(first, on="customer_id", how="left").rename({"at": "shown_at"})

    def of(self, target: str, path: Path) -> Callable[[pl.DataFrame], None]:
        """What looks at the rows of one file."""
        import polars as pl

        from engine.intake.rejected import ROW

        def look(rows: pl.DataFrame) -> None:
            known = rows.join(self.people, on="customer_id", how="inner", maintain_order="left")
            strange = rows["given"].str.contains(_PSEUDONYM).fill_null(False)
            self._refuse(
                rows.filter(pl.lit(not known.height) & strange.all()), path, ROW, "customer_id",
                "holds pseudonyms made with another key: none of them is known here",
                "Use the workspace that made the delivery, or a file with your own ids.",
            )  # fmt: skip
            self._refuse(
                known.filter(~pl.col("drawn").fill_null(False)), path, ROW, "customer_id",
                f"is of a customer for whom {self.name!r} drew no face",
                "Leave such rows out: only faces drawn with a known chance can be learned from.",
            )  # fmt: skip
            if target == "exposures" and "arm" in rows.columns:
                self._refuse(
                    known.filter(~pl.col("arm").is_in(self.arms)), path, ROW, "arm",
                    f"names an arm that {self.name!r} never drew", f"It drew {', '.join(self.arms)}.",
                )  # fmt: skip
            shown = pl.max_horizontal("shown_at", "first") if target == "outcomes" else pl.col("shown_at")
            self._refuse(
                known.filter(pl.col("at") < shown), path, ROW, "at",
                "is from before the ad was shown to this customer", "Leave out rows from before it.",
            )  # fmt: skip

        return look

    @staticmethod
    def _refuse(rows: pl.DataFrame, path: Path, row: str, column: str, what: str, fix: str) -> None:
        if rows.height:
            more = f" ({rows.height:,} rows like it)" if rows.height > 1 else ""
            raise InputError(f"the row {what}{more}.", file=path, row=int(rows[row][0]), column=column, fix=fix)


def _named(store: Warehouse, name: str | None) -> tuple[str, list[str]]:
    """The round's full name, and the policies that handed something out."""
    experiments = store.query("experiment/experiments")["experiment_id"].to_list()
    policies = [r for r in store.query("policy/rounds")["round"].to_list() if r not in experiments]
    if name is None:
        newest = stored.newest(store)
        name = newest.policy_id if newest is not None else ""
        if name not in policies:
            raise InputError(
                "no policy has a delivery yet.",
                fix="Name an experiment; or learn a policy (`kindred faces policy train`), run, and export a delivery.",
            )
    elif name not in experiments:
        begun = [r for r in policies if r.startswith(name)]
        if len(begun) != 1:
            known = ", ".join((*experiments, *policies)) or "none"
            raise InputError(f"no experiment and no delivered policy is called {name!r}.", fix=f"There are {known}.")
        name = begun[0]
    return name, policies


def _note(store: Warehouse, found: Round) -> tuple[str, int]:
    """Write a round's outcomes into table treatments, so that they can be taken back; returns its source and rows."""
    import polars as pl

    offers = store.query("policy/round", round=found.name).select("customer_id", sent_at="at")
    frame = found.rows.join(offers, on="customer_id").select(
        "customer_id",
        "sent_at",
        campaign_id=pl.lit(found.name),
        offer_id=pl.when(pl.col("arm") != "no_ad").then("offer_id"),
        propensity=pl.lit(None, pl.Float64),  # the offer was chosen, not drawn
        accepted=pl.col("outcome") != 0,
        face_arm="arm",
        face_propensity="propensity",
    )
    digest = hashlib.sha256(frame.write_json().encode()).hexdigest()
    source = sources.source_id("treatments", f"learn {found.name}", digest)
    label = f"learn {found.name}"
    if sources.seen(store, source, Path(label)) is not None:
        return source, 0
    with store.transaction():
        readings.keep_existing(store, "treatments")
        merged = readings.merge("treatments", store.read("treatments"), frame)
        how = readings.keep(store, source, "treatments", merged.last)
        if merged.rows is not None:
            store.write("treatments", merged.rows)
        summary = SourceSummary(
            source, "treatments", label, "learn", frame.height, merged.kept, merged.duplicate, 0, {}
        )  # fmt: skip
        sources.record(store, summary, digest, how)
    return source, merged.kept
