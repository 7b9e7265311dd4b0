-- Grain: arm x day after assignment on which a customer acted first (null = never). Customers.
-- Reads: assignments, first_acts. Params: experiment_id.
SELECT a.arm, CAST(f.day AS BIGINT) AS day, count(*) AS customers
FROM assignments AS a
LEFT JOIN first_acts AS f ON f.customer_id = a.customer_id
WHERE a.experiment_id = $experiment_id
GROUP BY a.arm, f.day
ORDER BY a.arm, f.day
