-- Grain: experiment: how many have an arm, since when the last one, how much came back from the field, and of when the
-- last of it is. Reads plans, assignments, exposures, outcomes.
SELECT
    p.experiment_id,
    (SELECT count(*) FROM assignments AS a WHERE a.experiment_id = p.experiment_id) AS assigned,
    (SELECT max(a.assigned_at) FROM assignments AS a WHERE a.experiment_id = p.experiment_id) AS assigned_last,
    (SELECT count(*) FROM exposures AS e WHERE e.experiment_id = p.experiment_id) AS exposures,
    (SELECT count(*) FROM outcomes AS o WHERE o.experiment_id = p.experiment_id) AS outcomes,
    greatest(
        (SELECT max(e."at") FROM exposures AS e WHERE e.experiment_id = p.experiment_id),
        (SELECT max(o."at") FROM outcomes AS o WHERE o.experiment_id = p.experiment_id)
    ) AS last_event
FROM (SELECT DISTINCT experiment_id FROM plans) AS p
ORDER BY p.experiment_id
