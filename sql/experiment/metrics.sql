-- Grain: metric of one experiment that outcomes came in for. Reads outcomes. Params: experiment_id.
SELECT metric, count(*) AS n
FROM outcomes
WHERE experiment_id = $experiment_id
GROUP BY metric
ORDER BY metric
