"""What to do next in a workspace: the step that its state calls for, and those after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from engine import runner
from engine.experiment import plan as plans
from engine.policy import stored
from engine.trust import people

if TYPE_CHECKING:
    from engine.config import Config
    from engine.warehouse import Warehouse
    from engine.workspace import Workspace


@dataclass(frozen=True)
class Step:
    """One thing to do.

    Args:
        command: as it is typed; words in capitals are for the user to fill in.
        why: why it comes next.
        reads: it shows figures of all reports, which is no step for whoever has them in front of them.
    """

    command: str
    why: str
    reads: bool = False


def steps(workspace: Workspace) -> list[Step]:
    """What to do next, in order: what is missing for a campaign, what is stale, experiments, what results are for.

    Read-only.
    """
    with workspace.warehouse(read_only=True) as store:
        return list(_steps(store, workspace.config))


def first(workspace: Workspace) -> Step | None:
    """The first of `steps`; what those after it depend on is not looked at."""
    with workspace.warehouse(read_only=True) as store:
        return next(_steps(store, workspace.config), None)


def _steps(store: Warehouse, config: Config) -> Iterator[Step]:
    counts, rules = store.counts(), people.rules(config, store)
    yield from _missing(counts, consents=rules.need_consent)
    if counts["events"] or counts["pair_days"]:
        yield from _stale(store, config)
    yield from _experiments(store, rules.moment)
    yield from _policies(store)
    if counts["ads"]:
        yield from _results(counts)


def _missing(counts: dict[str, int], *, consents: bool) -> Iterator[Step]:
    """Tables that nobody has imported yet."""
    if not counts["events"] and not counts["pair_days"]:
        yield Step("kindred import logs FILE", "no call records yet (`kindred logs guess FILE` drafts a mapping)")
    if not counts["customers"]:
        yield Step("kindred import customers FILE", "nobody is known as a customer, with age and residence")
    if not counts["offers"]:
        yield Step("kindred import offers FILE", "there is nothing to offer yet")
    elif not counts["treatments"]:
        yield Step("kindred import treatments FILE", "only past campaigns tell whom an offer persuades")
    if consents and not counts["consents"]:
        yield Step("kindred import consents FILE", "people.offers_need_consent is yes, and nobody has consented")
    if counts["offers"] and not counts["inventory"]:
        yield Step("kindred import inventory FILE", "there are no campaign photos, so no ad shows a face")
    elif counts["inventory"] and not counts["photos"]:
        yield Step("kindred import photos FILE", "there are no customers' photos to find look-alikes for")


def _stale(store: Warehouse, config: Config) -> Iterator[Step]:
    old = [str(line["stage"]) for line in runner.status(store, config) if line["state"] != "fresh"]
    if old:
        yield Step("kindred run", f"not computed yet, or out of date: {', '.join(old)}")


def _experiments(store: Warehouse, now: datetime) -> Iterator[Step]:
    """The next step of each experiment."""
    days = {name: plans.read(text).horizon_days for name, _, text in store.query("experiment/experiments").rows()}
    for line in store.query("experiment/progress").iter_rows(named=True):
        name = line["experiment_id"]
        if not line["assigned"]:
            yield Step(f"kindred experiment assign {name}", "it is planned, and nobody has an arm yet")
        elif not line["outcomes"]:
            yield Step(f"kindred experiment import outcomes {name} FILE", "no outcome has come back yet")
        elif line["assigned_last"] + timedelta(days=days[name]) <= max(now, _end_of(line["last_event"])):
            yield Step(f"kindred experiment analyse {name}", "all of its days are over")
        else:
            yield Step(
                f"kindred experiment analyse {name}",
                "still running: an early look, by intervals that hold at every look",
            )


def _end_of(moment: datetime) -> datetime:
    """The end of a day: an experiment whose last outcome came on its last day is over, as its analysis has it."""
    return datetime.combine(moment.date(), time()) + timedelta(days=1)


def _policies(store: Warehouse) -> Iterator[Step]:
    """Arms that were drawn at random and that no policy has learned from."""
    newest = stored.newest(store)
    known = set() if newest is None else {part["name"] for part in newest.report.get("rounds", ())}
    for line in store.query("experiment/progress").iter_rows(named=True):
        if line["outcomes"] and line["assigned"] and line["experiment_id"] not in known:
            yield Step("kindred faces policy train", "learn whose face persuades whom, once its days are over")
            break
    handed = set(store.query("policy/rounds")["round"])
    if newest is not None and newest.policy_id in handed:
        yield Step(
            "kindred learn --exposures FILE --outcomes FILE",
            "import what came back of the policy's faces",
        )


def _results(counts: dict[str, int]) -> Iterator[Step]:
    yield Step("kindred export delivery --to DIR", "ads are ready to send")
    yield Step("kindred report all --to report.html", "what the campaign is worth, and on which figures", reads=True)
    if not counts["plans"]:
        yield Step("kindred experiment design NAME", "only an experiment tells which face sells")
