"""What a report asks of a workspace: statements and tables, each once, and a hash of all that came back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from engine.trust import noise as noises
from engine.trust import people

if TYPE_CHECKING:
    from engine.warehouse import Warehouse
    from engine.workspace import Workspace


# What call records and the graph tell: the same for whichever customers are looked at.
WHOLE = frozenset((
    "agreement", "as_of", "communities", "community_count", "community_mix", "diffusion", "durations", "gates",
    "hub_reasons", "hubs", "inputs", "rejects", "runs", "sources", "tie_bins", "traffic", "transitions", "validation",
))  # fmt: skip


class Ask:
    """Statements of sql/report/ with the parameters they share, and the analyses of the experiments by name.

    What was asked once is kept: a public report is filled twice, first to know what everything in it rests on. `shared`
    is kept longer, for the same data: of `WHOLE` what the one before was told.

    Args:
        workspace: whose.
        store: its database.
        analyses: of the experiments, by name.
        shared: see above; None = nobody asks again.
        segment: the database shows some customers only; what takes long is then told of nobody (`whole`).
        judged: who may be shown, and how old people are, is asked for too.
    """

    def __init__(
        self,
        workspace: Workspace,
        store: Warehouse,
        analyses: Mapping[str, dict[str, Any]],
        shared: dict[str, Any] | None = None,
        *,
        segment: bool = False,
        judged: bool = True,
    ) -> None:
        self.workspace = workspace
        self.store = store
        self.config = config = workspace.config
        self.analyses = analyses
        self.segment = segment
        self._kept: dict[str, Any] = {}
        self._shared = {} if shared is None else shared
        if judged:
            people.standing(store, people.rules(config, store))  # ages as of this day
        self.span = self.row("as_of")
        fixed = config.graph.as_of
        self.as_of: date | None = date.fromisoformat(fixed) if fixed else self.span["as_of"]

    def once(self, key: str, make: Callable[[], Any]) -> Any:
        """What `make` gave the first time this key was asked for."""
        if key not in self._kept:
            whole = key.partition(" ")[0] in WHOLE
            self._kept[key] = self._shared[key] if whole and key in self._shared else make()
            if whole:
                self._shared[key] = self._kept[key]
        return self._kept[key]

    def frame(self, statement: str, **params: Any) -> Any:
        """Rows of sql/report/<statement>.sql."""
        return self.once(
            f"{statement} {sorted(params.items())}", lambda: self.store.query(f"report/{statement}", **params)
        )

    def whole(self, statement: str, **params: Any) -> Any:
        """Rows of one of `WHOLE` that counts customers: of a segment none."""
        found = self.frame(statement, **params)
        return found.clear() if self.segment else found

    def table(self, name: str) -> Any:
        """A table of the workspace."""
        return self.once(f"table {name}", lambda: self.store.read(name))

    def digest(self) -> bytes:
        """A hash of everything asked for so far."""
        hashed = hashlib.sha256()
        for key in sorted(self._kept):
            hashed.update(json.dumps([key, self._kept[key]], default=_told, sort_keys=True).encode())
        return hashed.digest()

    def row(self, statement: str, **params: Any) -> dict[str, Any]:
        """The one row of a statement."""
        return self.frame(statement, **params).row(0, named=True)


def _told(value: Any) -> Any:
    """What JSON does not know, for a hash."""
    return noises.digest(value).hex() if hasattr(value, "hash_rows") else str(value)
