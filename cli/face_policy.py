"""`kindred faces policy …`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.command import DONE, Shell, command
from cli.inputs import EXCLUDE, SEED, Form, column, numbers
from cli.output import Output
from engine.figures import word

if TYPE_CHECKING:
    from engine.policy.stored import Stored

_COST = Annotated[
    list[str] | None,
    typer.Option("--cost", metavar="ARM=NUMBER", help="Cost of showing an arm's face once; repeatable."),
]
_WORTH = Annotated[float, typer.Option("--worth", help="Money value of one unit of the outcome.")]
_LEVEL = Annotated[float, typer.Option("--level", min=0.001, max=0.5, help="1 - confidence.")]
_NO_AD = "no_ad"


def register(faces: typer.Typer) -> None:
    """Add the group `policy` to the commands about faces."""
    group = typer.Typer(help="Learn from arms drawn at random whose face persuades whom.", no_args_is_help=True)
    faces.add_typer(group, name="policy")

    @command(group, computes=True)
    def evaluate(
        shell: Shell,
        data: Annotated[Path, typer.Option("--data", metavar="FILE", help="A row per customer who was shown an arm.")],
        arm: Annotated[str, column("--arm", "The arm that was shown.")],
        outcome: Annotated[str, column("--outcome", "A number, or yes and no.")],
        propensity: Annotated[str, column("--propensity", "The chance with which the row got its arm.")],
        customer: Annotated[str | None, column("--customer", "Whose row it is.")] = None,
        cluster: Annotated[str | None, column("--cluster", "What was drawn together, if not single rows.")] = None,
        source: Annotated[str | None, column("--source", "The round or experiment of the row.")] = None,
        cost: _COST = None,
        worth: _WORTH = 1.0,
        level: _LEVEL = 0.05,
        exclude: EXCLUDE = None,
        seed: SEED = 7,
        *,
        form: Form,
    ) -> int:
        """Estimate the value of rules: one arm for all, a random arm, a learned one. On held-out customers.

        Example: `kindred faces policy evaluate --data shown.csv --arm arm --outcome bought --propensity chance`
        """
        from engine import plaintable
        from engine.policy import table
        from engine.policy.rows import Plan

        costs = numbers("--cost", cost)
        found = table.evaluate(
            plaintable.read(data, sheet=form.sheet, encoding=form.encoding),
            table.Columns(arm, outcome, propensity, customer, cluster, source),
            Plan(costs=costs, worth=worth, level=level, seed=seed),
            exclude=exclude or (),
        )
        shell.emit([line._asdict() for line in found.table])
        shell.say(found.reason[0].upper() + found.reason[1:] + ".")
        return 0

    @command(group, computes=True)
    def train(
        shell: Shell,
        experiment: Annotated[
            list[str] | None,
            typer.Option("--experiment", metavar="NAME", help="To learn from; default: all that are finished."),
        ] = None,
        cost: _COST = None,
        worth: _WORTH = 1.0,
        level: _LEVEL = 0.05,
    ) -> int:
        """Learn a policy from finished experiments and from what earlier policies drew at random. The next run uses it.

        Example: `kindred faces policy train --experiment spring --cost influencer_face=0.02`
        """
        from engine.usecases import face_policy

        costs = numbers("--cost", cost)
        found = face_policy.train(
            shell.workspace(), experiments=experiment or (), costs=costs, worth=worth, level=level
        )
        _emit(shell, found)
        shell.say("Next: `kindred run`, which chooses faces by this policy (unless faces.use_policy = false).")
        return DONE

    @command(group)
    def show(
        shell: Shell,
        policy_id: Annotated[
            str | None, typer.Argument(metavar="ID", help="The policy's id or its first letters; default: the newest.")
        ] = None,
    ) -> None:
        """Show a learned policy. Its value beside simpler rules, what its choice depends on, how many get which face.

        Example: `kindred faces policy show -o json`
        """
        from engine.usecases import face_policy

        _emit(shell, face_policy.show(shell.workspace(), policy_id))


def _emit(shell: Shell, found: Stored) -> None:
    """Print a policy: the decision first, then a table for each question; as CSV the rules' values, as JSON all."""
    from engine.usecases import face_policy

    said = face_policy.plain(found)
    if shell.output is Output.json:
        shell.emit(said)
        return
    if shell.output is Output.csv:
        shell.emit(said["values"])
        return
    rounds = ", ".join(f"{part['name']} ({part['customers']:,} customers)" for part in said["rounds"])
    print(f"Policy {said['policy_id']}, learned from {rounds}: {said['metric']} within {said['horizon_days']} days.")
    print(f"{said['reason'][0].upper()}{said['reason'][1:]}.")
    print(f"\nValue per customer, with {1 - said['level']:.0%} intervals")
    shell.emit([_named(line) for line in said["values"]])
    print("\nShare of customers who would be shown each face")
    shell.emit([{"arm": arm, "share": share} for arm, share in said["shares"].items()])
    if said["moves"]:
        print("\nWhat the choice depends on: share whose face would change if they had another customer's value")
        shell.emit([line | {"feature": word(line["feature"])} for line in said["moves"]])
    for why in said["left_out"].values():
        shell.say(f"Not learned from: {why}.")
    if _NO_AD not in said["shares"]:
        shell.say("The value of showing no ad is not known: an experiment with the arm no_ad would measure it.")
    shell.say(
        "Whether another offer would go better with a face is not known: offers were chosen, not drawn at random. "
        "The policy takes each customer's offer as given."
    )


def _named(line: dict[str, Any]) -> dict[str, Any]:
    """A rule's value under a readable name of the rule."""
    rule = (
        "nobody"
        if line["arm"] == _NO_AD
        else f"{line['arm']} for all"
        if line["arm"]
        else line["rule"].replace("_", " ")
    )
    return {"rule": rule} | {name: line[name] for name in ("value", "low", "high")}
