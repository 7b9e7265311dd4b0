"""Policies of faces in a workspace: stored by number, the newest decides."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.errors import ModelError
from engine.policy import model

if TYPE_CHECKING:
    from engine.policy.model import FacePolicy
    from engine.warehouse import Warehouse

_ANEW = "Learn it anew (`kindred faces policy train`), or set faces.use_policy = false."


class Stored(NamedTuple):
    """A stored policy.

    Args:
        policy_id: of the policy.
        number: from 1.
        report: what it is worth, and what it was learned from; plain.
        model: its file, in base64.
    """

    policy_id: str
    number: int
    report: dict[str, Any]
    model: str

    def policy(self) -> FacePolicy:
        """The policy itself.

        Raises:
            ModelError: it was learned with other versions of the libraries, or is another one than was stored.
        """
        try:
            found = model.of_bytes(base64.b64decode(self.model, validate=True), f"policy {self.policy_id}")
        except (ModelError, ValueError) as error:
            said = error.message if isinstance(error, ModelError) else f"policy {self.policy_id} cannot be read."
            raise ModelError(said, fix=_ANEW) from error
        if found.policy_id != self.policy_id:
            raise ModelError(f"policy {self.policy_id} is damaged: it is not what was stored.", fix=_ANEW)
        return found


def newest(store: Warehouse) -> Stored | None:
    """The policy that decides; None = nothing was learned yet."""
    rows = store.query("policy/newest")
    return _of(rows.row(0, named=True)) if rows.height else None


def called(store: Warehouse, policy_id: str) -> Stored | None:
    """A policy by its id, or how that begins; None = there is none, or several begin so."""
    rows = store.read("policies")
    found = rows.filter(rows["policy_id"].str.starts_with(policy_id))
    return _of(found.row(0, named=True)) if found.height == 1 else None


def write(store: Warehouse, policy: FacePolicy, report: dict[str, Any]) -> Stored:
    """Store a policy as the newest; the same one again only becomes the newest.

    Args:
        store: the database, inside a transaction.
        policy: what was learned.
        report: plain.
    """
    import polars as pl

    rows = store.read("policies")
    number = (rows["number"].max() or 0) + 1
    text = base64.b64encode(policy.to_bytes()).decode()
    line = {"policy_id": policy.policy_id, "number": number, "model": text, "report": json.dumps(report)}
    rest = rows.filter(pl.col("policy_id") != policy.policy_id)
    store.write("policies", pl.concat([rest, pl.DataFrame([line], schema=rest.schema)]).sort("policy_id"))
    return Stored(policy.policy_id, number, report, text)


def check_faces(policy: FacePolicy, faces_model: str) -> None:
    """Raise ModelError where a policy was learned from likeness that another model of faces measured.

    Args:
        policy: that is to decide.
        faces_model: that measured likeness here; empty = nothing was measured.
    """
    then = policy.about.get("faces_model", "")
    if faces_model and then != faces_model:
        raise ModelError(
            f"policy {policy.policy_id} was learned with another model of faces ({then}; here is {faces_model}).",
            fix="Set the faces' settings back, learn from an experiment with these, or set faces.use_policy = false.",
        )


def _of(line: dict[str, Any]) -> Stored:
    return Stored(line["policy_id"], line["number"], json.loads(line["report"]), line["model"])
