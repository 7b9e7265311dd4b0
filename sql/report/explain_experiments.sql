-- Grain: experiment that one customer takes part in. Reads: assignments. Params: customer_id.
SELECT experiment_id, arm, cluster_id, assigned_at
FROM assignments
WHERE customer_id = $customer_id
ORDER BY assigned_at, experiment_id
