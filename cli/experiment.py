"""`kindred experiment …`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.command import PLOT, Shell, command
from cli.inputs import SEED, Form, Reading, column, numbers

if TYPE_CHECKING:
    from engine.sources import SourceSummary

_NAME = Annotated[str, typer.Argument(metavar="NAME", help="The experiment's name.")]
_FILE = Annotated[Path, typer.Argument(metavar="FILE", help="CSV, TSV or Parquet.")]
_COVARIATE = Annotated[str | None, column("--covariate", "A column of customers from before the experiment.")]
# Columns of an effect in a table, those that CSV has besides, and the tables of an analysis with their headings.
_EFFECT = ("arm", "versus", "verdict", "mean_arm", "mean_versus", "difference", "decided_low", "decided_high", "p_holm",
           "n_arm", "n_versus")  # fmt: skip
_INTERVALS = ("low", "high", "always_valid_low", "always_valid_high")
_QUESTIONS = {
    "effects": "Effects", "guardrails": "Guardrails", "segments": "By segment", "spillover": "Along the ties",
    "likeness": "Customers whose own face drives others' ads", "over_time": "Day by day",
}  # fmt: skip
_STRATA = "residence, age_band, influence, tie_strength, similarity or rank (of the contact whose face it is)"


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""
    group = typer.Typer(help="Experiments on whose face sells: plan, assign, analyse.", no_args_is_help=True)
    app.add_typer(group, name="experiment")
    load = typer.Typer(help="Import what came back: who saw an ad, and what customers did.", no_args_is_help=True)
    group.add_typer(load, name="import")

    @command(group)
    def design(
        shell: Shell,
        name: _NAME,
        arm: Annotated[
            list[str] | None, typer.Option("--arm", metavar="ARM=SHARE", help="Repeatable; shares add up to 1.")
        ] = None,
        unit: Annotated[str | None, typer.Option("--unit", help="What is assigned: customer or cluster.")] = None,
        metric: Annotated[
            str | None, typer.Option("--metric", metavar="NAME", help="Primary outcome; A/B for a ratio.")
        ] = None,
        kind: Annotated[
            str | None, typer.Option("--kind", help="A customer's outcome: any, count, sum or ratio.")
        ] = None,
        direction: Annotated[str | None, typer.Option("--direction", help="What is better: higher or lower.")] = None,
        guardrail: Annotated[
            list[str] | None,
            typer.Option("--guardrail", metavar="NAME[:lower]", help="Metric that must not get worse; repeatable."),
        ] = None,
        horizon: Annotated[
            int | None,
            typer.Option("--horizon", metavar="DAYS", help="Days after assignment in which outcomes count."),
        ] = None,
        alpha: Annotated[
            float | None, typer.Option("--alpha", help="Chance of a false finding: 1 - confidence.")
        ] = None,
        power: Annotated[
            float | None, typer.Option("--power", help="Wanted chance of finding the smallest effect.")
        ] = None,
        minimum_effect: Annotated[
            float | None, typer.Option("--minimum-effect", help="Smallest effect that matters.")
        ] = None,
        salt: Annotated[
            str | None, typer.Option("--salt", help="Text for the draw: another one gives customers other arms.")
        ] = None,
        cluster_cap: Annotated[int | None, typer.Option("--cluster-cap", help="Most customers in a cluster.")] = None,
        eligible: Annotated[
            list[str] | None,
            typer.Option("--eligible", metavar="COLUMN=VALUE", help="Only such customers; repeatable."),
        ] = None,
        balance: Annotated[
            list[str] | None,
            typer.Option("--balance", metavar="STRATUM", help=f"Make the arms alike in {_STRATA}; repeatable."),
        ] = None,
    ) -> None:
        """Write the plan of an experiment. The same name with other options makes its next version.

        Example: `kindred experiment design spring --arm own_face=0.5 --arm influencer_face=0.5 --horizon 30`
        """
        from engine.usecases import experiment_design

        space = shell.workspace()
        plan, new = experiment_design.design(
            space, name, arms=numbers("--arm", arm) or None, unit=unit, metric=metric, kind=kind, direction=direction,
            guardrails=tuple(guardrail) if guardrail else None, horizon_days=horizon, alpha=alpha, power=power,
            minimum_effect=minimum_effect, salt=salt, cluster_cap=cluster_cap,
            eligible=tuple(eligible) if eligible else None, balance=tuple(balance) if balance else None,
        )  # fmt: skip
        shell.emit(vars(plan) | {"arms": dict(plan.arms), "hash": plan.hash()})
        shell.say(f"{'Designed' if new else 'Unchanged'}: {name}, version {plan.version}")
        shell.say(f"Next: `kindred experiment power {name}` (how small an effect can be seen), then `assign`.")

    @command(group, computes=True)
    def power(
        shell: Shell,
        name: _NAME,
        base: Annotated[float | None, typer.Option("--base", help="Expected share of customers who act.")] = None,
        covariate: _COVARIATE = None,
        correlation: Annotated[
            float | None, typer.Option("--correlation", help="Intraclass correlation of the clusters, 0 to 1.")
        ] = None,
        against: Annotated[
            str, typer.Option("--against", help="List effects by number of customers or of days.")
        ] = "customers",
        plot: PLOT = None,
    ) -> None:
        """The smallest effect that can be found. With customers or clusters assigned, by their number or by days.

        Example: `kindred experiment power spring --base 0.03 --against days --plot power.svg`
        """
        from engine.charts import experiment as charts
        from engine.charts import render
        from engine.usecases import experiment_design

        if plot is not None:
            render.check(plot)
        rows, funnel = experiment_design.power(
            shell.workspace(), name, base=base, covariate=covariate, correlation=correlation, against=against
        )
        shell.emit(rows)
        _funnel(shell, funnel)
        if against == "days":
            shell.say("By later days more have acted (base), so that `difference` grows: compare days by `relative`.")
        if correlation is None and covariate is None:
            shell.say(f"The intraclass correlation is assumed to be {rows[0]['correlation']}: --covariate measures it.")
        if plot is not None:
            render.write(plot, charts.power(rows, against=against))

    @command(group, computes=True)
    def assign(shell: Shell, name: _NAME) -> None:
        """Give every eligible customer an arm; whoever has one keeps it.

        Example: `kindred experiment assign spring`
        """
        from engine.usecases import experiment_design

        done = experiment_design.assign(shell.workspace(), name)
        shell.emit(
            {"version": done.plan.version, "arms": done.arms, "kept": done.kept, "added": done.added}
            | {"funnel": done.funnel, "clusters": done.curve}
            | {"drawn": done.drawn._asdict() if done.drawn else None}
        )
        _funnel(shell, done.funnel)
        if done.drawn:
            shell.say(
                f"Drawn with salt {done.drawn.salt}: imbalance between the arms {done.drawn.imbalance:.3g}, "
                f"by a usual draw {done.drawn.usual:.3g}."
            )
        shell.say(
            "Next: `kindred export delivery --to DIR` (everybody's ad), then `kindred experiment import exposures` and "
            f"`import outcomes {name} FILE` with what came back."
        )

    @command(load)
    def exposures(
        shell: Shell,
        name: _NAME,
        file: _FILE,
        reading: Reading,
    ) -> None:
        """Import who saw an ad, and when. Columns: customer_id, at, and the arm shown where it is known.

        Example: `kindred experiment import exposures spring seen.csv --column at=shown_at`
        """
        from engine.usecases import experiment_events

        space = shell.workspace()
        done = experiment_events.import_events(space, name, "exposures", file, **reading.given(space))
        _report(shell, done)
        shell.say(f"Next: `kindred experiment import outcomes {name} FILE` (what customers did).")

    @command(load)
    def outcomes(
        shell: Shell,
        name: _NAME,
        file: _FILE,
        reading: Reading,
        metric: Annotated[str | None, typer.Option("--metric", help="The plan's primary one, or a guardrail.")] = None,
    ) -> None:
        """Import what customers did. Columns: customer_id, at, value.

        Example: `kindred experiment import outcomes spring sales.csv --column value=revenue`
        """
        from engine.usecases import experiment_events

        space = shell.workspace()
        done = experiment_events.import_events(space, name, "outcomes", file, metric=metric, **reading.given(space))
        _report(shell, done)
        shell.say(f"Next: `kindred experiment analyse {name}`.")

    @command(group, computes=True)
    def analyse(
        shell: Shell,
        name: _NAME,
        covariate: _COVARIATE = None,
        sequential: Annotated[
            bool | None,
            typer.Option(
                "--sequential/--one-look",
                help="Decide by intervals that hold at every look, or only at one look at the end.",
                show_default="--sequential while outcomes still come in",
            ),
        ] = None,
        interference: Annotated[
            bool, typer.Option("--interference", help="Also the direct, spillover and total effects along ties.")
        ] = False,
        by: Annotated[
            list[str] | None,
            typer.Option(
                "--by", metavar="STRATUM", help=f"Effects by segment: {_STRATA}, or a column of customers; repeatable."
            ),
        ] = None,
        over_time: Annotated[bool, typer.Option("--over-time", help="Also the effects day by day.")] = False,
        plot: PLOT = None,
    ) -> None:
        """Analyse the experiment as planned. Everybody counts in the arm that was drawn for them.

        Example: `kindred experiment analyse spring --interference --by residence -o json`
        """
        from engine.charts import experiment as charts
        from engine.charts import render
        from engine.usecases import experiment_analysis

        if plot is not None:
            render.check(plot)
        found = experiment_analysis.analyse(
            shell.workspace(), name, covariate=covariate, sequential=sequential, interference=interference,
            by=by or (), over_time=over_time or plot is not None,
        )  # fmt: skip
        _emit_findings(shell, found)
        if plot is not None and found.get("over_time"):
            render.write(plot, charts.effects_by_day(found))
        if found.get("observed", 1) < 1:
            shell.say(
                f"{found['observed']:.0%} of the outcome days are over: "
                + (
                    "--one-look holds for a single look at the end; who looks more often finds effects that are none."
                    if sequential is False
                    else "the intervals that decide hold however often you look before the end."
                )
            )

    @command(group, computes=True)
    def simulate(
        shell: Shell,
        name: _NAME,
        direct: Annotated[
            float, typer.Option("--direct", metavar="TAU", help="Effect of the customer's own ad.")
        ] = 0.02,
        spillover: Annotated[
            float, typer.Option("--spillover", metavar="GAMMA", help="Effect of the contacts' ads.")
        ] = 0.03,
        base: Annotated[float, typer.Option("--base", help="Share of customers who act without any effect.")] = 0.1,
        noise: Annotated[
            float | None, typer.Option("--noise", metavar="SD", help="Outcomes are numbers with this spread, not 0/1.")
        ] = None,
        draws: Annotated[int, typer.Option("--draws", min=10, help="Experiments simulated.")] = 200,
        seed: SEED = 7,
    ) -> None:
        """Simulate the experiment on your graph. Bias, coverage and power of every estimator.

        Example: `kindred experiment simulate spring --direct 0.02 --spillover 0.03 --base 0.1`
        """
        from engine.usecases import experiment_design

        space, effects = shell.workspace(), {"direct": direct, "spillover": spillover, "base": base}
        shell.emit(experiment_design.simulate(space, name, noise=noise, draws=draws, seed=seed, **effects))

    @command(group)
    def compare(
        shell: Shell,
        data: Annotated[Path, typer.Option("--data", metavar="FILE", help="A table, one row per unit.")],
        arm: Annotated[str, column("--arm", "Column of the arm.")],
        control: Annotated[str, typer.Option("--control", metavar="VALUE", help="The arm to compare with.")],
        metric: Annotated[list[str], column("--metric", "Outcome; A/B for the ratio of two; repeatable.")],
        covariate: Annotated[str | None, column("--covariate", "Known from before, for CUPED.")] = None,
        cluster: Annotated[str | None, column("--cluster", "What was assigned, if not single rows.")] = None,
        unit: Annotated[str | None, column("--unit", "Whose row it is; nobody may be in two arms.")] = None,
        missing: Annotated[
            str, typer.Option("--missing", help="What missing values do: error, drop (the row) or zero.")
        ] = "error",
        share: Annotated[
            list[str] | None,
            typer.Option("--share", metavar="ARM=SHARE", help="Planned share of an arm; default: equal."),
        ] = None,
        alpha: Annotated[float, typer.Option("--alpha", min=0.0001, max=0.5)] = 0.05,
        *,
        form: Form,
    ) -> None:
        """Analyse A/B results in a plain table, without a workspace.

        Example: `kindred experiment compare --data trial.csv --arm segment --control none --metric visit -o json`
        """
        from engine import plaintable
        from engine.experiment import assignment, table

        shares = numbers("--share", share) or None
        if shares is not None:
            assignment.check_arms(shares)
        found = table.compare(
            plaintable.read(data, sheet=form.sheet, encoding=form.encoding),
            arm=arm, control=control, metrics=metric, shares=shares, covariate=covariate,
            cluster=cluster, unit=unit, missing=missing, alpha=alpha,
        )  # fmt: skip
        rows = table.rows(found)
        shell.emit(rows)
        for note in found.notes:
            shell.say(note)
        for row in rows:
            shell.say(row["decision"])


def _emit_findings(shell: Shell, found: dict[str, Any]) -> None:
    """What an analysis found: the decisions first, then a table a question; as CSV the effects alone, as JSON all."""
    if shell.output == "json":
        shell.emit(found)
        return
    if shell.output == "csv":
        columns = (*_EFFECT, *_INTERVALS)
        shell.emit([{name: line[name] for name in columns} for line in found.get("effects", [])], list(columns))
        return
    for line in found["decisions"]:
        print(line)
    about = {name: found[name] for name in ("metric", "kind", "customers", "exposed", "observed") if name in found}
    print("\nThe experiment")
    shell.emit(about | {"sample_ratio_p": found["sample_ratio"]["p"]} if "sample_ratio" in found else about)
    for name, heading in _QUESTIONS.items():
        if rows := _plainly(found.get(name) or []):
            print(f"\n{heading}")
            shell.emit(rows)
    shell.say("All figures: -o json.")


def _plainly(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows for a table: of effects the main figures; nested lists of other rows become a row for each item."""
    some: list[dict[str, Any]] = []
    for line in lines:
        if "mean_arm" in line:
            some.append({key: line.get(key) for key in ("metric", *_EFFECT)})
            continue
        own = {key: value for key, value in line.items() if not isinstance(value, (list, dict)) and key != "decision"}
        inner = line.get("segments") or line.get("estimates") or [line.get("estimate") or {}]
        some += [own | part for part in inner]
    return [{key: value for key, value in row.items() if any(r.get(key) is not None for r in some)} for row in some]


def _funnel(shell: Shell, funnel: list[dict[str, Any]]) -> None:
    for line in funnel:
        reasons = ", ".join(f"{reason} {n}" for reason, n in line["reasons"].items())
        shell.say(f"{line['left']:>10}  {line['gate']}{f' (lost: {reasons})' if reasons else ''}")


def _report(shell: Shell, done: SourceSummary) -> None:
    shell.emit(
        vars(done)
        if shell.output == "json"
        else {name: value for name, value in vars(done).items() if value or value == 0}
    )
    shell.say(f"{done.rows_kept} of {done.rows_in} rows kept")
