-- Grain: one ad seen in one experiment. Reads exposures. Params: experiment_id.
SELECT customer_id, "at", arm
FROM exposures
WHERE experiment_id = $experiment_id
ORDER BY customer_id, "at", arm
