-- Grain: customer with traffic in [since, until), moments at which days begin. Reads: events, parties. Parameters: $since, $until; $as_of,
-- the day that begins at $until.
-- Per day of the log within these days, so that customers compare over logs of different length. Who opted out is not looked at.
WITH mine AS (
    SELECT
        e.caller AS node,
        local_day(e.started_at) AS day,
        CASE WHEN e.kind = 'call' THEN 1 ELSE 0 END AS call_out,
        0 AS call_in,
        CASE WHEN e.kind = 'text' THEN 1 ELSE 0 END AS text_out,
        CASE WHEN e.kind = 'call' THEN e.duration_s ELSE 0 END AS talk_s,
        CASE WHEN e.kind = 'data' THEN 1 ELSE 0 END AS session,
        CAST(round(coalesce(e.volume_mb, 0.0) * 1000.0) AS BIGINT) AS volume_kb
    FROM events AS e
    WHERE e.started_at >= CAST($since AS TIMESTAMP) AND e.started_at < CAST($until AS TIMESTAMP)
    UNION ALL
    SELECT
        e.callee AS node,
        local_day(e.started_at) AS day,
        0 AS call_out,
        CASE WHEN e.kind = 'call' THEN 1 ELSE 0 END AS call_in,
        0 AS text_out,
        CASE WHEN e.kind = 'call' THEN e.duration_s ELSE 0 END AS talk_s,
        0 AS session,
        0 AS volume_kb
    FROM events AS e
    WHERE
        e.callee IS NOT NULL
        AND e.started_at >= CAST($since AS TIMESTAMP) AND e.started_at < CAST($until AS TIMESTAMP)
),

observed AS (
    SELECT CAST(greatest(date_diff('day', min(day), CAST($as_of AS DATE)), 1) AS DOUBLE) AS days FROM mine
),

summed AS (
    SELECT
        p.party_id AS customer_id,
        count(DISTINCT m.day) AS active_days,
        CAST(sum(m.call_out) AS BIGINT) AS calls_out,
        CAST(sum(m.call_in) AS BIGINT) AS calls_in,
        CAST(sum(m.text_out) AS BIGINT) AS texts_out,
        CAST(sum(m.talk_s) AS BIGINT) AS talk_s,
        CAST(sum(m.session) AS BIGINT) AS sessions,
        count(DISTINCT CASE WHEN m.session = 1 THEN m.day END) AS data_days,
        CAST(sum(m.volume_kb) AS DOUBLE) / 1000.0 AS volume_mb
    FROM mine AS m
    INNER JOIN parties AS p ON p.node = m.node
    WHERE p.is_customer AND NOT p.opted_out
    GROUP BY p.party_id
)

SELECT
    s.customer_id,
    s.active_days / o.days AS active_share,
    s.calls_out / o.days AS calls_out_a_day,
    s.calls_in / o.days AS calls_in_a_day,
    s.texts_out / o.days AS texts_out_a_day,
    s.talk_s / o.days AS talk_s_a_day,
    s.sessions / o.days AS data_sessions_a_day,
    s.data_days / o.days AS data_share,
    s.volume_mb / o.days AS volume_mb_a_day
FROM summed AS s
CROSS JOIN observed AS o
ORDER BY s.customer_id
