-- Grain: characteristic known before the experiment x arm. Customers it is known of, mean, standard deviation.
-- Sums are of decimals, so that they do not depend on the order of rows.
-- Reads: experiment_known.
WITH long AS (
    SELECT 1 AS place, 'age' AS what, arm, CAST(age AS DECIMAL(18, 6)) AS value FROM experiment_known
    UNION ALL
    SELECT 2 AS place, 'contacts' AS what, arm, CAST(contacts AS DECIMAL(18, 6)) AS value FROM experiment_known
    UNION ALL
    SELECT 3 AS place, 'tie share' AS what, arm, CAST(tie_share AS DECIMAL(18, 6)) AS value FROM experiment_known
    UNION ALL
    SELECT 4 AS place, 'contact''s centrality' AS what, arm, CAST(centrality AS DECIMAL(18, 6)) AS value FROM experiment_known
    UNION ALL
    SELECT 5 AS place, 'likeness of the own match' AS what, arm, CAST(likeness AS DECIMAL(18, 6)) AS value FROM experiment_known
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
