-- Grain: party and contact of it: share of its days with contact, and the party's first and last day. Temporary table
-- `person_contacts`. Reads: pair_days, hubs. Nobody is known by a call centre.
WITH both_ways AS (
    SELECT src AS node, dst AS contact, day
    FROM pair_days
    UNION
    SELECT dst AS node, src AS contact, day
    FROM pair_days
),

counted AS (
    SELECT b.node, b.contact, count(*) AS days, min(b.day) AS first_day, max(b.day) AS last_day
    FROM both_ways AS b
    WHERE b.node NOT IN (SELECT h.node FROM hubs AS h) AND b.contact NOT IN (SELECT h.node FROM hubs AS h)
    GROUP BY b.node, b.contact
)

SELECT
    c.node,
    c.contact,
    c.days / CAST(sum(c.days) OVER (PARTITION BY c.node) AS DOUBLE) AS part,
    min(c.first_day) OVER (PARTITION BY c.node) AS first_day,
    max(c.last_day) OVER (PARTITION BY c.node) AS last_day
FROM counted AS c
