-- Grain: version of one experiment's plan, the newest first. Reads plans. Params: experiment_id.
SELECT version, plan, hash
FROM plans
WHERE experiment_id = $experiment_id
ORDER BY version DESC
