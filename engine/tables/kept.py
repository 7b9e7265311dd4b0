"""Tables of experiments and policies, of what was handed out, and of what ran when."""

from __future__ import annotations

from engine.contracts import table

ALL = [
    # ---- experiments and policies
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
    # ---- what ran, and what was handed out
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
