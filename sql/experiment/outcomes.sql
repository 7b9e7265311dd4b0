-- Grain: one outcome of one metric in one experiment. Reads outcomes. Params: experiment_id, metric.
SELECT customer_id, "at", value
FROM outcomes
WHERE experiment_id = $experiment_id AND metric = $metric
ORDER BY customer_id, "at", value
