-- Grain: experiment, with the plan that counts (its newest version). Reads plans.
SELECT p.experiment_id, p.version, p.plan
FROM plans AS p
JOIN (SELECT experiment_id, max(version) AS version FROM plans GROUP BY experiment_id) AS newest
  ON newest.experiment_id = p.experiment_id AND newest.version = p.version
ORDER BY p.experiment_id
