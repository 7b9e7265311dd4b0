"""The whole way from a file to an embedding on a GPU: photos a second, share of time the GPU idles, memory, likeness.

`python -m tests.bench.bench_gpu [PART…]`. Every part prints its figures, as JSON too,
as soon as it has them; one that fails says so and the next begins. Without a GPU the same runs on the processor, small.
KINDRED_GPU_PHOTOS is a folder of photos to use (default: the real ones beside the project, where they are), OUT a
folder for `gpu.jsonl`, KINDRED_GPU_SIZE how many photos the longest part takes.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.bench.bench_faces import REAL
from tests.bench.face_stages import stage_ms

DRAWN = 24


class Bench:
    """Where the photos are, how many, and where figures go."""

    def __init__(self) -> None:
        import torch

        self.gpu = torch.cuda.is_available()
        self.size = int(os.environ.get("KINDRED_GPU_SIZE", 24576 if self.gpu else 64))
        self.real = Path(os.environ.get("KINDRED_GPU_PHOTOS", REAL))
        self.cores = len(os.sched_getaffinity(0))
        self._folder = tempfile.TemporaryDirectory()
        out = os.environ.get("OUT")
        self._lines = Path(out, "gpu.jsonl") if out else None

    def say(self, part: str, **figures: Any) -> None:
        line = json.dumps({"part": part, **figures})
        print(line, flush=True)
        if self._lines:
            with open(self._lines, "a", encoding="utf-8") as file:
                file.write(line + "\n")

    @cached_property
    def drawn(self) -> list[Path]:
        """Portraits drawn for the occasion."""
        import numpy as np
        from PIL import Image

        from engine.synth import looks, portraits

        rng = np.random.default_rng(160)
        people = looks.people(rng, rng.integers(20, 70, DRAWN), rng.random(DRAWN) < 0.5)
        files = []
        for i, person in enumerate(people):
            files.append(Path(self._folder.name, f"{i}.jpg"))
            Image.fromarray(portraits.draw(person, size=320, seed=i, studio=True)).save(files[-1], quality=92)
        return files

    @cached_property
    def photos(self) -> list[Path]:
        """Real photos, or the drawn ones where there are none."""
        return sorted(self.real.glob("*/*.jpg")) or self.drawn

    @cached_property
    def large(self) -> list[Path]:
        """Photos of 12 megapixels, as telephones take them."""
        from PIL import Image

        files = []
        for i, file in enumerate(self.photos[:: max(len(self.photos) // 8, 1)][:8]):
            files.append(Path(self._folder.name, f"large{i}.jpg"))
            with Image.open(file) as image:
                image.convert("RGB").resize((3464, 3464), Image.Resampling.BICUBIC).save(files[-1], quality=90)
        return files

    @cached_property
    def crops(self):
        """Faces cut out of the photos and the portraits: uint8 (n, 160, 160, 3)."""
        import numpy as np

        from engine.faces import align, cut
        from engine.faces.mtcnn import Detector
        from engine.faces.read import read

        detector, crops = Detector(40, runtime="torch"), []
        for file in [*self.photos, *self.drawn]:
            pixels = read(file).pixels
            found = detector(pixels)
            if len(found.boxes):
                face, _ = cut.choose(found.boxes, *pixels.shape[:2])
                crops.append(align.face(pixels, found.boxes[face], found.landmarks[face]))
        return np.stack(crops)


def machine(bench: Bench) -> None:
    import torch

    found = {"torch": torch.__version__, "cores": bench.cores, "gpu": None}
    if bench.gpu:
        found |= {"gpu": torch.cuda.get_device_name(), "cuda": torch.version.cuda}
    bench.say("machine", python=sys.version.split()[0], photos=len(bench.photos), **found)


def likeness(bench: Bench) -> None:
    """Cosine with torch's fp32 on the processor, of the same crops."""
    from engine.faces.embed import Embedder

    exact = Embedder(runtime="torch", precision="fp32")(bench.crops)
    for precision in ("fp32", "fp16", "bf16") if bench.gpu else ("bf16",):
        found = Embedder(runtime="cuda" if bench.gpu else "torch", precision=precision)
        cosine = (found(bench.crops) * exact).sum(axis=1)
        bench.say(
            "likeness", runtime=str(found.runtime), faces=len(cosine), least=round(float(cosine.min()), 6),
            mean=round(float(cosine.mean()), 6),
        )  # fmt: skip


def embedding(bench: Bench) -> None:
    """Embedding alone, crops in memory, by batch size, on one thread and on several."""
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np

    from engine.faces.embed import Embedder

    for precision in ("fp16", "bf16", "fp32") if bench.gpu else ("bf16",):
        embed = Embedder(runtime="cuda" if bench.gpu else "torch", precision=precision)
        for batch in (16, 64, 256, 1024) if bench.gpu else (4, 16):
            embed.runtime = embed.runtime._replace(batch=batch)
            faces = np.resize(bench.crops, (batch, *bench.crops.shape[1:]))
            for threads in (1, 4) if bench.gpu else (1,):
                rounds = max(bench.size // batch // threads, 1) * threads
                with ThreadPoolExecutor(threads) as pool, watched(bench) as seen:
                    list(pool.map(embed, [faces] * threads))
                    begun = time.perf_counter()
                    list(pool.map(embed, [faces] * rounds))
                    seconds = time.perf_counter() - begun
                bench.say(
                    "embedding", runtime=str(embed.runtime), batch=batch, threads=threads,
                    photos_s=round(rounds * batch / seconds), **seen,
                )  # fmt: skip


def stages(bench: Bench) -> None:
    """Milliseconds of each stage on one thread, for one group of photos after another, as `Examiner` takes them."""
    from engine.config import Faces
    from engine.faces import gallery

    for name, files in (("small", bench.photos), ("12 megapixels", bench.large)):
        asked = gallery.examiner("customer", Faces(), 1)
        group = (files * (asked.photos // len(files) + 1))[: asked.photos]
        # with a GPU by the clock, since it is waited for; otherwise of the processor, which others may use too
        found = stage_ms(asked, group, time.perf_counter if bench.gpu else time.thread_time)
        bench.say("stages", photos=name, ms_a_photo=found)


def whole(bench: Bench) -> None:
    """Files to embeddings as `analyse` takes them, beside decoding alone."""
    from concurrent.futures import ThreadPoolExecutor

    from engine.config import Faces
    from engine.faces import gallery, lines
    from engine.faces.read import read

    for name, files, n, each in (
        ("12 megapixels", bench.large, bench.size // 12, (2,)),
        ("small", bench.photos, bench.size, (2, 1, 4)),
    ):
        paths = {str(k): files[k % len(files)] for k in range(n)}
        threads = bench.cores
        for lines.THREADS in each:
            with ThreadPoolExecutor(threads) as pool:
                begun = time.perf_counter()
                list(pool.map(lambda f: read(f).width, list(paths.values())[: n // 8]))
                decoding = time.perf_counter() - begun
            done, ok, first, early = 0, 0, 0.0, 0
            with watched(bench) as seen:
                begun, used = time.perf_counter(), busy_seconds()
                for shas, found in gallery.examined(paths, "customer", Faces(), threads=threads):
                    done, ok = done + len(shas), ok + len(found.vectors)
                    if not first and done >= n / 4:  # processes have started
                        first, early = time.perf_counter(), done
                ended = time.perf_counter()
            bench.say(
                "whole", photos=name, threads=threads, threads_a_process=lines.THREADS, n=done, embedded=ok,
                photos_s=round(done / (ended - begun)),
                photos_s_once_started=round((done - early) / max(ended - first, 1e-9)),
                decoding_by_threads_s=round(n // 8 / decoding),
                cores_busy=round((busy_seconds() - used) / (ended - begun), 2), **seen,
            )  # fmt: skip


def busy_seconds() -> float:
    """Processor seconds of this process and of those it started and that have ended."""
    return sum(os.times()[:4])


def agreement(bench: Bench) -> None:
    """The whole way on the GPU and on the processor, and whether company or threads change anything."""
    import numpy as np

    from engine.config import Faces
    from engine.faces import gallery
    from engine.faces.match import nearest

    paths = {str(f): f for f in [*bench.photos, *bench.drawn]}

    def found(settings: Faces, threads: int, order: Callable = list) -> tuple[dict, dict]:
        rows, vectors = {}, {}
        for shas, part in gallery.examined({k: paths[k] for k in order(paths)}, "customer", settings, threads=threads):
            numbers = iter(part.vectors)
            for sha, faces in zip(shas, part.rows, strict=True):
                rows[sha] = faces[0]
                if faces[0]["status"] == "ok":
                    vectors[sha] = next(numbers)
        return rows, vectors

    settings = Faces(max_yaw=1.0)
    rows, vectors = found(replace(settings, runtime="torch", precision="fp32"), bench.cores)
    fast_rows, fast = found(settings, bench.cores)
    both = [k for k in vectors if k in fast]
    cosine = np.array([vectors[k] @ fast[k] for k in both])
    real = [str(f) for f in bench.photos if str(f) in fast]
    every = np.stack([fast[k] for k in real])
    names = np.array([Path(k).parent.name for k in real])
    second = nearest(every, np.arange(len(real)), every, 2)[0][:, 1]
    bench.say(
        "agreement", photos=len(paths), same_status=sum(rows[k]["status"] == fast_rows[k]["status"] for k in paths),
        both=len(both), cosine_least=round(float(cosine.min()), 6), cosine_mean=round(float(cosine.mean()), 6),
        under_999=int((cosine < 0.999).sum()), same_person_first=int((names[second] == names).sum()), of=len(real),
    )  # fmt: skip
    backwards = found(settings, 2, order=lambda keys: list(keys)[::-1])
    bench.say(
        "company", rows_differ=sum(fast_rows[k] != backwards[0][k] for k in paths),
        vectors_differ=sum(not np.array_equal(fast[k], backwards[1][k]) for k in fast),
    )  # fmt: skip


@contextmanager
def watched(bench: Bench) -> Iterator[dict[str, Any]]:
    """Most memory of the GPU in use, and the share of time in which it computed nothing, as its driver counts."""
    seen: dict[str, Any] = {}
    if not bench.gpu:
        yield seen
        return
    import torch

    busy: list[int] = []
    taken: list[int] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.1):
            busy.append(torch.cuda.utilization())
            free, total = torch.cuda.mem_get_info()
            taken.append(total - free)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()
        if busy:
            seen["peak_gb"] = round(max(taken) / 1e9, 2)
            seen["idle_share"] = round(1 - sum(busy) / len(busy) / 100, 2)


def main(names: Sequence[str] = ()) -> None:
    """Run every part, or those named; one that fails is told and passed over."""
    import torch

    torch.set_num_threads(1)
    bench = Bench()
    for part in (machine, likeness, embedding, stages, agreement, whole):
        if names and part.__name__ not in names:
            continue
        begun = time.perf_counter()
        try:
            part(bench)
        except Exception:  # the machine is lent for minutes: the other parts still tell something
            bench.say(part.__name__, failed=traceback.format_exc()[-1500:])
        bench.say("took", of=part.__name__, seconds=round(time.perf_counter() - begun, 1))


if __name__ == "__main__":
    main(sys.argv[1:])
