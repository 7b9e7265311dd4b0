-- Grain: customer x day with a handset in use. Reads: events, parties, devices.
-- What handset spells are made from, by node: handset, a number in the order of the handsets' names (the TAC where devices do not know it),
-- the TAC and the day's events with it. The handset of a day is the one with most events, the first by name of several. The caller is seen
-- with caller_tac, the callee with callee_tac; those who opted out are not looked at.
WITH sides AS (
    SELECT caller AS node, caller_tac AS tac, local_day(started_at) AS day FROM events WHERE caller_tac IS NOT NULL
    UNION ALL
    SELECT callee AS node, callee_tac AS tac, local_day(started_at) AS day
    FROM events
    WHERE callee_tac IS NOT NULL AND callee IS NOT NULL
),
counted AS (
    SELECT s.node, s.tac, s.day, count(*) AS n_events
    FROM sides AS s
    INNER JOIN parties AS p ON p.node = s.node
    WHERE p.is_customer AND NOT p.opted_out
    GROUP BY s.node, s.tac, s.day
),
named AS (
    SELECT t.tac, coalesce(d.manufacturer || ' ' || d.model, t.tac) AS name
    FROM (SELECT DISTINCT tac FROM counted) AS t
    LEFT JOIN devices AS d ON d.tac = t.tac
),
numbered AS (
    SELECT tac, CAST(dense_rank() OVER (ORDER BY name) AS BIGINT) AS handset FROM named
),
seen AS (
    SELECT c.node, c.day, n.handset, min(c.tac) AS tac, CAST(sum(c.n_events) AS BIGINT) AS n_events
    FROM counted AS c
    INNER JOIN numbered AS n ON n.tac = c.tac
    GROUP BY c.node, c.day, n.handset
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY node, day ORDER BY n_events DESC, handset) AS place
    FROM seen
)
SELECT node, day, handset, tac, n_events
FROM ranked
WHERE place = 1
