-- What two runs decided otherwise, row by row. Grain: kind and customer; ordered by them. Reads: _changed (see
-- history/changed). Params: $kinds, those wanted, in order; $most, rows of each (null = all).
WITH placed AS (
    SELECT kind, customer_id, before, after, row_number() OVER (PARTITION BY kind ORDER BY customer_id) AS place
    FROM _changed
    WHERE list_contains($kinds, kind)
)

SELECT kind, customer_id, before, after
FROM placed
WHERE CAST($most AS BIGINT) IS NULL OR place <= CAST($most AS BIGINT)
ORDER BY list_position($kinds, kind), customer_id
