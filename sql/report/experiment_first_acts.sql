-- Grain: customer who acted, with the day after assignment of the first time. Temporary table `first_acts`.
-- Acting is a counted outcome, and one above 0 where `positive`. Reads: assignments, outcomes.
-- Params: experiment_id, metric, positive, horizon_days.
SELECT a.customer_id, min(date_diff('day', a.assigned_at, o."at")) AS day
FROM assignments AS a
INNER JOIN outcomes AS o
    ON o.experiment_id = a.experiment_id AND o.customer_id = a.customer_id AND o.metric = $metric
WHERE
    a.experiment_id = $experiment_id
    AND o."at" >= a.assigned_at
    AND date_diff('day', a.assigned_at, o."at") < $horizon_days
    AND (o.value > 0 OR NOT $positive)
GROUP BY a.customer_id
