"""`kindred explain`: everything that was decided about one customer, with the numbers behind it."""

from __future__ import annotations

import base64
import io
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.pipeline import edges, learned
from engine.report import customer_page
from engine.report.book import plain
from engine.trust import people
from engine.usecases import customers

if TYPE_CHECKING:
    from engine.workspace import Workspace

CONTACTS = 29  # with the customer 30 people in the picture
LARGEST_PICTURE = 400_000  # bytes
MOST_PHOTOS, SIDE = 4, 240  # beside an ad; pixels of their longer side
PICTURES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}


def facts(workspace: Workspace, customer: str) -> dict[str, Any]:
    """The chain of one customer as plain data.

    Args:
        workspace: an opened workspace; nothing in it is changed.
        customer: id as in the workspace, the beginning of one that no other shares, or the phone number as imported.

    Returns:
        customer, words (the chain in sentences), and per step rows: events, ties, influencers, exposure (contacts
        who acted lately), handsets, offers, consents, photos, matches, experiments (with the arm); face, what is shown
        and why. About one person: nothing is withheld.

    Raises:
        InputError: nobody or several people of that id.
    """
    with workspace.warehouse(read_only=True) as store:
        person = customers.find(store, workspace, customer)
        who = {"customer_id": person["party_id"]}
        rules = people.rules(workspace.config, store)
        people.standing(store, rules)

        def rows(name: str, **params: Any) -> list[dict[str, Any]]:
            return [plain(row) for row in store.query(f"report/explain_{name}", **params).iter_rows(named=True)]

        graph = workspace.config.graph
        as_of = edges.as_of(store, graph) or date.max
        gates = store.query("report/explain_contacts", node=person["node"]).row(0, named=True)
        known = store.query_text("SELECT * FROM customers WHERE customer_id = $customer_id", who)
        found: dict[str, Any] = {
            "mode": "internal",
            "workspace": workspace.path.name,
            "definition": workspace.config.graph.definition,
            "definition_because": learned.said(store),
            "learned": learned.used(store, workspace.config),
            "act_window_days": graph.act_window_days,
            "customer": {
                "customer_id": person["party_id"],
                "is_customer": person["is_customer"],
                "opted_out": person["opted_out"],
                **(plain(known.row(0, named=True)) if known.height else {}),
            },
            **gates,
            "events": rows("traffic", node=person["node"]),
            "ties": rows("ties", node=person["node"], limit=CONTACTS),
            "influencers": rows("influencers", **who),
            "exposure": rows(
                "exposure", node=person["node"], since=as_of - timedelta(graph.act_window_days), as_of=as_of
            ),
            "handsets": rows("handsets", **who),
            "choice": next(iter(rows("choice", **who)), None),
            "offers": rows("offers", **who),
            "consents": rows("consents", **who),
            "photos": rows("photos", **who),
            "matches": rows("matches", **who, unknown_is_adult=rules.unknown_is_adult),
            "face": next(iter(rows("face", **who)), None),
            "experiments": rows("experiments", **who),
        }
    found["words"] = customer_page.sentence(found)
    return found


def page(workspace: Workspace, found: dict[str, Any]) -> str:
    """The chain as one self-contained page, with the ads made for the customer and the photos they were chosen by.

    A person's photo is there only as long as the person agrees to what the arm shows.

    Args:
        workspace: where it comes from.
        found: of `facts`.
    """
    pictures = {row["arm"]: link for row in found["matches"] if (link := _picture(workspace.ads, row["files"] or []))}
    return customer_page.page(found, pictures, _likeness(workspace, found["customer"]["customer_id"]))


def _likeness(workspace: Workspace, customer: str) -> dict[str, list[tuple[str, str]]]:
    """Per matched arm, whose photo and a small picture of it as a `data:` address: the person's, then the model's."""
    with workspace.warehouse(read_only=True) as store:
        people.standing(store, people.rules(workspace.config, store))
        rows = store.query("report/explain_likeness", customer_id=customer)
    found: dict[str, list[tuple[str, str]]] = {}
    for row in rows.iter_rows(named=True):
        shown = found.setdefault(row["arm"], [])
        if len(shown) < MOST_PHOTOS and (link := _small(workspace.faces / row["path"])) is not None:
            shown.append((row["whose"], link))
    return found


def _small(path: Path) -> str | None:
    """A photo, upright and small, as a `data:` address; None where it is gone or cannot be read."""
    from PIL import Image, ImageOps

    from engine import pictures

    out = io.BytesIO()
    try:
        photo = pictures.opened(path.read_bytes())
        photo.draft("RGB", (2 * SIDE, 2 * SIDE))
        photo = ImageOps.exif_transpose(photo).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    photo.thumbnail((SIDE, SIDE))
    photo.save(out, "JPEG", quality=85)
    return _link(".jpg", out.getvalue())


def smallest(folder: Path, files: list[str]) -> Path | None:
    """The smallest of an ad's files that a browser shows; None where none is there."""
    there = [path for name in files if (path := folder / name).is_file() and path.suffix.lower() in PICTURES]
    return min(there, key=lambda p: (p.stat().st_size, p.name), default=None)


def _picture(folder: Path, files: list[str]) -> str | None:
    """An ad's picture as a `data:` address; None where it is gone or too large to inline."""
    path = smallest(folder, files)
    if path is None or path.stat().st_size > LARGEST_PICTURE:
        return None
    return _link(path.suffix.lower(), path.read_bytes())


def _link(ending: str, data: bytes) -> str:
    return f"data:{PICTURES[ending]};base64,{base64.b64encode(data).decode()}"
