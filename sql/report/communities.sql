-- Grain: community; the `limit` with the most customers. leader: its party with the highest PageRank.
-- Reads: nodes, parties. Params: limit.
WITH members AS (
    SELECT n.community, n.party_id, n.pagerank, p.is_customer
    FROM nodes AS n
    INNER JOIN parties AS p ON p.node = n.node
    WHERE n.community IS NOT NULL
),

sizes AS (
    SELECT community, count(*) AS parties, count(CASE WHEN is_customer THEN 1 END) AS customers
    FROM members
    GROUP BY community
),

top AS (
    SELECT *
    FROM sizes
    ORDER BY customers DESC, community
    LIMIT $limit
),

leaders AS (
    SELECT
        m.community,
        m.party_id,
        row_number() OVER (PARTITION BY m.community ORDER BY m.pagerank DESC NULLS LAST, m.party_id) AS place
    FROM members AS m
    WHERE m.community IN (SELECT community FROM top)
)

SELECT t.community, t.parties, t.customers, l.party_id AS leader
FROM top AS t
INNER JOIN leaders AS l ON l.community = t.community AND l.place = 1
ORDER BY t.customers DESC, t.community
