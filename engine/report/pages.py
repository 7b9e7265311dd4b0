"""The pages: which parts a report has, in which order, and the words around its figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.charts.experiment import experiment
from engine.charts.faces import faces
from engine.charts.influence import influence
from engine.charts.loyalty import loyalty
from engine.charts.offers import offers
from engine.report.opening import opening
from engine.report.page import render

CHARTS = {"influence": influence, "loyalty": loyalty, "offers": offers, "faces": faces, "experiment": experiment}
KINDS = tuple(CHARTS)
_TITLES = {
    "influence": (
        "Who influences whom",
        "Each customer's most influential contact, how sure we are, and what it predicts.",
    ),
    "loyalty": (
        "Handset loyalty",
        "Which makers keep their customers, where they go instead, and how long handsets last.",
    ),
    "offers": ("Offers that persuade", "What each offer changes, for whom it is worth making, and what that rests on."),
    "faces": ("Faces", "How far the photos carry, how alike the matches are, and how the inventory is used."),
    "experiment": (
        "Own face or influencer's face?",
        "What each experiment planned, who takes part, and what its arms did.",
    ),
    "all": ("Kindred: the whole picture", "Influence, loyalty, offers, faces and the experiment in one page."),
}
_PARTS = {
    "influence": (
        ("summary", "In short"),
        ("coverage", "What the data covers"),
        ("health", "Is the call graph healthy?"),
        ("top", "Who influences most"),
        ("certainty", "How certain are we?"),
        ("communities", "Communities"),
        ("diffusion", "How handsets spread"),
        ("validation", "Does it predict?"),
        ("quadrants", "Influence and persuadability"),
        ("examples", "Example customers"),
    ),
    "loyalty": (
        ("loyalty", "Loyalty to handset makers"),
        ("segments", "By residence, age and gender"),
        ("waiting", "How long handsets are kept"),
    ),
    "offers": (
        ("offers", "Do the offers persuade?"),
        ("learners", "How good are the models?"),
        ("given", "Who gets what"),
        ("worth", "What is it worth?"),
    ),
    "faces": (
        ("photos", "From photos to matches"),
        ("likeness", "How alike are the matches?"),
        ("inventory", "Use of the inventory"),
        ("groups", "Does it work for everyone alike?"),
        ("contacts", "Do photos name the contact?"),
    ),
    "experiment": (("experiment", "What each arm could show"),),
}
_INTERNAL = ("examples",)  # parts about single people
# Parts that tell of everybody, whichever segment is looked at; and the ends of those of an experiment.
_OF_ALL = frozenset((
    "coverage", "health", "certainty", "communities", "diffusion", "validation", "examples", "loyalty", "segments",
    "waiting",
))  # fmt: skip
_OF_ALL_ENDS = ("-who", "-ties")
_CLOSING = (("suppressed", "What is not shown"), ("method", "Method"))
_FORMULAS = {
    "influence": (
        ("Tie strength", "s(u,v) = Σ over days of 2^(−age/half-life) · [called + 0.25·ln(1 + min(talk, 3600 s)/60) + "
         "0.5·texted]; the pair's weight is (s(u,v) + s(v,u))·(½ + ½·r) with r = 2·min/(sum), its balance."),
        ("Gate", "A pair counts with contact both ways, on enough days, no hub at either end and not one handset."),
        ("Overlap", "Shared contacts over all contacts of the two (Onnela et al. 2007)."),
        ("Auto", "Setting auto: by what customers' own acts tell of who acts after whom, where on later acts it names "
         "better contacts than the strength of ties; else the strongest tie."),
        ("Other definitions", "tie_reach, ppr, lead: tie share p · c^γ, c = share of the people whose PageRank is no "
         "higher (damping 0.85); personalised PageRank; tie share × how often the contact's handset changes were "
         "followed."),
        ("Margin", "(first score − second score) / first score; 1 with a single contact."),
        ("Stability", "Days drawn with replacement; share of draws that keep the contact."),
        ("Communities", "Leiden on the weights of the pairs that count."),
    ),
    "loyalty": (
        ("Retention", "Of those who left a handset of a maker for a next one, the share whose next one is of the same "
         "maker; Wilson 95 % interval."),
        ("Lift and log-odds", "Retention over the maker's share among all next handsets, and the difference of their "
         "logits; the interval of the lift takes that share as given. Association only."),
        ("Time to change", "Kaplan and Meier 1958; spells that last to the end of the records are censored."),
    ),
    "offers": (
        ("Uplift", "P(accept | offer) − P(accept | no offer), each offer against no offer only (scikit-uplift)."),
        ("Choice", "The offer with the largest value × uplift − cost, or none when that is not above 0."),
        ("Qini", "scikit-uplift's definition; other libraries' figures for the same scores differ."),
        ("Gain curve", "(rate given − rate control) · share, over the customers with the highest predicted uplift."),
        ("Difference", "Newcombe's hybrid score interval for two proportions (1998)."),
    ),
    "faces": (
        ("Match", "FaceNet embeddings, cosine; the nearest inventory photo, ties by photo id."),
        ("Contacts", "With w the contact's share of the requests, s the photo's share and m the setting "
         "faces.contact_margin, a contact is given a photo with chance at most (1 + m/w)·s, the most alike ones first; "
         "which one is a keyed draw."),
        ("Rarity", "Share of random pairs of different inventory photos that are less alike than the match."),
    ),
    "experiment": (
        ("Arms", "own_face, influencer_face, random_face; an ad shows an inventory model only, never the customer's or "
         "the contact's own photo."),
        ("Assignment", "SHA-256 of salt and unit decides the arm; units are customers or clusters of the graph."),
        ("Effect", "Difference of the arms' means, everybody as assigned whether they saw an ad or not; errors by "
         "Welch, or robust within clusters where clusters were assigned; p adjusted over the pairs (Holm 1979)."),
        ("Valid at every look", "Interval that holds however often one looks, for all pairs together (normal mixture, "
         "Howard et al. 2021; Bonferroni). It decides here, because a report is looked at more than once."),
        ("Sample ratio", "Chi-square of the arms' sizes against their shares; below .001 the data are not trusted."),
        ("Balance", "Difference of means before the experiment over the pooled standard deviation."),
        ("Along the ties", "Y = α + τ·Z + γ·f: Z own arm, f share of contacts in arm A; direct τ, spillover γ, total "
         "τ + γ; beside it Hájek's weights from redrawn assignments (Aronow and Samii 2017)."),
    ),
}  # fmt: skip
_SUPPRESSION = (
    "Small cells",
    "No count stands for fewer customers than the limit. Further counts are withheld until no sum that is shown pins "
    "a withheld one to a range narrower than the limit (checked by linear programming). On top, counts get triangular "
    "noise of up to two thirds of the limit and are rounded to a third of it.",
)


def page(kind: str, facts: Mapping[str, Any]) -> str:
    """The HTML page of a report.

    Args:
        kind: one of `KINDS` or "all".
        facts: finished facts of that kind.
    """
    return render("page.html", facts, **parts(kind, facts))


def of_all(part: str) -> bool:
    """Whether a part tells of everybody, whichever segment is looked at."""
    return part in _OF_ALL or part.endswith(_OF_ALL_ENDS)


def parts(kind: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What a page of a report is made of.

    Args:
        kind: one of `KINDS` or "all".
        facts: finished facts of that kind, or of all.

    Returns:
        What the templates ask for: title, lead, charts by name, bodies (templates), contents (anchor and heading of
        each part), headings by anchor, uncut (parts that a segment does not cut), opening (see
        `engine.report.opening`; None but for all), formulas.
    """
    kinds = KINDS if kind == "all" else (kind,)
    title, lead = _TITLES[kind]
    charts: dict[str, Any] = {}
    for name in kinds:
        charts |= CHARTS[name](facts)
    internal = facts["mode"] == "internal"
    contents = [*(entry for name in kinds for entry in (*_trials(name, facts), *_PARTS[name])), *_CLOSING]
    contents = [entry for entry in contents if internal or entry[0] not in _INTERNAL]
    return {
        "title": title,
        "lead": lead,
        "charts": charts,
        "bodies": [*(f"{name}.html" for name in kinds), "closing.html"],
        "contents": contents,
        "headings": dict(contents),
        "uncut": [id_ for id_, _ in contents if of_all(id_)] if facts.get("segment") else [],
        "opening": opening(facts) if kind == "all" else None,
        "formulas": [*(entry for name in kinds for entry in _FORMULAS[name]), *(() if internal else (_SUPPRESSION,))],
    }


def _trials(kind: str, facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Parts of the experiments, which every workspace has others of."""
    if kind != "experiment":
        return []
    found, several = [], len(facts["experiments"]) > 1
    for i, trial in enumerate(facts["experiments"]):
        found.append((f"x{i}", f"Experiment {trial['name']}"))
        tail = f" in {trial['name']}" if several else ""
        if trial["status"] != "designed" or trial["funnel"]:
            found.append((f"x{i}-who", f"Who takes part{tail}"))
        if trial["effects"]:
            found += [(f"x{i}-effects", f"What the arms did{tail}"), (f"x{i}-ties", f"Along the ties{tail}")]
    return found
