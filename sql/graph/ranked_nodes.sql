-- Grain: party in the graph. Table `nodes` where its graph is too large for one memory: what takes more than a few
-- joins (coreness, collective influence, communities) is null. Reads: ranks, edges, hubs, ties, parties.
-- Ranks within 1e-9 of their neighbour in rank count as one value, as engine/graph/pagerank.py has it.
WITH scaled AS (
    SELECT r.node, r.value / t.total AS pagerank
    FROM ranks AS r
    CROSS JOIN (SELECT sum(value) AS total FROM ranks) AS t
),

placed AS (
    SELECT
        node,
        pagerank,
        row_number() OVER (ORDER BY pagerank, node) AS place,
        count(*) OVER () AS people,
        CASE
            WHEN pagerank - lag(pagerank) OVER (ORDER BY pagerank, node) <= 1e-9 * pagerank THEN 0 ELSE 1
        END AS is_new
    FROM scaled
),

grouped AS (
    SELECT node, pagerank, place, people, sum(is_new) OVER (ORDER BY place) AS value FROM placed
),

central AS (
    SELECT node, pagerank, CAST(max(place) OVER (PARTITION BY value) AS DOUBLE) / people AS centrality_pct
    FROM grouped
),

strengths AS (
    SELECT
        node,
        sum(CASE WHEN way = 'in' THEN strength ELSE 0.0 END) AS in_strength,
        sum(CASE WHEN way = 'out' THEN strength ELSE 0.0 END) AS out_strength
    FROM (
        SELECT src AS node, 'out' AS way, strength FROM edges
        UNION ALL
        SELECT dst AS node, 'in' AS way, strength FROM edges
    ) AS ends
    GROUP BY node
),

degrees AS (
    SELECT node, count(*) AS degree
    FROM (
        SELECT a AS node FROM ties WHERE gated_because IS NULL
        UNION ALL
        SELECT b AS node FROM ties WHERE gated_because IS NULL
    ) AS ends
    GROUP BY node
)

SELECT
    s.node,
    p.party_id,
    coalesce(d.degree, 0) AS degree,
    s.in_strength,
    s.out_strength,
    c.pagerank,
    c.centrality_pct,
    h.node IS NOT NULL AS is_hub
FROM strengths AS s
INNER JOIN parties AS p ON p.node = s.node
LEFT JOIN degrees AS d ON d.node = s.node
LEFT JOIN central AS c ON c.node = s.node
LEFT JOIN hubs AS h ON h.node = s.node
