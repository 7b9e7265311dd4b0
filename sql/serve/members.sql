-- Grain: party of one community, the most central `limit` first. named_by: customers whose first contact by
-- `definition` it is. Reads: nodes, parties, influencers, handsets. Params: community, definition, limit.
WITH members AS (
    SELECT n.party_id, p.is_customer, n.degree, n.centrality_pct
    FROM nodes AS n
    INNER JOIN parties AS p ON p.node = n.node
    WHERE n.community = $community AND NOT p.opted_out
),

named AS (
    SELECT contact_id, count(*) AS named_by
    FROM influencers
    WHERE definition = $definition AND rank = 1 AND contact_id IN (SELECT party_id FROM members)
    GROUP BY contact_id
),

last_spell AS (
    SELECT customer_id, max(spell) AS spell
    FROM handsets
    WHERE customer_id IN (SELECT party_id FROM members)
    GROUP BY customer_id
)

SELECT
    m.party_id,
    m.is_customer,
    m.degree,
    m.centrality_pct,
    coalesce(d.named_by, 0) AS named_by,
    h.manufacturer
FROM members AS m
LEFT JOIN named AS d ON d.contact_id = m.party_id
LEFT JOIN last_spell AS l ON l.customer_id = m.party_id
LEFT JOIN handsets AS h ON h.customer_id = l.customer_id AND h.spell = l.spell
ORDER BY m.centrality_pct DESC, m.party_id
LIMIT $limit
