-- Grain: ungated tie between any two of some people, the strongest `limit` first. total: how many there are.
-- Reads: ties, parties. Params: people (list of party_id), limit.
WITH shown AS (
    SELECT node, party_id FROM parties WHERE party_id IN (SELECT unnest($people::VARCHAR[]))
)

SELECT
    a.party_id AS one,
    b.party_id AS other,
    t.weight,
    count(*) OVER () AS total
FROM ties AS t
INNER JOIN shown AS a ON a.node = t.a
INNER JOIN shown AS b ON b.node = t.b
WHERE t.gated_because IS NULL
ORDER BY t.weight DESC, one, other
LIMIT $limit
