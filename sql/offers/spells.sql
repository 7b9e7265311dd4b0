-- Grain: customer x spell with one handset model, numbered in time. Reads: handset_days (temporary), parties, devices.
-- Parameters: $before (days from this one on are not looked at), $change_days, $change_events.
-- Days in a row with the same handset are a run (METHODS section 4). A run counts when its first and last day lie $change_days apart and it
-- has $change_events events; the first run needs only the events, since the log cut off its beginning. Other runs are flicker. A customer
-- without any run that counts has one spell, with the handset of most events.
-- There are a hundred times as many days as runs: one window looks at them, and only those on which a run begins or the log ends go on.
WITH days AS (
    SELECT
        node,
        day,
        handset,
        tac,
        n_events,
        lag(handset) OVER (PARTITION BY node ORDER BY day) AS handset_before,
        lag(day) OVER (PARTITION BY node ORDER BY day) AS day_before,
        lead(day) OVER (PARTITION BY node ORDER BY day) AS day_after,
        sum(n_events) OVER (PARTITION BY node ORDER BY day) AS events_so_far
    FROM handset_days
    WHERE day < CAST($before AS DATE)
),
edges_of_runs AS (
    SELECT
        node,
        day,
        handset,
        tac,
        events_so_far,
        events_so_far - n_events AS events_before,
        day_before,
        CASE WHEN handset = handset_before THEN 0 ELSE 1 END AS is_new
    FROM days
    WHERE handset_before IS NULL OR handset <> handset_before OR day_after IS NULL
),
ended AS (
    SELECT
        node,
        day AS first_at,
        handset,
        tac,
        is_new,
        coalesce(
            lead(CASE WHEN is_new = 1 THEN day_before ELSE day END) OVER (PARTITION BY node ORDER BY day), day
        ) AS last_at,
        coalesce(
            lead(CASE WHEN is_new = 1 THEN events_before ELSE events_so_far END) OVER (PARTITION BY node ORDER BY day),
            events_so_far
        ) - events_before AS n_events
    FROM edges_of_runs
),
runs AS (
    SELECT *, row_number() OVER (PARTITION BY node ORDER BY first_at) AS run FROM ended WHERE is_new = 1
),
judged AS (
    SELECT
        node,
        run,
        handset,
        first_at,
        CASE
            WHEN n_events >= CAST($change_events AS BIGINT)
                AND (run = 1 OR date_diff('day', first_at, last_at) >= CAST($change_days AS BIGINT))
                THEN 1
            ELSE 0
        END AS counts,
        sum(n_events) OVER (PARTITION BY node, handset) AS total,
        min(first_at) OVER (PARTITION BY node, handset) AS met_at
    FROM runs
),
fallback AS (
    SELECT
        *,
        max(counts) OVER (PARTITION BY node) AS any_counts,
        row_number() OVER (PARTITION BY node ORDER BY total DESC, met_at, handset, run) AS place
    FROM judged
),
kept AS (
    SELECT node, run, handset, CASE WHEN any_counts = 1 THEN first_at ELSE met_at END AS first_at
    FROM fallback
    WHERE counts = 1 OR (any_counts = 0 AND place = 1)
),
turns AS (
    SELECT
        *,
        CASE WHEN handset = lag(handset) OVER (PARTITION BY node ORDER BY run) THEN 0 ELSE 1 END AS is_new
    FROM kept
),
spells AS (
    SELECT
        node,
        handset,
        first_at,
        row_number() OVER (PARTITION BY node ORDER BY run) AS spell,
        lead(first_at) OVER (PARTITION BY node ORDER BY run) AS next_at
    FROM turns
    WHERE is_new = 1
),
filled AS (
    SELECT
        s.node,
        s.spell,
        s.first_at,
        max(r.last_at) AS last_at,
        CAST(sum(r.n_events) AS BIGINT) AS n_events,
        min(CASE WHEN r.first_at = s.first_at THEN r.tac END) AS tac
    FROM spells AS s
    INNER JOIN runs AS r
        ON r.node = s.node AND r.handset = s.handset
        AND r.first_at >= s.first_at AND (s.next_at IS NULL OR r.first_at < s.next_at)
    GROUP BY s.node, s.spell, s.first_at
)
SELECT
    p.party_id AS customer_id,
    f.spell,
    f.tac,
    coalesce(d.manufacturer, 'unknown') AS manufacturer,
    coalesce(d.model, 'unknown') AS model,
    f.first_at,
    f.last_at,
    f.n_events
FROM filled AS f
INNER JOIN parties AS p ON p.node = f.node
LEFT JOIN devices AS d ON d.tac = f.tac
ORDER BY p.party_id, f.spell
