"""The data contracts: every table's grain, keys, columns and types, written once and checked at each border.

Types are a small vocabulary that maps to DuckDB and to polars; times are UTC without an offset, units stand
in the column names (`talk_s`, `volume_mb`). A table with `open=True` may carry further columns (features). How the
embedded database stores a table (few words as numbers, columns that take no place yet) is no part of the contract.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.contracts import SQL_TYPES, Column, Table, polars_type, table
from engine.table_words import CHOSEN, FIGURES, SHOWN, WHY

if TYPE_CHECKING:
    import polars as pl

__all__ = ["BOOKKEEPING", "NOT_EXPORTED", "SQL_TYPES", "TABLES", "Column", "Table", "check", "empty", "polars_type"]

_ALL = [
    # ---- what came in ---------------------------------------------------------------------------
    table("sources", "file imported", "source_id", """
        source_id text       first 16 hex digits of sha256 over table, format and content
        target text          what the file was imported as (logs, customers, ...)
        path text            file name as given, ids masked
        sha256 text          of the file's bytes
        format text          profile that read it
        rows_in i64
        rows_kept i64
        rows_duplicate i64
        rows_rejected i64
        details text         JSON: count per cleaning rule and per reason
        imported_at time     (not part of `export all`)
        number i64?          imports and deletions in order, from 1; null = made by a Kindred that could not take back
        how text?            JSON: what reading it again from `readings` and `repeats` takes
        """),
    table("readings", "row of a table that came in, as its file had it", "source_id row_number", """
        source_id text
        row_number i64       order in which rows are merged
        customer_id text?    whose it is
        cells text           JSON: the values as texts, in the order of the columns in sources.how
        """),
    table("repeats", "call record that may be another's repeat, as its file had it", "source_id row_number callee", """
        source_id text
        row_number i64       1-based; 0 = an event that a later file changed, as it was
        kind text=call|data|text
        caller u32
        callee u32?
        started_at time
        duration_s i32
        answered bool
        volume_mb f64?
        caller_tac text?
        callee_tac text?
        caller_device text?
        callee_device text?
        caller_cell text?
        callee_cell text?
        call_id text?        equal where the file's were, and nothing else
        n_calls i64?         of a row that stands for several contacts
        n_texts i64?
        """, sparse=True),
    table("rejects", "rejected row", "source_id row_number", """
        source_id text
        row_number i64       1-based, the header not counted
        reason text          name of why; docs/reference/formats.md has its words
        raw text             the row with ids masked
        column_name text?    our column that it is about; null = the whole row, or call records
        detail text?         what else is known, in words
        """),
    table("parties", "phone number or account seen", "node", """
        node u32             dense, from 0
        party_id text        pseudonym, or the id as imported
        is_customer bool
        opted_out bool
        """),
    table("events", "call, text or data session", "kind caller callee started_at duration_s", """
        kind text=call|data|text  call, text or data
        caller u32           node; for data the subscriber
        callee u32?          node; null for data
        started_at time
        duration_s i32       seconds talked, 0 when unanswered or not a call
        answered bool        false for a missed call
        volume_mb f64?       data only
        caller_tac text?     8 digits
        callee_tac text?
        caller_device text?  pseudonym of the handset (IMEI)
        callee_device text?
        caller_cell text?
        callee_cell text?
        source_id text
        """, sparse=True),
    table("pair_days", "directed pair and day with contact", "src dst day", """
        src u32              who called or texted
        dst u32
        day date             by the workspace's time zone
        n_calls i64          attempts, answered or not
        talk_s i64           seconds talked on calls src to dst
        n_texts i64
        """),
    table("customers", "customer", "customer_id", """
        customer_id text
        age i32?             years
        residence text?
        gender text?
        birth_date date?     gives the age on a day; with both, the younger age counts
        """, open_=True),
    table("devices", "type allocation code", "tac", """
        tac text             8 digits with leading zeros
        manufacturer text    canonical name
        model text
        released date?
        """),
    table("offers", "offer", "offer_id", """
        offer_id text
        manufacturer text?   whose handset is offered
        model text?
        headline text
        body text
        call_to_action text
        value f64            worth of one acceptance, in the company's currency
        cost f64             cost of making the offer once
        valid_from date?
        valid_to date?
        min_age i32?
        capacity i64?        most customers who may get it
        to_owners bool?      also to customers who own the make; null = the setting offers.to_owners
        """),
    table("treatments", "customer and past campaign", "customer_id campaign_id", """
        customer_id text
        campaign_id text
        offer_id text?       null = control, nothing offered
        sent_at time
        propensity f64?      probability of what this customer was given
        accepted bool?       null = not known
        face_arm text?       whose face was shown; only what `learn` wrote
        face_propensity f64?  chance of that face
        """),
    table("acts", "dated act of a person", "customer_id act at", """
        customer_id text     whose; a customer, or anybody else in the call records
        act text             what was done: changed_handset, took_tariff, quit, ...
        at time
        """),
    table("photos", "customer's photo", "customer_id sha256", """
        customer_id text
        sha256 text          of the file's bytes
        path text            below the workspace's faces/ folder
        """),
    table("settled", "photo of several people: which of them is the customer, chosen by hand", "customer_id sha256", """
        customer_id text
        sha256 text
        x f64                a point in the face, share of the upright photo's width
        y f64                share of its height
        """),
    table("inventory", "campaign photo of a model", "photo_id", """
        photo_id text
        sha256 text
        path text            below the workspace's faces/ folder
        attributes text?     JSON object as supplied (hair, age_band, gender)
        max_uses i32?        how many customers may see it
        """),
    table("optouts", "person who opted out", "customer_id", """
        customer_id text
        since time
        """),
    table("consents", "grant or withdrawal", "customer_id purpose granted_at expires_at withdrawn_at", """
        customer_id text
        purpose text         own_face, likeness_for_contacts, traffic_data_marketing or offers
        granted_at time?     null = only withdrawn
        expires_at time?     of the grant; null = never
        withdrawn_at time?
        """),
    table("objections", "objection of a person", "who purpose at", """
        who text             keyed hash of the person, not the pseudonym
        purpose text         all = opted out, else the purpose of a consent that was withdrawn
        at time
        """),
    # ---- graph ----------------------------------------------------------------------------------
    table("edges", "directed pair with contact in the window", "src dst", """
        src u32
        dst u32
        n_calls i64          attempts
        talk_s i64
        n_texts i64
        active_days i64      days on which src called or texted dst
        first_day date
        last_day date
        strength f64         s_uv of METHODS section 2
        """),
    table("graph_window", "the window that edges were last computed for (one row)", "as_of", """
        as_of date           first day not counted
        window_days i64
        half_life_days f64
        """),
    table("hubs", "party that is not a person", "node", """
        node u32
        contacts i64         distinct contacts in the window
        mutual_share f64     share of the contacts with traffic both ways
        reason text          many_contacts or one_way
        """),
    table("ties", "unordered pair with contact in the window", "a b", """
        a u32                the smaller node
        b u32
        weight f64           w_uv, symmetric
        reciprocity f64      0 one-way, 1 balanced
        overlap f64?         shared contacts over all contacts (Onnela); null where gated
        active_days i64      days with contact either way
        gated_because text?  hub, one_way, few_days, same_handset or same_person; null = counts for influence
        """),
    table("nodes", "party that is in the graph", "node", """
        node u32
        party_id text
        degree i64           contacts over ungated ties
        in_strength f64
        out_strength f64
        pagerank f64?        null for hubs
        centrality_pct f64?  share of the non-hub parties whose PageRank is no higher
        coreness i64?        null, as the two below, where the graph was too large for one memory
        collective_influence f64?
        community i64?
        is_hub bool
        """),
    table("influencers", "customer, definition and rank", "customer_id definition rank", """
        customer_id text
        definition text      of METHODS section 3; auto = learned where acts support it, else strongest
        rank i64             from 1
        contact_id text
        score f64
        tie_share f64        p_ij
        centrality_pct f64   c_j
        margin f64           (top - second) / top, 1 with a single contact
        """),
    table("persons", "pair of numbers of one person, or of two by hand", "a b", """
        a u32                node, the smaller one
        b u32
        score f64?           0 to 1; null = said by hand, or follows from other pairs
        why text=same_handset|followed|linked|joined|split  how it was found, follows from others, or was said by hand
        """),
    table("learned", "figure of what acts tell of influence", "kind name", """
        kind text=choice|reason|cases|gain|difference|odds|held_out|term
        name text            definition, reason, part or feature
        value f64?           of a term: log-odds per standard deviation; of the reason: p-value of the shuffles
        low f64?             95 %
        high f64?
        mean f64?            of the feature over customers' contacts
        deviation f64?       null = the same for all
        says text            in words
        """),
    # ---- offers ---------------------------------------------------------------------------------
    table("handsets", "customer and spell with one handset model", "customer_id spell", """
        customer_id text
        spell i64            from 1, in time order
        tac text
        manufacturer text    'unknown' where the TAC is in no device table
        model text
        first_at date        first day seen
        last_at date         last day seen
        n_events i64
        """),
    table("loyalty", "manufacturer, overall or in a segment", "segment_by segment manufacturer", """
        segment_by text      '' = overall, else the customers' column
        segment text         '' = overall
        manufacturer text
        n i64                changes away from a handset of it
        retained i64         of those, next handset of the same manufacturer
        retention f64
        low f64              Wilson 95 %
        high f64
        share f64            its share among the next handsets of the same changers
        lift f64?            retention / share
        log_odds f64?        log-odds of retention against share
        """),
    table("features", "customer as of a date", "customer_id as_of", """
        customer_id text
        as_of date
        """, open_=True),
    table("uplift", "customer and offer", "customer_id offer_id", """
        customer_id text
        offer_id text
        uplift f64           change in the probability of accepting, in [-1, 1]
        model_id text
        """),
    table("offer_metrics", "offer, learner, base and figure", "offer_id learner base kind parameter", f"""
        offer_id text        (policy) = of a rule that gives offers
        learner text         or the rule: nobody, everybody, random, personalised, personalised_half_cost
        base text            logistic or boosting
        kind text={FIGURES}  what the figure is
        parameter text       of which percentage, decile, column or offer; '' = none
        metric text          the figure in words, with the name of its definition
        value f64?
        low f64?
        high f64?
        chosen bool          this learner scores the offer
        """),
    table("choices", "customer", "customer_id", f"""
        customer_id text
        offer_id text?       null = no offer
        expected_value f64   value x uplift - cost, 0 for none
        kind text?={CHOSEN}  what `reason` says, as one word; null = from before it was kept
        reason text
        """),
    # ---- faces ----------------------------------------------------------------------------------
    table("faces", "photo and face", "sha256 face model_id", """
        sha256 text
        face i32             0-based; -1 when the photo gave none
        model_id text        detector, alignment and weights that made this row
        status text          ok, no_face, ambiguous, low_quality, unreadable
        reason text?
        box f32[4]?          x0 y0 x1 y1 in pixels of the upright photo
        landmarks f32[10]?   x y of left eye, right eye, nose, left and right mouth corner
        probability f64?     of the detector
        sharpness f64?       of the crop, whatever its light: variance of the Laplacian over that of the brightness
        yaw f64?             -1..1 from the landmarks, 0 = frontal
        hair f32[4]?         L a b (CIE Lab) above the face, and confidence 0..1
        width i32?           of the upright photo, pixels
        height i32?
        embedding f32[512]?  unit length; null unless status is ok
        """),
    table("estimates", "campaign photo: how its model looks, where nobody supplied it", "sha256 model_id", """
        sha256 text
        model_id text        networks that made this row, and what found the face
        woman f64            probability 0..1
        age f64              years
        """),
    table("face_choices", "customer: whose face is shown", "customer_id", f"""
        customer_id text
        arm text={SHOWN}    no_ad = nothing is shown
        subject_id text?     whose face chose the photo; null for random_face and no_face
        rank i32?            of the contact whose face it is, 1 = first; null unless influencer_face
        photo_id text?       null without a face
        reason text={WHY}   what decided, or why nothing is shown
        propensity f64?      probability with which this arm was given; null where it was not random
        experiment_id text?  the running experiment that assigned the arm
        policy_id text?      the learned policy that chose it
        arms i64?            that the policy could show this customer; null without one
        """),
    table("matches", "customer and arm", "customer_id arm", """
        customer_id text
        arm text             own_face, influencer_face or random_face
        subject_id text?     whose face was matched; null for random_face
        rank i32?            of the contact whose face it is, 1 = first; null unless influencer_face
        photo_id text?       null where there is no match
        similarity f64?      cosine of the two embeddings, less what all models' have in common
        percentile f64?      share of random inventory pairs that are less similar
        flag text?           same_person_likely
        status text          matched, or why not: no_photo, no_consent, no_face, ambiguous, nobody_alike ...
        """),
    # ---- ads ------------------------------------------------------------------------------------
    table("ads", "customer and arm", "customer_id arm", """
        ad_id text
        customer_id text
        arm text
        offer_id text
        photo_id text
        files texts          below the workspace's ads/ folder, one per size
        alt_text text
        subject_id text?     whose face chose the photo; never handed out
        offer_version text   hash of what the ad says of its offer
        """),
    # ---- the experiment -------------------------------------------------------------------------
    table("plans", "version of an experiment's plan", "experiment_id version", """
        experiment_id text   its name
        version i64          from 1; every change is the next one
        plan text            JSON
        hash text            sha256 of the plan's text
        """),
    table("assignments", "experiment and customer", "experiment_id customer_id", """
        experiment_id text
        customer_id text
        version i64          of the plan this customer was drawn under
        cluster_id text?     what was drawn, where clusters are; frozen
        arm text
        assigned_at time     start of the day that consents were checked for
        eligible_because text
        """),
    table("exposures", "ad seen by a customer in an experiment", "experiment_id customer_id at arm", """
        experiment_id text
        customer_id text
        at time
        arm text?            arm that was shown, where known
        """),
    table("outcomes", "outcome of a customer in an experiment", "experiment_id metric customer_id at value", """
        experiment_id text
        customer_id text
        metric text
        at time
        value f64?           null = what came in was no finite number
        """),
    table("policies", "learned policy of faces", "policy_id", """
        policy_id text       first 16 hex digits of sha256 over its file
        number i64           from 1; the newest one decides
        model text           its file, in base64
        report text          JSON: what it is worth, and what it was learned from
        """),
    table("rounds", "customer for whom an arm was drawn, as known before that", "round customer_id", """
        round text           the experiment's id, or the id of the policy that chose what was handed out
        customer_id text
        at time              start of the day of assignment, or of the first delivery
        faces_model text     that measured likeness
        subject_id text?     the contact whose face could be shown
        rank i64?            of that contact, 1 = first
        tie_share f64?       p_ij
        contact_centrality f64?  c_j
        own_similarity f64?
        own_same_person bool?  the photo may show the customer
        contact_similarity f64?
        contact_same_person bool?
        age i32?
        manufacturer text?   of the handset
        offered_before i64?  offers made in past campaigns
        accepted_before f64?  share of them that were accepted
        offer_id text?       the offer that the ad is about
        arm text?            that was handed out; of an experiment, table assignments says
        propensity f64?      chance of that arm; null where it was not drawn
        arms i64?            that could be shown
        """),
    table("runs", "finished stage run", "run_id", """
        run_id text
        stage text
        inputs_hash text
        config_hash text     of code, settings and the files they name
        versions text        JSON
        depends_on text?     JSON: hashes of all that the two are made of; null = an older Kindred ran it
        rows text            JSON: rows per table written
        started_at time
        finished_at time
        status text
        """),
    table("history", "run to the last stage", "number", """
        number i32           from 1
        finished_at time
        definition text      whose influencers count: graph.definition
        imports i64          imports and deletions up to then: their number in sources
        stages text          JSON: per stage the run_id of the run whose results stood
        """),
    table("decisions", "customer and runs in which the same was decided", "customer_id first_run", """
        customer_id text
        first_run i32        number in history
        last_run i32?        null = it still holds
        contact_id text?     the most influential; here and below # = may not be told any more
        offer_id text?
        arm text?
        subject_id text?     whose face chose the photo
        photo_id text?
        ad text?             id of the ad, and a hash of its files
        """),
    table("deliveries", "ad that an export handed out", "ad_id", """
        ad_id text
        customer_id text?    null once erased
        arm text
        subject_id text?     whose face chose the photo; null once erased
        files texts          below the workspace's ads/ folder
        erased bool          its customer or the person behind the likeness was erased
        """),
    table("sendings", "numbered delivery and customer", "number customer_id", """
        number i32           of the delivery (`export delivery --since-last`), from 1
        day date             of sending
        customer_id text
        arm text
        digest text          hash of what is shown: arm, offer, texts, files
        """),
    table("meta", "fact about the workspace", "name", """
        name text            schema_version, migrated, unfinished, people, restored, clock, delivery_open
        value text
        """),
]  # fmt: skip

TABLES: dict[str, Table] = {contract.name: contract for contract in _ALL}

# What says when something ran, or what takes an import back, not what came out: left out of `export all` so that two
# runs give the same bytes.
BOOKKEEPING = (
    "sources", "readings", "repeats", "runs", "history", "decisions", "deliveries", "sendings", "policies", "rounds",
    "objections", "meta",
)  # fmt: skip

# Columns that the exported table does not have: whose face chose an ad's photo is nothing for whoever sends it.
NOT_EXPORTED = {"ads": ("subject_id", "offer_version")}


def empty(name: str) -> pl.DataFrame:
    """An empty frame with the columns of table `name`."""
    return TABLES[name].empty()


def check(frame: pl.DataFrame, name: str, *, unique: bool = True) -> pl.DataFrame:
    """Return `frame` in the shape of table `name`; see `Table.check`."""
    return TABLES[name].check(frame, unique=unique)
