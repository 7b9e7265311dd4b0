"""Finds the person whose id somebody typed: a pseudonym, its beginning, or the id as imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import InputError, WorkspaceError
from engine.trust.pseudonyms import name_series

if TYPE_CHECKING:
    from engine.warehouse import Warehouse
    from engine.workspace import Workspace


def find(store: Warehouse, workspace: Workspace, customer: str) -> dict[str, Any]:
    """The person that a text names.

    Args:
        store: the workspace's database.
        workspace: whose key names people.
        customer: id as in the workspace, the beginning of one that no other shares, or the id as it was imported.

    Returns:
        node, party_id, is_customer, opted_out.

    Raises:
        InputError: nobody is named so, or several are.
    """
    import polars as pl

    found = store.query("report/explain_find", who=customer)
    if not found.height:
        try:
            named = name_series(store, pl.Series("id", [customer]), workspace.config.ids, workspace.key())[0]
        except WorkspaceError:  # the key lies elsewhere: only pseudonyms can be looked up here
            named = None
        if named:
            found = store.query("report/explain_find", who=named)
    if not found.height:
        raise InputError(
            "there is nobody with this id or number in this workspace.",
            fix="Give it as it was imported, as `kindred influencers` shows it, or its first letters.",
        )
    if found.height > 1 and found["party_id"][0] != customer:
        several = ", ".join(found["party_id"].to_list()[:5])
        raise InputError(f"several people's ids begin with {customer!r}: {several}.", fix="Give more of the id.")
    return found.row(0, named=True)
