"""What a stage gets. Each module here is one stage: `run(context)`, and `prepare(context)` where it needs one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from engine import config as settings
from engine.progress import SILENT, Progress
from engine.trust import people
from engine.warehouse import Warehouse
from engine.workspace import Workspace


@dataclass(frozen=True)
class Context:
    """What a stage's `run` gets.

    Args:
        workspace: folders and settings.
        warehouse: the database, inside the stage's transaction.
        config: the workspace's settings.
        rules: what decides about people, and the moment at which consents and ages are asked for.
        progress: where bars are drawn.
    """

    workspace: Workspace
    warehouse: Warehouse
    config: settings.Config
    rules: people.Rules
    progress: Progress
    notes: list[str] = field(default_factory=list)

    @property
    def today(self) -> date:
        """The day on which offers must be valid."""
        return self.rules.moment.date()

    def say(self, text: str) -> None:
        """Tell the user, with the stage's result, what was chosen and why."""
        self.notes.append(text)


def prepared(
    workspace: Workspace, store: Warehouse, progress: Progress = SILENT, rules: people.Rules | None = None
) -> Context:
    """What a stage's functions get; the temporary tables that say who may be shown are there.

    Args:
        workspace: an opened workspace.
        store: its database.
        progress: where bars are drawn.
        rules: what decides about people; None = as of this moment.
    """
    rules = rules or people.rules(workspace.config, store)
    people.standing(store, rules)
    return Context(workspace, store, workspace.config, rules, progress)
