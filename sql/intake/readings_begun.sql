-- Whether rows of a table are kept file by file already. Grain: one row. Reads: sources, meta. Params: $target; $name in meta.
SELECT
    EXISTS (SELECT 1 FROM sources WHERE target = $target AND number IS NOT NULL)
    OR EXISTS (SELECT 1 FROM meta WHERE name = $name) AS begun
