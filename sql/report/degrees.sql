-- Grain: bin of contacts over ungated ties (0, 1, 2, ... 9, then powers of 2 ^ (1/2)). Customers; a hub
-- has no ungated tie. Reads: parties, nodes.
WITH degrees AS (
    SELECT coalesce(n.degree, 0) AS degree
    FROM parties AS p
    LEFT JOIN nodes AS n ON n.node = p.node
    WHERE p.is_customer
),

binned AS (
    SELECT CASE WHEN degree < 10 THEN degree ELSE CAST(floor(10 * pow(2, floor(2 * log2(degree / 10.0)) / 2)) AS BIGINT) END AS low
    FROM degrees
)

SELECT low, count(*) AS n
FROM binned
GROUP BY low
ORDER BY low
