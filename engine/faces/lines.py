"""Photos for processes of their own: files as lines, what was found as answers.

Python lets one thread of a process at a time do what is not in a library, which is
some milliseconds a photo: beyond a few threads, or beside a GPU, more processes are faster than more threads.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.faces.examine import Examiner, Found

if TYPE_CHECKING:
    from engine.config import Faces

THREADS = 2  # of a process


def arguments(mode: str, settings: Faces, root: Path | None) -> list[str]:
    """Command line of `engine.faces.worker`; see `Examiner` for what they are."""
    return [mode, json.dumps(asdict(settings)), str(THREADS), "" if root is None else str(root)]


def line(paths: Sequence[Path]) -> str:
    """Files as a line."""
    return json.dumps([str(path) for path in paths])


def found(answer: Mapping[str, Any]) -> Found:
    """What a process answered."""
    import numpy as np

    vectors = np.frombuffer(base64.b64decode(answer["vectors"]), np.float32)
    return Found(answer["rows"], vectors.reshape(-1, 512))


def work(examine: Examiner, pool: ThreadPoolExecutor, line: str) -> dict[str, Any]:
    """What is found in the files of a line, as JSON can hold it."""
    import numpy as np

    paths = [Path(path) for path in json.loads(line)]
    parts = list(pool.map(examine, [paths[k : k + examine.photos] for k in range(0, len(paths), examine.photos)]))
    vectors = np.concatenate([part.vectors for part in parts])
    return {
        "rows": [rows for part in parts for rows in part.rows],
        "vectors": base64.b64encode(vectors.tobytes()).decode("ascii"),
    }
