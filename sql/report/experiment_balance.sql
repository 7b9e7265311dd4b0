-- Grain: characteristic known before the experiment x arm. Customers it is known of, mean, standard deviation.
-- Sums are of decimals, so that they do not depend on the order of rows.
-- Reads: assignments, customers, parties, nodes, influencers, matches.
-- Params: experiment_id, definition (of the influential contact).
WITH known AS (
    SELECT
        a.arm,
        c.age,
        n.degree AS contacts,
        i.tie_share,
        i.centrality_pct AS centrality,
        m.percentile AS likeness
    FROM assignments AS a
    LEFT JOIN customers AS c ON c.customer_id = a.customer_id
    LEFT JOIN nodes AS n ON n.party_id = a.customer_id
    LEFT JOIN influencers AS i ON i.customer_id = a.customer_id AND i.definition = $definition AND i."rank" = 1
    LEFT JOIN matches AS m ON m.customer_id = a.customer_id AND m.arm = 'own_face'
    WHERE a.experiment_id = $experiment_id
),

long AS (
    SELECT 1 AS place, 'age' AS what, arm, CAST(age AS DECIMAL(18, 6)) AS value FROM known
    UNION ALL
    SELECT 2 AS place, 'contacts' AS what, arm, CAST(contacts AS DECIMAL(18, 6)) AS value FROM known
    UNION ALL
    SELECT 3 AS place, 'tie share' AS what, arm, CAST(tie_share AS DECIMAL(18, 6)) AS value FROM known
    UNION ALL
    SELECT 4 AS place, 'contact''s centrality' AS what, arm, CAST(centrality AS DECIMAL(18, 6)) AS value FROM known
    UNION ALL
    SELECT 5 AS place, 'likeness of the own match' AS what, arm, CAST(likeness AS DECIMAL(18, 6)) AS value FROM known
)

SELECT
    what,
    arm,
    count(value) AS n,
    CAST(sum(value) AS DOUBLE) / count(value) AS mean,
    CAST(sum(value * value) AS DOUBLE) / count(value) AS mean_square
FROM long
GROUP BY place, what, arm
HAVING count(value) > 0
ORDER BY place, arm
