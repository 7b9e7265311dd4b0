-- Grain: unordered pair of parties that may be one person: with the same handset, or one beginning where the other ended, with contacts in
-- common. Temporary table `person_candidates`. Reads: person_devices, person_contacts. Params: edge_days, early_days, late_days, common.
WITH span AS (
    SELECT min(first_day) AS began, max(last_day) AS ended FROM person_contacts
),

old AS (
    SELECT c.node, c.contact, c.last_day
    FROM person_contacts AS c
    CROSS JOIN span
    WHERE date_diff('day', c.last_day, span.ended) > $edge_days
),

young AS (
    SELECT c.node, c.contact, c.first_day
    FROM person_contacts AS c
    CROSS JOIN span
    WHERE date_diff('day', span.began, c.first_day) > $edge_days
),

followed AS (
    SELECT o.node AS one, y.node AS other
    FROM old AS o
    INNER JOIN young AS y ON y.contact = o.contact AND y.node <> o.node
    WHERE date_diff('day', o.last_day, y.first_day) BETWEEN -$early_days AND $late_days
    GROUP BY o.node, y.node
    HAVING count(*) >= $common
)

SELECT x.node AS a, y.node AS b
FROM person_devices AS x
INNER JOIN person_devices AS y ON y.device = x.device AND y.node > x.node
UNION
SELECT least(one, other) AS a, greatest(one, other) AS b
FROM followed
