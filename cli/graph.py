"""`kindred influencers`, `validate` and `graph …`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.command import PLOT, PUBLIC, GroupItself, Shell, command

_DEFINITION = Annotated[
    list[str] | None,
    typer.Option("--definition", metavar="D", help="Of influence, as in setting graph.definition; repeatable."),
]
FIRST = 20  # rows that a table shows
_DAY = Annotated[datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="First day that does not count.")]


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""
    group = typer.Typer(
        help="Look at the graph: communities, the most influential people, pictures.", no_args_is_help=True
    )
    app.add_typer(group, name="graph")

    own = typer.Typer()
    app.add_typer(own, name="influencers")

    @command(GroupItself(own), computes=True)  # type: ignore[arg-type]
    def influencers(
        shell: Shell,
        definition: _DEFINITION = None,
        top: Annotated[int | None, typer.Option("--top", metavar="K", min=1, help="Only the first K ranks.")] = None,
        as_of: _DAY = None,
        window: Annotated[
            int | None, typer.Option("--window", metavar="DAYS", min=1, help="Days of contact that count.")
        ] = None,
        half_life: Annotated[
            float | None, typer.Option("--half-life", metavar="DAYS", min=0.1, help="Age at which a day counts half.")
        ] = None,
        min_days: Annotated[
            int | None, typer.Option("--min-days", min=1, help="Fewest days with contact that make a tie.")
        ] = None,
        compare: Annotated[bool, typer.Option("--compare", help="Instead: how far definitions agree.")] = False,
    ) -> None:
        """Each customer's most influential contacts. Computed first if out of date; with other days nothing is stored.

        A table shows the first 20 rows by the workspace's own definition; -o csv and -o json have all of them.

        Example: `kindred influencers --definition strongest --top 1 -o json`
        """
        from engine.usecases import influence

        space = shell.workspace()
        if compare:
            shell.emit(influence.agreement(space, definition or (), progress=shell.progress))
            return
        settings = {
            "as_of": as_of.date().isoformat() if as_of else None,
            "window_days": window,
            "half_life_days": half_life,
            "min_active_days": min_days,
        }
        shown = shell.output == "table"
        if shown and not definition:
            definition = [space.config.graph.definition]
        rows = influence.influencers(
            space, definitions=definition or (), top=top, settings=settings, say=shell.say, progress=shell.progress
        )
        shell.emit(rows.head(FIRST) if shown else rows)
        if shown and rows.height > FIRST:
            shell.say(
                f"{FIRST} of {rows.height:,} rows. All: -o csv, or `kindred export influencers --to DIR`; "
                "one customer: `kindred explain CUSTOMER`."
            )

    @command(own, computes=True)
    def recruit(
        shell: Shell,
        people: Annotated[int, typer.Option("--people", metavar="N", min=1, help="How many to ask.")] = 100,
        by: Annotated[
            str, typer.Option("--by", help="What they should add most of: customers or value.")
        ] = "customers",
    ) -> None:
        """Whom to ask for a photo and consent: the people by whom most customers could be shown an influencer's face.

        Only adult customers who have not opted out are listed; each row says what a person adds to those above.

        Example: `kindred influencers recruit --people 100`
        """
        from engine.usecases import recruiting

        found = recruiting.recruit(shell.workspace(), people=people, by=by, progress=shell.progress)
        rows = found.people if by == "value" else found.people.drop("value", "value_so_far")
        shell.emit(rows)
        gained = found.people["customers"].sum()
        shell.say(
            f"{found.shown:,} of {found.customers:,} customers with an offer can be shown an influencer's face; "
            f"with these {rows.height:,} people {found.shown + gained:,} could. "
            f"No other {rows.height:,} can add more than {1 / found.of_best:.3g} times as much."
        )
        if rows.height:
            shell.say("Next: ask them, then `kindred import photos FILE` and `kindred import consents FILE`.")

    @command(app, computes=True)
    def validate(
        shell: Shell,
        definition: _DEFINITION = None,
        as_of: _DAY = None,
        horizon: Annotated[
            list[int] | None, typer.Option("--horizon", metavar="DAYS", min=1, help="30, 60 and 90 unless given.")
        ] = None,
        permutations: Annotated[int, typer.Option("--permutations", min=1, help="Shuffles behind p.")] = 1000,
        plot: PLOT = None,
    ) -> None:
        """Test whether influencers predict handset changes. A prediction, no proof that one causes the other.

        Example: `kindred validate --horizon 30 -o json`
        """
        from engine.charts import influence as charts
        from engine.charts import render
        from engine.usecases import influence

        if plot is not None:
            render.check(plot)
        found = influence.validate(
            shell.workspace(),
            as_of=as_of.date() if as_of else None,
            definitions=definition or (),
            horizons=horizon or (),
            permutations=permutations,
        )
        shell.emit(found)
        if plot is not None:
            render.write(plot, charts.predictive(found.to_dicts()))

    @command(group, computes=True)
    def communities(
        shell: Shell,
        smallest: Annotated[int, typer.Option("--smallest", metavar="N", min=1, help="Leave smaller ones out.")] = 1,
        public: PUBLIC = False,
    ) -> None:
        """Communities. Size, most influential member, mix of manufacturers; with --public the size alone.

        Example: `kindred graph communities --smallest 15`
        """
        from engine.usecases import influence

        rows = influence.communities(shell.workspace(), smallest=smallest, public=public, progress=shell.progress)
        shell.emit(rows)

    @command(group, computes=True)
    def top(shell: Shell, n: Annotated[int, typer.Option("--n", min=1, help="How many people.")] = 20) -> None:
        """The network's most influential people. For how many they come first, their reach and centralities.

        Example: `kindred graph top --n 50 -o csv`
        """
        from engine.usecases import influence

        shell.emit(influence.network_top(shell.workspace(), top=n, progress=shell.progress))

    @command(group, name="export", computes=True)
    def export_(
        shell: Shell,
        to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder to write; whole or not at all.")],
        as_: Annotated[str, typer.Option("--as", metavar="FORMAT", help="graphml, gexf, parquet or csv.")] = "graphml",
    ) -> None:
        """The graph for Gephi and the like. The same as `kindred export graph --format …`.

        Example: `kindred graph export --as gexf --to out/graph`
        """
        from engine.export import export

        done = export(shell.workspace(), "graph", to, as_, progress=shell.progress)
        shell.emit(done.files)
        shell.say(f"Exported to {done.path}")

    @command(group, computes=True)
    def ego(
        shell: Shell,
        customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="An id, its first letters, or the number.")],
        to: Annotated[Path, typer.Option("--to", metavar="FILE", help="A .svg, .png or .html file.")],
    ) -> None:
        """Draw one customer's strongest contacts. At most 30 people, by pseudonym.

        Example: `kindred graph ego 4f9a12… --to contacts.svg`
        """
        from engine.usecases import influence

        left_out = influence.ego(shell.workspace(), customer, to, progress=shell.progress)
        shell.emit({"file": str(to), "contacts_left_out": left_out})
