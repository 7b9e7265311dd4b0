-- Grain: handset change x contact that counted at that time (METHODS section 3, `lead`).
-- Reads: changes (temporary: party_id, changed_at), parties, pair_days, hubs, ties. Params: until (date), window_days,
-- min_active_days. Contacts are gated in the window_days before the change: days of contact and both directions; that
-- an end is a hub or both share a handset is taken from the tables as they are now. Changes after until are left out.
WITH led AS (
    SELECT p.node, c.party_id AS leader, c.changed_at
    FROM changes AS c
    INNER JOIN parties AS p ON p.party_id = c.party_id
    WHERE c.changed_at <= $until AND NOT p.opted_out
),

contacts AS (
    SELECT l.node, l.leader, l.changed_at, d.dst AS other, d.day, 1 AS outgoing
    FROM led AS l
    INNER JOIN pair_days AS d ON d.src = l.node
    WHERE d.day < l.changed_at AND date_diff('day', d.day, l.changed_at) <= $window_days
    UNION ALL
    SELECT l.node, l.leader, l.changed_at, d.src AS other, d.day, 0 AS outgoing
    FROM led AS l
    INNER JOIN pair_days AS d ON d.dst = l.node
    WHERE d.day < l.changed_at AND date_diff('day', d.day, l.changed_at) <= $window_days
),

gated AS (
    SELECT node, leader, changed_at, other
    FROM contacts
    GROUP BY node, leader, changed_at, other
    HAVING min(outgoing) = 0 AND max(outgoing) = 1 AND count(DISTINCT day) >= $min_active_days
)

SELECT g.leader, g.changed_at, p.party_id AS contact
FROM gated AS g
INNER JOIN parties AS p ON p.node = g.other
LEFT JOIN ties AS t ON t.a = least(g.node, g.other) AND t.b = greatest(g.node, g.other)
WHERE
    NOT p.opted_out
    AND g.node NOT IN (SELECT node FROM hubs)
    AND g.other NOT IN (SELECT node FROM hubs)
    AND (t.gated_because IS NULL OR t.gated_because NOT IN ('hub', 'same_handset'))
ORDER BY g.leader, g.changed_at, contact
