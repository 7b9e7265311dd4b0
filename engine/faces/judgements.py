"""What people find alike: questions with two campaign photos for one face, and the weights that their answers give.

A person says which of two photos is more like a face. How the answers depend on the likeness of FaceNet, on age, hair
and sex is a logistic regression of the differences between the two photos.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.faces.assignment import penalties
from engine.faces.traits import Wishes

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

NEAR = 20  # the photos most like a face; from them come both photos of half the questions, and one of the others
FEATURES = ("likeness", "age", "hair", "sex")
SETTINGS = {"age": "age_weight", "hair": "hair_weight", "sex": "sex_weight"}
COLUMNS = ("subject", "left", "right", "chosen")
FEWEST = 30  # answers that say something
# Weights are log-odds for a usual difference; beyond some 2.5 (12 to 1) they are not believed without much evidence, so
# that they stay finite where one thing decides every answer. Source: Gelman et al. 2008 (a normal in place of Cauchy).
BELIEVED = 2.5
Z = 1.959964


@dataclass(frozen=True)
class Candidates:
    """Whom to ask about.

    Args:
        subjects: sha256 of a subject's photo, one a subject, sorted.
        photos: ids of the campaign photos.
        features: float64 (subjects, photos, 4): likeness; ten years between age and band; distance of hair, 1 = quite
            another colour; 1 = the other sex. What is unknown of either side is 0.
        own: bool (subjects, photos): the very photo of the subject, never shown.
    """

    subjects: list[str]
    photos: list[str]
    features: np.ndarray
    own: np.ndarray


def candidates(subjects: pl.DataFrame, models: pl.DataFrame, traits: pl.DataFrame | None) -> Candidates:
    """Subjects, photos and how they differ; arguments as of `engine.faces.match.match`."""
    import numpy as np

    first = subjects.sort("subject_id", "sha256").unique("subject_id", keep="first").sort("sha256", "subject_id")
    first = first.unique("sha256", keep="first", maintain_order=True)
    models = models.sort("photo_id", "sha256", maintain_order=True)
    photos = models.unique("photo_id", keep="first", maintain_order=True)
    features = np.zeros((len(first), len(photos), len(FEATURES)))
    if len(first) and len(photos):
        alike = first["embedding"].to_numpy() @ models["embedding"].to_numpy().T
        groups = models["photo_id"].rle_id().to_numpy()
        features[..., 0] = np.maximum.reduceat(alike, np.flatnonzero(np.r_[True, np.diff(groups) > 0]), axis=1)
        for k, wish in enumerate((Wishes(age_weight=1.0), Wishes(hair_weight=1.0), Wishes(sex_weight=1.0)), start=1):
            off = penalties(first["subject_id"].to_numpy(), photos, models, wish, traits)
            features[..., k] = 0 if off is None else off(np.arange(len(first)))
    own = first["sha256"].to_numpy()[:, None] == photos["sha256"].to_numpy()[None]
    return Candidates(first["sha256"].to_list(), photos["photo_id"].to_list(), features, own)


def questions(whom: Candidates, count: int, *, seed: int) -> list[tuple[int, int, int]]:
    """Draw questions.

    Args:
        whom: at least one subject, and two photos that are not the subject's.
        count: how many; every subject comes up once before any comes up again.
        seed: of the draw.

    Returns:
        Subject, photo on the left and on the right, as places in `whom`.

    Raises:
        InputError: there is nobody to ask about.
    """
    import numpy as np

    draw = np.random.default_rng(seed)
    alike = np.where(whom.own, -np.inf, whom.features[..., 0])
    able = np.flatnonzero((~whom.own).sum(axis=1) >= 2)
    if not len(able):
        raise InputError(
            "nobody with a usable photo and consent has two campaign photos to choose from.",
            fix="Import photos, consents and the campaign's photos, then `kindred run`.",
        )
    order = np.concatenate([draw.permutation(able) for _ in range(-(-count // len(able)))])[:count]
    out = []
    for subject in order:
        ranked = np.argsort(-alike[subject], kind="stable")[: int((~whom.own[subject]).sum())]
        near = ranked[:NEAR]
        first = draw.choice(near)
        others = near if draw.random() < 0.5 else ranked
        second = draw.choice(others[others != first])
        pair = (first, second) if draw.random() < 0.5 else (second, first)
        out.append((int(subject), int(pair[0]), int(pair[1])))
    return out


def fit(answers: pl.DataFrame, whom: Candidates, *, settings: Any = None) -> list[dict[str, Any]]:
    """What people's answers say about the weights of the wishes.

    Args:
        answers: texts subject, left, right, chosen ("left", "right" or empty = cannot say), with `row`, the number of
            the row in its file.
        whom: subjects and photos as they are now.
        settings: section `faces`, for the weights as they are; None = left out.

    Returns:
        A row for each of `FEATURES` that differs anywhere: feature, log_odds for a usual difference (the mean of those
        that differ) with low and high; of age, hair and sex the weight beside likeness with weight_low and weight_high
        (null where likeness decides nothing beyond chance), setting and now. Then `position` (for the left photo), and
        `agreement`: the share of answers of subjects held out that the weights foretell, low and high, and `alone`: by
        likeness alone.

    Raises:
        InputError: an answer about an unknown photo, or by another word; too few answers.

    Source: Bradley & Terry 1952 with covariates; errors robust within subjects (Liang & Zeger 1986); the ratio's
    interval by Fieller 1954.
    """
    import numpy as np

    at = _places(answers, whom)
    if len(at) < FEWEST:
        raise InputError(f"{len(at)} answers are too few to tell anything.", fix=f"Judge {FEWEST} pairs at least.")
    subject, left, right, chose_left = at.T
    difference = whom.features[subject, left] - whom.features[subject, right]
    used = [k for k in range(len(FEATURES)) if np.abs(difference[:, k]).max() > 0]
    usual = np.array([np.abs(difference[difference[:, k] != 0, k]).mean() for k in used])
    x = np.column_stack([difference[:, used] / usual, np.ones(len(at))])
    weight, cov = _logistic(x, chose_left, subject)
    error = Z * np.sqrt(np.diag(cov))
    per_unit = np.array([*(1 / usual), 1.0])
    rows: list[dict[str, Any]] = []
    for j, k in enumerate(used):
        row = {"feature": FEATURES[k], "log_odds": weight[j], "low": weight[j] - error[j], "high": weight[j] + error[j]}
        if k:
            units = per_unit[[j, 0]]
            ratio = _ratio(
                -weight[j] * units[0], weight[0] * units[1], cov[np.ix_([j, 0], [j, 0])] * units[:, None] * units
            )
            name = SETTINGS[FEATURES[k]]
            row |= dict(zip(("weight", "weight_low", "weight_high"), ratio, strict=True)) | {"setting": f"faces.{name}"}
            row |= {} if settings is None else {"now": getattr(settings, name)}
        rows.append(row)
    rows.append(
        {"feature": "position", "log_odds": weight[-1], "low": weight[-1] - error[-1], "high": weight[-1] + error[-1]}
    )
    for name, columns in (("agreement", slice(None)), ("alone", [0, -1])):
        share, low, high = _foretold(x[:, columns], chose_left, subject)
        rows.append({"feature": name, "log_odds": share, "low": low, "high": high})
    return [{k: float(v) if isinstance(v, np.floating) else v for k, v in row.items()} for row in rows]


def _places(answers: pl.DataFrame, whom: Candidates) -> np.ndarray:
    """Subject, left, right as places in `whom` and 1 = the left one, of each answer that chooses."""
    import numpy as np

    subjects = {sha: k for k, sha in enumerate(whom.subjects)}
    photos = {photo: k for k, photo in enumerate(whom.photos)}
    out = []
    for row in answers.iter_rows(named=True):
        chosen = (row["chosen"] or "").strip().lower()
        for name, known in (("subject", subjects), ("left", photos), ("right", photos)):
            if row[name] not in known:
                raise InputError(
                    "an answer about a photo that is not here (any more), or may not be shown now.",
                    row=row["row"], column=name, fix="Remove the row, or judge again: `kindred faces judge`.",
                )  # fmt: skip
        if chosen not in ("left", "right", ""):
            raise InputError(
                f"{chosen!r} is not an answer.", row=row["row"], column="chosen", fix="Write left, right or nothing."
            )
        if chosen:
            out.append((subjects[row["subject"]], photos[row["left"]], photos[row["right"]], chosen == "left"))
    return np.array(out, np.int64).reshape(-1, 4)


def _logistic(x: np.ndarray, y: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights by Newton's steps with a normal belief of deviation `BELIEVED`, and their covariance, robust by group."""
    import numpy as np

    prior = np.eye(x.shape[1]) / BELIEVED**2
    weight = np.zeros(x.shape[1])
    for _ in range(100):
        chance = 1 / (1 + np.exp(-x @ weight))
        inverse = np.linalg.inv((x * (chance * (1 - chance))[:, None]).T @ x + prior)
        step = inverse @ (x.T @ (y - chance) - prior @ weight)
        weight = weight + step
        if np.abs(step).max() < 1e-10:
            break
    scores = x * (y - 1 / (1 + np.exp(-x @ weight)))[:, None]
    _, number = np.unique(group, return_inverse=True)
    sums = np.zeros((number.max() + 1, x.shape[1]))
    np.add.at(sums, number, scores)
    few = len(sums) / max(len(sums) - 1, 1)
    return weight, inverse @ (few * sums.T @ sums + prior) @ inverse


def _ratio(above: float, below: float, cov: np.ndarray) -> tuple[float | None, float | None, float | None]:
    """-a/b and its interval; nothing where b is not told from 0; cov: of a (as fitted, so -`above`) and b."""
    from math import sqrt

    va, vb, cab = float(cov[0, 0]), float(cov[1, 1]), -float(cov[0, 1])
    a = below**2 - Z**2 * vb
    if below <= 0 or a <= 0:
        return None, None, None
    b = above * below - Z**2 * cab
    root = sqrt(max(b * b - a * (above**2 - Z**2 * va), 0.0))
    return above / below, (b - root) / a, (b + root) / a


def _foretold(x: np.ndarray, y: np.ndarray, group: np.ndarray, folds: int = 5) -> tuple[float, float, float]:
    """Share of answers that weights fitted to other subjects' answers foretell, with a 95 % interval (Wilson)."""
    import numpy as np
    from statsmodels.stats.proportion import proportion_confint

    right = np.zeros(len(y), bool)
    for fold in range(folds):
        test = group % folds == fold
        if test.any() and not test.all():
            weight, _ = _logistic(x[~test], y[~test], group[~test])
            right[test] = (x[test] @ weight > 0) == y[test].astype(bool)
    low, high = proportion_confint(int(right.sum()), len(y), method="wilson")
    return float(right.mean()), float(low), float(high)
