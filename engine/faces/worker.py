"""One process that finds and embeds faces, see `engine.faces.lines`; started by `engine.faces.gallery`."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from engine import processes
from engine.config import Faces
from engine.faces import gallery, lines
from engine.faces.examine import Examiner


def main() -> None:
    """Answer until the input ends."""
    mode, settings, threads, root = sys.argv[1:]

    @cache
    def examiner() -> Examiner:  # not before there is a line whose answer can say what is missing
        return gallery.examiner(mode, Faces(**json.loads(settings)), int(threads), Path(root) if root else None)

    with ThreadPoolExecutor(int(threads)) as pool:
        processes.serve(lambda line: lines.work(examiner(), pool, line))


if __name__ == "__main__":
    main()
