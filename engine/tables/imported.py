"""Tables of what came in: files, call records, customers, campaigns, photos, consents, objections."""

from __future__ import annotations

from engine.contracts import table

ALL = [
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
]  # fmt: skip
