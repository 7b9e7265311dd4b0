"""Which photo is shown for a contact, so that the photo does not say who the contact is.

The photo most like a person is nearly a name: whoever sees the person's own-face ad, or knows the face, finds the
person again in other people's influencer-face ads. So a contact's photos are drawn from those most alike, each with a
bounded chance. With w the contact's share of all requests, s a photo's share of what is shown and m the margin, a
contact is given a photo with a chance of at most (1 + m / w) s. Whoever then names, for each photo shown, any contact
he likes, knowing every face, every share and this rule, is right in at most

    sum over photos of w s (1 + m / w) = (share he would get with the same names and the photos dealt at random) + m

of the cases, whatever the s are, as long as they sum to one. With even s, a contact is drawn from the best w / (w + m)
of the photos: the more contacts there are, the fewer, the most alike ones. The draw is keyed: only the key says which
photo came out.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

WORST = 0.2  # no single photo makes one contact likelier by more than this: some five contacts share each
ROUNDS = 60  # for photos' caps
LOOKED_AT = 1_000_000  # likenesses that decide the photos' shares: all contacts, or a part of very many


@dataclass(frozen=True)
class Hiding:
    """How contacts are hidden.

    Args:
        key: secret; the same key, customer, contact and photos give the same photo.
        margin: what photos may add to the share of contacts named by chance, 0 to 1; 1 = show the most alike photo.
        own: draw own-face photos as loosely.
    """

    key: bytes
    margin: float
    own: bool = False


def chances(
    likeness: np.ndarray, weight: np.ndarray, share: np.ndarray, margin: float
) -> tuple[np.ndarray, np.ndarray]:
    """With which chance each contact is given each photo, the most alike photos first.

    Args:
        likeness: (contacts, photos), -inf = may not be shown.
        weight: (contacts,) above 0, share of the requests.
        share: (photos,) share of what is shown, see `shares`.
        margin: see `Hiding`.

    Returns:
        Photos (contacts, photos) by falling likeness, and the chance of each in that order. What a row lacks of one
        is the chance that nothing is shown: only where too little may be shown for a contact.
    """
    import numpy as np

    order = np.argsort(-likeness, axis=1, kind="stable")
    return order, _filled(order, np.isfinite(likeness), weight, share, margin)


def _filled(order: np.ndarray, allowed: np.ndarray, weight: np.ndarray, share: np.ndarray, margin: float) -> np.ndarray:
    import numpy as np

    most = (1 + margin / weight)[:, None] * share[order] * np.take_along_axis(allowed, order, axis=1)
    return np.diff(np.minimum(np.cumsum(most, axis=1), 1), axis=1, prepend=0)


def shares(likeness: np.ndarray, weight: np.ndarray, margin: float, room: np.ndarray | None = None) -> np.ndarray:
    """Share of each photo in what is shown for contacts: all alike, without photos that too few contacts share.

    Even shares move little when contacts or photos come and go: then a new delivery shows most contacts as the last
    one did, and draws nothing anew that could be averaged.

    Args:
        likeness: (contacts, photos), -inf = may not be shown.
        weight: (contacts,) above 0, share of the requests; of all contacts or of a fair sample of them.
        margin: see `Hiding`.
        room: (photos,) largest share a photo can get (its `max_uses`); None = any.

    Returns:
        (photos,) sums to 1, or all 0 where no photo can be shared by enough contacts.
    """
    import numpy as np

    n = likeness.shape[1]
    room = np.ones(n) if room is None else room
    share = (room > 0).astype(np.float64)
    allowed, order = np.isfinite(likeness), np.argsort(-likeness, axis=1, kind="stable")
    needed = weight / (weight + margin)  # of the shares, for a contact to be shown something always
    rounds = ROUNDS if len(likeness) else 0
    while rounds and share.any():
        share = _enough(share / share.sum(), allowed, needed)
        given = np.empty_like(likeness, np.float64)
        np.put_along_axis(given, order, _filled(order, allowed, weight, share, margin), axis=1)
        load = weight @ given / weight.sum()
        gain = (weight[:, None] * given / np.where(load > 0, load, 1) - weight[:, None]).max(axis=0)
        bad = np.flatnonzero(gain > max(WORST, margin) + 1e-9)
        most = np.where(share > 0, room, 0)
        over = load > most / min(1, max(most.sum(), 1e-300)) * (1 + 1e-3)
        if len(bad):
            half = -(-np.count_nonzero(share) // 2)  # without the worst, others may do
            share[bad[np.argsort(-gain[bad], kind="stable")][:half]] = 0
        elif over.any():
            rounds -= 1
            share[over] *= most[over] / load[over]
        else:
            break
    return share / share.sum() if len(likeness) and share.any() else share * 0


def _enough(share: np.ndarray, allowed: np.ndarray, needed: np.ndarray) -> np.ndarray:
    """Raise the shares of photos without which a contact, for whom few are allowed, would often be shown none."""
    import numpy as np

    mass = allowed @ share
    short = (mass > 0) & (mass < needed)
    if not short.any():
        return share
    factor = (allowed[short] * (needed / np.where(mass > 0, mass, 1))[short, None]).max(axis=0)
    share = share * np.maximum(factor, 1)
    return share / share.sum()


def told(likeness: np.ndarray, weight: np.ndarray, share: np.ndarray, margin: float) -> tuple[float, float]:
    """What photos tell whoever knows everything but the key.

    Args:
        likeness: (contacts, photos), -inf = may not be shown.
        weight: (contacts,) share of the requests, sums to 1.
        share: of the photos.
        margin: see `Hiding`.

    Returns:
        Share of the contacts named by the best guess for each photo, and by the best one without photos.
    """
    import numpy as np

    order, chance = chances(likeness, weight, share, margin)
    given = np.empty_like(chance)
    np.put_along_axis(given, order, chance, axis=1)
    return float((weight[:, None] * given).max(axis=0).sum()), float(weight.max())


def seeds(key: bytes, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
    """64 secret bits for each customer and contact: HMAC-SHA-256."""
    import numpy as np

    digests = (hmac.digest(key, f"{a}\x1f{b}".encode(), "sha256")[:8] for a, b in pairs)
    return np.frombuffer(b"".join(digests), ">u8").astype(np.uint64)


def numbers(contents: Sequence[str]) -> np.ndarray:
    """64 bits for each photo by its content (sha256), so that another name for it draws nothing anew."""
    import numpy as np

    digests = (hashlib.sha256(text.encode()).digest()[:8] for text in contents)
    return np.frombuffer(b"".join(digests), ">u8").astype(np.uint64)


def uniform(bits: np.ndarray) -> np.ndarray:
    """Numbers between 0 and 1, neither included, from 64 bits each."""
    import numpy as np

    return ((bits >> np.uint64(12)).astype(np.float64) + 0.5) / 2.0**52


def race(seed: np.ndarray, photo: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Times of arrival whose smallest is at each photo with just its chance, and moves little when chances do.

    Args:
        seed: (requests,) secret.
        photo: (requests, k) numbers of photos.
        chance: (requests, k), 0 = never.

    Returns:
        float64 (requests, k), inf = never.

    Source: exponential races; Efraimidis & Spirakis 2006.
    """
    import numpy as np

    with np.errstate(divide="ignore"):
        return -np.log(uniform(_mixed(seed[:, None] ^ _mixed(photo)))) / chance


def _mixed(x: np.ndarray) -> np.ndarray:
    """The finaliser of splitmix64 (Steele, Lea & Flood 2014): every bit of the input moves half of the output's."""
    import numpy as np

    with np.errstate(over="ignore"):
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))
