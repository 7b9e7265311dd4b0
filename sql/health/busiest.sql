-- The party with the most calls and texts, at either end; of equals the first node.
-- Grain: at most one row. Reads: pair_days, parties.
WITH ends AS (
    SELECT src AS node, n_calls + n_texts AS n FROM pair_days
    UNION ALL
    SELECT dst AS node, n_calls + n_texts AS n FROM pair_days
),

sums AS (
    SELECT node, sum(n)::BIGINT AS n FROM ends GROUP BY node
)

SELECT p.party_id, s.n
FROM sums AS s
INNER JOIN parties AS p ON s.node = p.node
ORDER BY s.n DESC, s.node
LIMIT 1
