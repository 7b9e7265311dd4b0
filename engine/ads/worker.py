"""One process that renders: jobs as JSON lines on standard input, an answer a line on standard output.

Started by `engine.ads.pool` as `python -m engine.ads.worker`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from engine import processes
from engine.ads import brands
from engine.ads.crop import Face
from engine.ads.photo import Photo
from engine.ads.render import Offer, Renderer
from engine.errors import EngineError


def encode(jobs: list[Any]) -> str:
    """Creatives as one line; see `decode`."""
    photo = jobs[0].photo
    return json.dumps(
        {
            "photo": [
                photo.photo_id,
                photo.sha256,
                str(photo.path),
                photo.size,
                [[f.box, f.eyes] for f in photo.faces],
            ],
            "jobs": [[_offer(c.offer), c.size, c.name] for c in jobs],
        }
    )


def decode(line: str) -> tuple[Photo, list[tuple[Offer, tuple[int, int], str]]]:
    """The photo and the creatives of a line."""
    message = json.loads(line)
    photo_id, sha256, path, size, faces = message["photo"]
    found = tuple(Face(tuple(box), tuple(eyes)) for box, eyes in faces)
    photo = Photo(photo_id, sha256, Path(path), tuple(size) if size else None, found)
    return photo, [(Offer(*offer), tuple(size), name) for offer, size, name in message["jobs"]]


def write(
    renderer: Renderer, photo: Photo, offer: Offer, size: tuple[int, int], path: Path, *, format: str, banner_kb: int
) -> None:
    """Render one creative to `path`, whole or not at all."""
    data = renderer.file(photo, offer, size, format=format, banner_bytes=1000 * banner_kb)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(draft, "wb", opener=_private) as file:
            file.write(data)
        os.replace(draft, path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise EngineError(
            f"{path} cannot be written: {error.strerror}.",
            fix="Free space or rights there, then run again: it continues.",
        ) from error


def work(renderer: Renderer, line: str, folder: Path, *, format: str, banner_kb: int) -> int:
    """Render the creatives of a line; returns how many."""
    photo, jobs = decode(line)
    for offer, size, name in jobs:
        write(renderer, photo, offer, size, folder / name, format=format, banner_kb=banner_kb)
    return len(jobs)


def main() -> None:
    """Render what comes in until the input ends."""
    folder, brand, language, format, banner_kb = sys.argv[1:6]
    renderer = Renderer(brands.load(Path(brand), language))
    output: dict[str, Any] = {"format": format, "banner_kb": int(banner_kb)}
    processes.serve(lambda line: {"done": work(renderer, line, Path(folder), **output)})


def _offer(offer: Offer) -> list[str]:
    return [offer.offer_id, offer.headline, offer.body, offer.call_to_action]


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


if __name__ == "__main__":
    main()
