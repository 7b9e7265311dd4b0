-- Grain: one customer's assignment in one experiment. Reads assignments. Params: experiment_id.
SELECT customer_id, cluster_id, arm, assigned_at, version
FROM assignments
WHERE experiment_id = $experiment_id
ORDER BY customer_id
