-- Grain: one row per table that changed after a run: what a later stage run wrote, or a later import
-- brought or took away with it.
-- Reads: runs, sources. Params: $run_id.
WITH mark AS (SELECT finished_at FROM runs WHERE run_id = $run_id)
SELECT DISTINCT name
FROM (
    SELECT unnest(json_keys(r.rows)) AS name
    FROM runs AS r, mark
    WHERE r.status = 'done' AND r.finished_at > mark.finished_at
    UNION ALL
    SELECT unnest(CASE WHEN s.target = 'undo' THEN string_split(s.format, ',') ELSE [s.target] END) AS name
    FROM sources AS s, mark
    WHERE s.imported_at > mark.finished_at
)
ORDER BY name
