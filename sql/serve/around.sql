-- Grain: one person (first) and the strongest `limit` of the contacts whose ties count. total: how many such contacts.
-- named_by: customers whose first contact it is. Reads: ties, nodes, parties, _people (see serve/people).
-- Params: person, limit.
WITH mine AS (
    SELECT node FROM parties WHERE party_id = $person
),

tied AS (
    SELECT CASE WHEN t.a = m.node THEN t.b ELSE t.a END AS node, t.weight
    FROM ties AS t
    INNER JOIN mine AS m ON t.a = m.node OR t.b = m.node
    WHERE t.gated_because IS NULL
),

open_ties AS (
    SELECT t.node, t.weight, count(*) OVER () AS total
    FROM tied AS t
    INNER JOIN parties AS p ON p.node = t.node
    WHERE NOT p.opted_out
    ORDER BY t.weight DESC, p.party_id
    LIMIT $limit
),

around AS (
    SELECT node, NULL AS weight, NULL AS total FROM mine
    UNION ALL
    SELECT node, weight, total FROM open_ties
),

named AS (
    SELECT contact_id, count(*) AS named_by
    FROM _people
    WHERE contact_id IN (SELECT p.party_id FROM around AS a INNER JOIN parties AS p ON p.node = a.node)
    GROUP BY contact_id
)

SELECT
    p.party_id,
    p.is_customer,
    n.degree,
    n.centrality_pct,
    n.community,
    k.manufacturer,
    coalesce(d.named_by, 0) AS named_by,
    a.total
FROM around AS a
INNER JOIN parties AS p ON p.node = a.node
LEFT JOIN nodes AS n ON n.node = a.node
LEFT JOIN _people AS k ON k.customer_id = p.party_id
LEFT JOIN named AS d ON d.contact_id = p.party_id
ORDER BY a.weight DESC NULLS FIRST, p.party_id
