"""Imports what came back from an experiment: exposures (who saw an ad) and outcomes (what customers did)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine import sources
from engine.errors import InputError
from engine.experiment.eligibility import FACES, WITHOUT_FACE
from engine.sources import readings
from engine.trust import pseudonyms
from engine.usecases import policy_rows

if TYPE_CHECKING:
    import polars as pl

    from engine.workspace import Workspace

ARMS = {*FACES, *WITHOUT_FACE}
NEEDED = {"exposures": ("customer_id", "at"), "outcomes": ("customer_id", "at", "value")}


def import_events(
    workspace: Workspace, name: str, target: str, path: Path, *, columns: Mapping[str, str] | None = None,
    metric: str | None = None, mapping: Path | None = None, sheet: str | None = None, encoding: str | None = None,
    check: Callable[[pl.DataFrame], None] | None = None,
) -> sources.SourceSummary:  # fmt: skip
    """Read exposures (customer_id, at, arm?) or outcomes (customer_id, at, value) of an experiment.

    Args:
        workspace: an opened workspace.
        name: of the experiment, or id of a policy that handed something out.
        target: exposures or outcomes.
        path: of any form that `kindred import` reads.
        columns: our name -> the file's, where they differ.
        mapping: a TOML file that says how the file's columns, words, numbers and times read (docs/mapping.md).
        metric: of the outcomes; None = the plan's primary one.
        sheet: of a workbook.
        encoding: of a text; None = the mapping's, or found.
        check: gets the rows (`ROW`, given: the id in the file, customer_id, at, arm?) and raises where one is refused.

    Returns:
        What became of the rows. Rows of unknown customers and rows that do not read are rejected and counted; an
        outcome whose value is no finite number, or large enough to be somebody's, is kept as null, so that the analysis
        says that it is broken.

    Raises:
        InputError: columns are missing, the file names another experiment, or none of its customers takes part;
            nothing is stored then.
    """
    import polars as pl

    from engine.intake import mapped, reading, rejected, values
    from engine.intake.rejected import ROW, WHY, why
    from engine.logs.mapping import load

    with workspace.writing(f"experiment import {target}") as store:
        plan, people = policy_rows.plan_and_people(store, name)
        metric = metric or plan.metric
        if target == "outcomes" and metric not in plan.metrics():
            names = ", ".join(plan.metrics())
            raise InputError(
                f"the plan has no metric {metric!r} for which outcomes are imported.",
                fix=f"Name one of {names} with --metric, or plan it as a guardrail first.",
            )
        profile = load(mapping, target)[0] if mapping else None
        content = sources.read_content(path)
        label = profile.label if profile else "table"
        source = sources.source_id(f"{target} {name} {metric}", label, content.sha256)
        known = sources.seen(store, source, path)
        if known is not None:
            return known
        said = reading.layout_options(profile) | ({"encoding": encoding} if encoding else {})
        rows, broken, total = reading.read_text(path, memory=sources.memory(store), sheet=sheet, **said)
        sources.unchanged(path, content)
        left_out = 0
        if profile:
            rows, left_out = mapped.apply(rows, profile, path)
        rows = _renamed(rows, columns or {}, target, path)
        if "experiment_id" in rows.columns and (rows["experiment_id"] != name).any():
            raise InputError(f"the file holds rows of another experiment than {name!r}.", file=path,
                             column="experiment_id", fix="Import it into its own experiment.")  # fmt: skip
        nobody = pseudonyms.problems(rows["customer_id"])
        rows = rows.with_columns(
            rows["customer_id"].alias("given"),
            pseudonyms.name_series(store, rows["customer_id"], workspace.config.ids, workspace.key()),
            values.parse("at", "time"),
        )
        if check is not None:
            check(rows)
        reason = (
            pl.when(pl.col("customer_id").is_null()).then(why("customer_id", "missing"))
            .when(nobody.is_not_null()).then(why("customer_id", "nobody"))
            .when(pl.col("at").is_null()).then(why("at", "not_a_time"))
            .when(~pl.col("customer_id").is_in(people.implode())).then(why("customer_id", "not_in_experiment"))
        )  # fmt: skip
        if target == "exposures" and "arm" in rows.columns:  # whatever else stands there may name somebody
            strange = pl.col("arm").is_not_null() & ~pl.col("arm").is_in(sorted(ARMS | set(plan.arms)))
            reason = reason.when(strange).then(why("arm", "unknown_arm", f"none of {', '.join(sorted(ARMS))}"))
        rows = rows.with_columns(reason.alias(WHY))
        bad = rows.filter(pl.col(WHY).is_not_null())
        rejects = pl.concat([broken.select(ROW, WHY), bad.select(ROW, WHY)]).sort(ROW)
        if rejects.height == total - left_out:
            raise InputError(f"not one row belongs to {name!r}: {rejected.words(rejects[WHY][0])}.",
                             file=path, row=int(rejects[ROW][0]), fix="Check the file and the assignment.")  # fmt: skip
        good = rows.filter(pl.col(WHY).is_null())
        frame = good.select(pl.lit(name).alias("experiment_id"), "customer_id", "at")
        if target == "outcomes":
            value = good.select(values.parse("value", "f64"))["value"]
            frame = frame.with_columns(metric=pl.lit(metric), value=value.set(value.abs() >= values.LARGEST, None))
        else:
            arm = good["arm"] if "arm" in good.columns else pl.Series("arm", [None] * good.height, pl.String)
            frame = frame.with_columns(arm=arm)
        fresh = frame.unique(maintain_order=True).join(
            store.read(target), on=frame.columns, how="anti", nulls_equal=True, maintain_order="left"
        )
        details = {sources.LEFT_OUT: left_out} if left_out else {}
        details |= rejected.details(rejects)
        if target == "outcomes" and (lost := fresh["value"].null_count()):
            details["no_finite_value"] = lost
        summary = sources.SourceSummary(
            source, target, sources.mask_path(path), profile.name if profile else "table", total, fresh.height,
            total - left_out - fresh.height - rejects.height, rejects.height, details,
        )  # fmt: skip
        with store.transaction():
            readings.keep_existing(store, target)
            how = readings.keep(store, source, target, frame.unique(maintain_order=True))
            store.append(target, fresh)
            sources.record(store, summary, content.sha256, {**how, "region": workspace.config.ids.region})
            rejected.record(store, source, rejects)
    return summary


def _renamed(rows: pl.DataFrame, columns: Mapping[str, str], target: str, path: Path) -> pl.DataFrame:
    """The file's columns under our names."""
    for own, theirs in columns.items():
        if theirs.lower() not in rows.columns:
            raise InputError(f"there is no column {theirs!r}.", file=path, row=0,
                             fix=f"The columns are {', '.join(rows.columns[1:])}.")  # fmt: skip
        rows = rows.drop(own, strict=False) if own != theirs.lower() else rows
        rows = rows.rename({theirs.lower(): own})
    missing = [c for c in NEEDED[target] if c not in rows.columns]
    if missing:
        raise InputError(f"{target} lack {', '.join(missing)}.", file=path, row=0,
                         fix=f"Name it: --column {missing[0]}=COLUMN.")  # fmt: skip
    return rows
