-- Grain: community x manufacturer of the handset in use. Customers, and those whose last spell began in
-- [since, as_of) after an earlier one. Reads: nodes, handsets. Params: communities (list), since (date).
WITH last_spell AS (
    SELECT customer_id, max(spell) AS spell
    FROM handsets
    GROUP BY customer_id
)

SELECT
    n.community,
    h.manufacturer,
    count(*) AS customers,
    count(CASE WHEN h.spell > 1 AND h.first_at >= $since THEN 1 END) AS changed
FROM nodes AS n
INNER JOIN last_spell AS l ON l.customer_id = n.party_id
INNER JOIN handsets AS h ON h.customer_id = l.customer_id AND h.spell = l.spell
WHERE list_contains($communities, n.community)
GROUP BY n.community, h.manufacturer
ORDER BY n.community, h.manufacturer
