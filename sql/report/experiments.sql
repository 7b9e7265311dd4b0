-- Grain: experiment, and how far it has come. Reads: plans, assignments, exposures, outcomes.
WITH named AS (
    SELECT DISTINCT experiment_id FROM plans
),

assigned AS (
    SELECT experiment_id, count(*) AS n, min(assigned_at) AS assigned_at FROM assignments GROUP BY experiment_id
),

seen AS (
    SELECT experiment_id, count(*) AS n FROM exposures GROUP BY experiment_id
),

came AS (
    SELECT experiment_id, count(*) AS n FROM outcomes GROUP BY experiment_id
)

SELECT
    p.experiment_id,
    coalesce(a.n, 0) > 0 AS assigned,
    a.assigned_at,
    coalesce(s.n, 0) > 0 AS shown,
    coalesce(c.n, 0) > 0 AS answered
FROM named AS p
LEFT JOIN assigned AS a ON a.experiment_id = p.experiment_id
LEFT JOIN seen AS s ON s.experiment_id = p.experiment_id
LEFT JOIN came AS c ON c.experiment_id = p.experiment_id
ORDER BY p.experiment_id
