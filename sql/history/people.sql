-- Customers for whom something was decided in both of two runs, in the first alone and in the second alone. Grain: one row.
-- Reads: decisions. Params: $before and $after, the runs' numbers.
WITH people AS (
    SELECT
        customer_id,
        bool_or(first_run <= $before AND coalesce(last_run, $before) >= $before) AS was,
        bool_or(first_run <= $after AND coalesce(last_run, $after) >= $after) AS still
    FROM decisions
    GROUP BY customer_id
)

SELECT
    count(*) FILTER (WHERE was AND still) AS "both",
    count(*) FILTER (WHERE was AND NOT still) AS gone,
    count(*) FILTER (WHERE still AND NOT was) AS new
FROM people
