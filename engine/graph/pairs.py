"""Features of each contact of each person, from before anybody acts: what learned influence is computed from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.compiled import compiled
from engine.graph import kernels
from engine.graph.arrays import Adjacency, symmetric, transposed

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from engine.graph.network import Network

# Feature: what a positive coefficient means of a contact who acts.
WORDS = {
    "contact": "any contact's act counts",
    "tie_share": "the stronger the tie, the more the contact counts",
    "outgoing": "whom one calls counts more than who calls",
    "incoming": "who calls one counts more than whom one calls",
    "reciprocity": "contacts with calls both ways in balance count more",
    "recency": "contacts one was in touch with lately count more",
    "new": "new contacts count more than old ones",
    "overlap": "contacts with whom one shares others count more",
    "weekends": "contacts of weekends count more than those of weekdays",
    "texts": "contacts one texts count more than those one calls",
    "same_maker": "contacts with a handset of the same manufacturer count more",
    "age_difference": "contacts of another age count more",
    "centrality": "central people count more",
    "followed": "people whose contacts often acted after them count more",
}
_OPPOSITE = {
    "contact": "a contact's act does not count by itself",
    "tie_share": "the weaker the tie, the more the contact counts",
    "outgoing": "whom one calls counts less",
    "incoming": "who calls one counts less",
    "reciprocity": "one-sided contacts count more",
    "recency": "contacts one was not in touch with lately count more",
    "new": "old contacts count more than new ones",
    "overlap": "contacts from elsewhere, with whom one shares no others, count more",
    "weekends": "contacts of weekdays count more than those of weekends",
    "texts": "contacts one calls count more than those one texts",
    "same_maker": "contacts with a handset of another manufacturer count more",
    "age_difference": "contacts of one's own age count more",
    "centrality": "central people count less",
    "followed": "people whose contacts often acted after them count less",
}
NAMES = tuple(WORDS)
_CHUNK = 2_000_000


@dataclass(frozen=True)
class Pairs:
    """Features of every entry of a network's contacts.

    Args:
        of_pair: by name float64[2t], one value per entry.
        of_contact: by name float64[n], by the contact.
        network: the graph.
        maker: int64[n], each person's manufacturer as a number, -1 unknown.
        age: float64[n], years, nan unknown.
    """

    network: Network
    of_pair: dict[str, np.ndarray]
    of_contact: dict[str, np.ndarray]
    maker: np.ndarray
    age: np.ndarray

    def matrix(self, entries: np.ndarray) -> np.ndarray:
        """float64[k, len(NAMES)]: the features of some entries (int64[k]); where unknown, nan."""
        import numpy as np

        contacts = self.network.contacts
        owner = np.searchsorted(contacts.indptr, entries, side="right") - 1
        other = contacts.indices[entries]
        known = (self.maker[owner] >= 0) & (self.maker[other] >= 0)
        special = {
            "contact": np.ones(len(entries)),
            "same_maker": np.where(known, self.maker[owner] == self.maker[other], np.nan),
            "age_difference": np.abs(self.age[owner] - self.age[other]) / 10,
        }
        columns = []
        for name in NAMES:
            if name in special:
                columns.append(special[name])
            elif name in self.of_contact:
                columns.append(self.of_contact[name][other])
            else:
                columns.append(self.of_pair[name][entries])
        return np.column_stack(columns).astype(np.float64)

    def chunks(self) -> list[np.ndarray]:
        """The entries of customers, some millions at a time."""
        import numpy as np

        mine = np.flatnonzero(np.repeat(self.network.is_customer, self.network.contacts.degree))
        return [mine[k : k + _CHUNK] for k in range(0, len(mine), _CHUNK)]


def meaning(name: str, coefficient: float) -> str:
    """The meaning of a coefficient's sign, in words."""
    return WORDS[name] if coefficient > 0 else _OPPOSITE[name]


def aligned(network: Network, graph: Adjacency) -> np.ndarray:
    """float64[2t]: the weight in another graph of each entry of the contacts; 0 where that graph lacks it."""
    import numpy as np

    contacts, weights = network.contacts, graph.weights.astype(np.float64, copy=False)
    out = np.zeros(len(contacts.indices))
    compiled(kernels.aligned)(contacts.indptr, contacts.indices, graph.indptr, graph.indices, weights, out)
    return out


def outgoing(network: Network) -> np.ndarray:
    """float64[2t]: the share of what i starts to its contacts that goes to j, by strength."""
    return _share(network.contacts, aligned(network, network.out))


def _share(contacts: Adjacency, values: np.ndarray) -> np.ndarray:
    import numpy as np

    total = np.bincount(contacts.rows(), weights=values, minlength=contacts.n)
    each = np.repeat(total, contacts.degree)
    return np.divide(values, each, out=np.zeros(len(values)), where=each > 0)


def pairs(
    network: Network,
    centrality: np.ndarray,
    ties: pl.DataFrame,
    people: pl.DataFrame,
    led: tuple[np.ndarray, np.ndarray],
) -> Pairs:
    """The features of a network's contacts.

    Args:
        network: the graph, as of a day.
        centrality: float64[n], c_j.
        ties: node numbers a, b and overlap, recency, new, weekends, texts of the ties that count.
        people: party_id, manufacturer, age.
        led: int64[n] twice: contacts who saw j act, and of them who acted after.
    """
    import numpy as np
    import polars as pl

    number = np.full(int(network.node.max(initial=0)) + 1, -1, np.int64)
    number[network.node] = np.arange(network.n)
    a, b = (number[ties[c].to_numpy()] for c in ("a", "b"))
    inside = (a >= 0) & (b >= 0)
    of_pair = {
        name: symmetric(a[inside], b[inside], ties[name].to_numpy()[inside].astype(np.float64), network.n).weights
        for name in ("overlap", "recency", "new", "weekends", "texts")
    }
    there, back = aligned(network, network.out), aligned(network, transposed(network.out))
    both = there + back
    balance = np.divide(2 * np.minimum(there, back), both, out=np.zeros(len(both)), where=both > 0)
    of_pair |= {
        "tie_share": network.shares(),
        "outgoing": _share(network.contacts, there),
        "incoming": _share(network.contacts, back),
        "reciprocity": balance,
    }
    told = pl.DataFrame({"party_id": network.party_id}).join(people, on="party_id", how="left", maintain_order="left")
    maker = told["manufacturer"].cast(pl.Categorical).to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
    exposed, followed = led
    rate = followed.sum() / exposed.sum() if exposed.sum() else 0.0
    return Pairs(
        network=network,
        of_pair=of_pair,
        of_contact={"centrality": centrality, "followed": (PRIOR * rate + followed) / (PRIOR + exposed)},
        maker=maker,
        age=told["age"].cast(pl.Float64).fill_null(np.nan).to_numpy(),
    )


PRIOR = 5.0  # exposures that the common rate of followers counts for, as of the definition `lead`
