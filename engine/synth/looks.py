"""What a drawn person looks like: a vector of latent parameters, and who looks like whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

PARAMETERS = (
    "skin", "warmth", "width", "jaw", "chin", "cheek", "forehead", "eye_size", "eye_gap", "eye_y", "eye_tilt",
    "eye_open", "iris", "brow_thick", "brow_arch", "brow_tilt", "brow_y", "nose_length", "nose_width", "nose_bridge",
    "mouth_width", "lip_upper", "lip_lower", "mouth_y", "smile", "ear", "hair_volume", "hair_line", "part",
    "freckles", "blush", "cloth", "neck", "lashes", "age", "hair_colour", "style", "beard", "glasses", "woman",
)  # fmt: skip
KINDS = ("hair_colour", "style", "beard", "glasses", "woman")  # chosen, never blended: a look-alike keeps them
HAIR = {
    "black": (38, 33, 36),
    "brown": (86, 56, 38),
    "chestnut": (124, 70, 42),
    "blond": (206, 166, 104),
    "red": (168, 78, 38),
    "grey": (150, 148, 148),
}
# Styles by whether drawn as a woman.
STYLES = {
    True: ("long", "wavy", "bob", "bun", "fringe", "curly", "pixie"),
    False: ("short", "side", "buzz", "quiff", "curly", "receding", "bald", "long"),
}
_AT = {name: i for i, name in enumerate(PARAMETERS)}


def people(rng: np.random.Generator, ages: np.ndarray, women: np.ndarray) -> np.ndarray:
    """Latent parameters of people.

    Args:
        rng: source of randomness.
        ages: years [n].
        women: whether drawn with a woman's styles, bool [n].

    Returns:
        float64 [n, len(PARAMETERS)], each in 0..1.
    """
    import numpy as np

    n = len(ages)
    z = rng.random((n, len(PARAMETERS)))
    z[:, _AT["age"]] = np.clip((np.asarray(ages) - 15) / 65, 0, 1)
    z[:, _AT["woman"]] = women
    grey = rng.random(n) < np.clip((np.asarray(ages) - 48) / 25, 0, 0.9)
    fair = rng.random(n) < np.array((1.0, 0.15))[(z[:, _AT["skin"]] > 0.5).astype(int)]
    natural = np.where(fair, rng.choice(5, n, p=(0.14, 0.3, 0.2, 0.26, 0.1)), rng.choice(2, n, p=(0.75, 0.25)))
    z[:, _AT["iris"]] = np.where(fair, z[:, _AT["iris"]], z[:, _AT["iris"]] / 3)
    z[:, _AT["hair_colour"]] = np.where(grey, 5, natural) / 5
    return z


def alike(rng: np.random.Generator, z: np.ndarray, spread: float) -> np.ndarray:
    """People who look like `z` [n, p]: every blended parameter moved by a normal step of sd `spread`."""
    import numpy as np

    free = np.array([name not in KINDS for name in PARAMETERS])
    return np.where(free, np.clip(z + rng.normal(0, spread, z.shape), 0, 1), z)


def hair_name(z: np.ndarray) -> str:
    """The name of the hair colour of one person's parameters [p]."""
    return list(HAIR)[round(z[_AT["hair_colour"]] * 5)]
