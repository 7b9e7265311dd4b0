"""`kindred demo` and `kindred synth`."""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.command import Shell, command
from engine.figures import word

_SEED = Annotated[int, typer.Option("--seed", min=0, help="The same seed draws the same town.")]


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""

    @command(app, computes=True)
    def demo(
        shell: Shell,
        out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for everything that is made.")] = Path(
            "demo"
        ),
        customers: Annotated[int, typer.Option("--customers", min=50, help="People in the town.")] = 1500,
        seed: _SEED = 7,
        quick: Annotated[bool, typer.Option("--quick", help="A small town, under 40 seconds.")] = False,
    ) -> None:
        """Run everything on an invented town. Logs, graph, influencers, offers, faces, ads; then what was found again.

        Example: `kindred demo --out demo --quick`
        """
        from engine.usecases import demo as job

        result = job.run(
            out, customers=customers, seed=seed, quick=quick, settings=shell.computing, progress=shell.progress
        )
        if shell.output == "table":
            print(_summary(asdict(result)))
        else:
            shell.emit(asdict(result))

    @command(app)
    def synth(
        shell: Shell,
        folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
        customers: Annotated[int, typer.Option("--customers", min=50, help="People in the town.")] = 1500,
        seed: _SEED = 7,
        photos: Annotated[int | None, typer.Option("--photos", min=0, help="Customers with a portrait.")] = None,
    ) -> None:
        """Invent a town and its records. Calls, customers, campaign, consents, portraits; the truth in its own folder.

        Example: `kindred synth town --customers 5000 --seed 3`
        """
        from engine.synth import town

        shell.emit(asdict(town.write(folder, customers=customers, seed=seed, photos=photos, progress=shell.progress)))


def _summary(result: dict[str, Any]) -> str:
    """What the demo did, in lines for people; `-o json` has every figure."""
    counts, found, paths = result["counts"], result["recovered"], result["paths"]
    records, influencers, policy = found["records"], found["influencers"], found["policy"]
    planted = found["look_alikes"]["own_face"]["planted"]
    alike = round((found["look_alikes"]["own_face"]["found"] or 0) * planted)
    by_rank = found["faces"]["influencers_by_rank"]
    parts = ("rows", "events", "duplicate", "rejected")
    exact = all(records[name] == records[f"planted_{name}"] for name in parts)
    lines = {
        "records": f"{records['rows']:,} read = {records['events']:,} kept + {records['duplicate']:,} duplicate + "
        f"{records['rejected']:,} rejected; {'each as planted' if exact else 'NOT as planted'}",
        "graph": f"{counts['edges']:,} edges, {counts['ties']:,} pairs; "
        f"{found['call_centres']['found']} of {found['call_centres']['planted']} call centres found",
        "influencers": _found(influencers),
        "handsets": f"{found['handset_changes']['found']:,} of {found['handset_changes']['planted']:,} changes found",
        "offers": f"{policy['offers_made']:,} made, worth {policy['value']:.2f} a customer "
        f"(best possible {policy['oracle']:.2f}, best single offer {policy['best_single']:.2f}, "
        f"random {policy['random_offer']:.2f})",
        "faces": f"{_percent(found['faces']['usable'])} of {found['faces']['photos']:,} photos usable; "
        f"{alike} of {planted} customers' planted look-alikes matched",
        "contacts": f"{sum(by_rank.values()):,} customers can be shown an influencer's face, "
        f"{by_rank.get('1', 0):,} of them their first contact's",
        "ads": f"{counts['ads']:,} for {policy['offers_made']:,} customers",
        "experiment": _trial(found["experiment"]),
    }
    town = f"{result['customers']:,} customers, seed {result['seed']}"
    head = f"An invented town of {town}, in {result['seconds']['total']:.0f} s"
    body = [f"  {name:<12} {text}" for name, text in lines.items()]
    links = [f"  {name:<12} {paths[name]}" for name in ("gallery", "faces", "report", "export", "workspace")]
    return "\n".join([head, *body, "Open or look into:", *links])


def _found(influencers: dict[str, Any]) -> str:
    """How many of the planted influencers each definition names first."""
    first, three = influencers["first"], influencers["among_3"]
    chosen = "auto" if "auto" in first else next(iter(first), "")
    others = ", ".join(f"{word(name)} {_percent(share)}" for name, share in first.items() if name != chosen)
    lines = [
        f"{_percent(first.get(chosen))} of the planted ones come first by {chosen}, "
        f"{_percent(three.get(chosen))} among the first three; a random contact: {_percent(influencers['random'])}",
        others,
        *textwrap.wrap(influencers["because"], 85),
    ]
    return f"\n{'':15}".join(line for line in lines if line)


def _trial(found: dict[str, Any]) -> str:
    """What the simulated experiment found of what was planted."""
    if found["found"] is None:
        return f"left out: {found['customers']} customers could see both faces, too few"
    low, difference, high = (f"{100 * found[name]:+.0f}" for name in ("low", "found", "high"))
    return (
        f"simulated on {found['customers']:,} customers: influencer's face sells {100 * found['planted']:+.0f} points "
        f"more as planted, {difference} found ({low} to {high})"
    )


def _percent(share: float | None) -> str:
    return "none" if share is None else f"{100 * share:.0f} %"
