-- Grain: candidate pair with what speaks for one person. Reads: person_candidates, person_contacts, person_devices, pair_days, events.
-- contacts: shared part of their days with contact; places: of their records' cells, null where either has none; gap_days: from the end of the
-- one to the begin of the other, below 0 where both were in use; talked: seconds and texts from one to the other.
WITH contacts AS (
    SELECT p.a, p.b, sum(least(x.part, y.part)) AS contacts, count(*) AS common
    FROM person_candidates AS p
    INNER JOIN person_contacts AS x ON x.node = p.a
    INNER JOIN person_contacts AS y ON y.node = p.b AND y.contact = x.contact
    GROUP BY p.a, p.b
),

wanted AS (
    SELECT a AS node FROM person_candidates
    UNION
    SELECT b AS node FROM person_candidates
),

seen AS (
    SELECT caller AS node, caller_cell AS cell
    FROM events
    WHERE caller_cell IS NOT NULL AND caller IN (SELECT node FROM wanted)
    UNION ALL
    SELECT callee AS node, callee_cell AS cell
    FROM events
    WHERE callee_cell IS NOT NULL AND callee IN (SELECT node FROM wanted)
),

cells AS (
    SELECT node, cell, count(*) / CAST(sum(count(*)) OVER (PARTITION BY node) AS DOUBLE) AS part
    FROM seen
    GROUP BY node, cell
),

places AS (
    SELECT p.a, p.b, sum(least(x.part, y.part)) AS places
    FROM person_candidates AS p
    INNER JOIN cells AS x ON x.node = p.a
    INNER JOIN cells AS y ON y.node = p.b AND y.cell = x.cell
    GROUP BY p.a, p.b
),

spans AS (
    SELECT node, min(first_day) AS first_day, max(last_day) AS last_day
    FROM person_contacts
    GROUP BY node
),

talk AS (
    SELECT least(src, dst) AS a, greatest(src, dst) AS b, sum(talk_s + n_texts) AS talked
    FROM pair_days
    GROUP BY least(src, dst), greatest(src, dst)
)

SELECT
    p.a,
    p.b,
    coalesce(c.contacts, 0.0) AS contacts,
    coalesce(c.common, 0) AS common,
    CASE
        WHEN p.a IN (SELECT node FROM cells) AND p.b IN (SELECT node FROM cells) THEN coalesce(l.places, 0.0)
    END AS places,
    EXISTS (
        SELECT 1
        FROM person_devices AS x
        INNER JOIN person_devices AS y ON y.device = x.device
        WHERE x.node = p.a AND y.node = p.b
    ) AS handset,
    date_diff('day', least(x.last_day, y.last_day), greatest(x.first_day, y.first_day)) AS gap_days,
    coalesce(t.talked, 0) AS talked
FROM person_candidates AS p
INNER JOIN spans AS x ON x.node = p.a
INNER JOIN spans AS y ON y.node = p.b
LEFT JOIN contacts AS c ON c.a = p.a AND c.b = p.b
LEFT JOIN places AS l ON l.a = p.a AND l.b = p.b
LEFT JOIN talk AS t ON t.a = p.a AND t.b = p.b
ORDER BY p.a, p.b
