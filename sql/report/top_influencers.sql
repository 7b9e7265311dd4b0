-- Grain: contact; the `limit` with the most customers whose first rank by `definition` they are.
-- Reads: influencers, nodes, handsets. Params: definition, limit.
-- reach: customers who have the contact at any kept rank. attention: sum of the tie shares at rank 1.
WITH chosen AS (
    SELECT
        contact_id,
        count(CASE WHEN rank = 1 THEN 1 END) AS customers,
        count(*) AS reach,
        sum(CASE WHEN rank = 1 THEN CAST(round(tie_share * 1000000) AS BIGINT) ELSE 0 END) AS micro_share,
        max(centrality_pct) AS centrality_pct
    FROM influencers
    WHERE definition = $definition
    GROUP BY contact_id
),

top AS (
    SELECT *
    FROM chosen
    WHERE customers > 0
    ORDER BY customers DESC, reach DESC, contact_id
    LIMIT $limit
),

last_spell AS (
    SELECT h.customer_id, max(h.spell) AS spell
    FROM handsets AS h
    WHERE h.customer_id IN (SELECT contact_id FROM top)
    GROUP BY h.customer_id
)

SELECT
    t.contact_id,
    t.customers,
    t.reach,
    CAST(t.micro_share AS DOUBLE) / 1000000 / t.customers AS mean_share,
    t.centrality_pct,
    n.degree,
    n.community,
    h.manufacturer,
    h.model
FROM top AS t
LEFT JOIN nodes AS n ON n.party_id = t.contact_id
LEFT JOIN last_spell AS l ON l.customer_id = t.contact_id
LEFT JOIN handsets AS h ON h.customer_id = l.customer_id AND h.spell = l.spell
ORDER BY t.customers DESC, t.reach DESC, t.contact_id
