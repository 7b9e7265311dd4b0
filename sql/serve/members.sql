-- Grain: party of one community, the most central `limit` first. named_by: customers whose first contact it is.
-- Reads: nodes, parties, _people (see serve/people). Params: community, limit.
WITH members AS (
    SELECT n.party_id, p.is_customer, n.degree, n.centrality_pct
    FROM nodes AS n
    INNER JOIN parties AS p ON p.node = n.node
    WHERE n.community = $community AND NOT p.opted_out
),

named AS (
    SELECT contact_id, count(*) AS named_by
    FROM _people
    WHERE contact_id IN (SELECT party_id FROM members)
    GROUP BY contact_id
)

SELECT
    m.party_id,
    m.is_customer,
    m.degree,
    m.centrality_pct,
    coalesce(d.named_by, 0) AS named_by,
    k.manufacturer
FROM members AS m
LEFT JOIN named AS d ON d.contact_id = m.party_id
LEFT JOIN _people AS k ON k.customer_id = m.party_id
ORDER BY m.centrality_pct DESC, m.party_id
LIMIT $limit
