"""`kindred offers …` and `kindred loyalty`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.command import PUBLIC, WRONG_USAGE, Shell, command
from cli.inputs import EXCLUDE, SEED, Form, column, numbers

if TYPE_CHECKING:
    import polars as pl

_FOLDER = Annotated[
    Path | None, typer.Option("--models", metavar="DIR", help="Folder of the models; default: the workspace's models/.")
]


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""
    group = typer.Typer(help="Uplift models: train, judge, score.", no_args_is_help=True)
    app.add_typer(group, name="offers")

    @command(group, computes=True)
    def train(shell: Shell, models: _FOLDER = None) -> None:
        """Train one model per offer on the past campaigns, and keep them as files.

        Example: `kindred offers train`
        """
        from engine.usecases import uplift

        shell.emit(uplift.train(shell.workspace(), folder=models, progress=shell.progress))

    @command(group, computes=True)
    def score(shell: Shell, models: _FOLDER = None) -> None:
        """Each customer's uplift per offer by the stored models.

        Example: `kindred offers score -o csv > uplift.csv`
        """
        from engine.usecases import uplift

        shell.emit(uplift.score(shell.workspace(), folder=models, progress=shell.progress))

    @command(group, computes=True)
    def evaluate(
        shell: Shell,
        data: Annotated[
            Path | None, typer.Option("--data", metavar="FILE", help="A plain table instead of the workspace.")
        ] = None,
        treatment: Annotated[str | None, column("--treatment", "What a customer was given.")] = None,
        control: Annotated[
            str | None, typer.Option("--control", metavar="VALUE", help="The treatment that is none.")
        ] = None,
        outcome: Annotated[str | None, column("--outcome", "Whether the customer accepted.")] = None,
        exclude: EXCLUDE = None,
        test_share: Annotated[
            float, typer.Option("--test-share", min=0.05, max=0.9, help="Share of rows held out.")
        ] = 0.3,
        seed: SEED = 42,
        learner: Annotated[
            list[str] | None, typer.Option("--learner", help="Only this one, of offers.learners; repeatable.")
        ] = None,
        base: Annotated[
            list[str] | None, typer.Option("--base", help="Only this base learner: logistic or boosting.")
        ] = None,
        value: Annotated[
            list[str] | None,
            typer.Option("--value", metavar="TREATMENT=NUMBER", help="Value of one acceptance; adds policies' values."),
        ] = None,
        cost: Annotated[
            list[str] | None, typer.Option("--cost", metavar="TREATMENT=NUMBER", help="Cost of giving it; default: 0.")
        ] = None,
        *,
        form: Form,
    ) -> int:
        """Judge the uplift learners on held-out rows. Qini, AUUC, uplift at the top, the value of policies.

        A table shows the conclusions and the main figures; -o csv and -o json have every figure.

        Example: `kindred offers evaluate --data trial.csv --treatment segment --control none --outcome visit -o json`
        """
        if data is None:
            from engine.usecases import uplift

            found = uplift.evaluate(shell.workspace(), learner_names=learner, bases=base, progress=shell.progress)
            _show(shell, found)
            return 0
        if treatment is None or control is None or outcome is None:
            shell.complain("a plain table needs --treatment, --control and --outcome")
            return WRONG_USAGE
        from engine import plaintable
        from engine.offers import experiment_table

        options: dict[str, Any] = {"learner_names": learner} if learner else {}
        options |= {"bases": base} if base else {}
        options |= {"treatment": treatment, "control": control, "outcome": outcome, "exclude": exclude or ()}
        options |= {"test_share": test_share, "seed": seed}
        read = plaintable.read(data, sheet=form.sheet, encoding=form.encoding)
        found = experiment_table.evaluate(read, **options)
        if value:
            options |= {"value": numbers("--value", value), "cost": numbers("--cost", cost)}
            policies = experiment_table.policies(read, **options)
            if policies.height:
                found = found.vstack(policies)
            else:
                shell.say("The value of policies cannot be estimated: too few rows of some treatment.")
        _show(shell, found)
        return 0

    @command(app, computes=True)
    def loyalty(
        shell: Shell,
        by: Annotated[
            list[str] | None,
            column("--by", "A customers' column or age_band; repeatable."),
        ] = None,
        public: PUBLIC = False,
    ) -> None:
        """Who stays with which manufacturer. Retention with intervals, lift, transitions. Association, not causation.

        Example: `kindred loyalty --by residence --public -o csv`
        """
        from engine.usecases import retention

        found = retention.loyalty(shell.workspace(), by=by or (), public=public, progress=shell.progress)
        if shell.output == "json":
            shell.emit({k: v.to_dicts() if hasattr(v, "to_dicts") else v for k, v in vars(found).items()})
            return
        shell.emit(found.rows)
        if withheld := found.facts.get("withheld_rows"):
            shell.say(f"{withheld} rows are withheld: they are about too few customers, or would give such rows away.")
        shell.say(str(found.facts["note"]))


def _show(shell: Shell, found: pl.DataFrame) -> None:
    """Print rows of offer_metrics; as a table the conclusions, then the main figures of each learner and rule."""
    from engine.offers import wording

    if shell.output != "table":
        shell.emit(found)
        return
    for line in wording.decisions(found):
        print(line)
    for heading, rows in (("Learners", _learners(found)), ("Rules", _rules(found))):
        if rows:
            print(f"\n{heading}")
            shell.emit(rows)
    shell.say("All figures: -o csv or -o json.")


def _learners(found: pl.DataFrame) -> list[dict[str, Any]]:
    """Each offer's learners, the best by cross-validated Qini first; the interval is that of the held-out Qini."""
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for line in found.filter(kind="qini").iter_rows(named=True):
        row = {"offer": line["offer_id"], "learner": line["learner"], "base": line["base"], "cross-validated": None}
        row |= {"qini": line["value"], "low": line["low"], "high": line["high"], "top 10 %": None, "slope": None}
        rows[line["offer_id"], line["learner"], line["base"]] = row | {"used": "yes" if line["chosen"] else ""}
    wanted = {"qini_cross_validated": "cross-validated", "uplift_top": "top 10 %", "calibration_slope": "slope"}
    for line in found.iter_rows(named=True):
        key = (line["offer_id"], line["learner"], line["base"])
        if key in rows and line["kind"] in wanted and line["parameter"] in ("", "10"):
            rows[key][wanted[line["kind"]]] = line["value"]
    best_first = sorted(rows, key=lambda key: (key[0], -(rows[key]["cross-validated"] or 0), *key))
    return [{name: _rounded(value) for name, value in rows[key].items()} for key in best_first]


def _rules(found: pl.DataFrame) -> list[dict[str, Any]]:
    """The value of each rule that gives offers, the best first."""
    lines = [line for line in found.iter_rows(named=True) if line["kind"] == "policy_value"]
    return [
        {"who gets an offer": line["learner"], "which": line["parameter"], "value a customer": _rounded(line["value"]),
         "low": _rounded(line["low"]), "high": _rounded(line["high"])}
        for line in sorted(lines, key=lambda line: (-line["value"], line["learner"], line["parameter"]))
    ]  # fmt: skip


def _rounded(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value
