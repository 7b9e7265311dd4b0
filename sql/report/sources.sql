-- Grain: what was imported (logs, customers, ...). Rows in = kept + duplicate + rejected. Reads: sources.
SELECT
    target,
    count(*) AS files,
    CAST(sum(rows_in) AS BIGINT) AS rows_in,
    CAST(sum(rows_kept) AS BIGINT) AS rows_kept,
    CAST(sum(rows_duplicate) AS BIGINT) AS rows_duplicate,
    CAST(sum(rows_rejected) AS BIGINT) AS rows_rejected
FROM sources
WHERE target <> 'undo'
GROUP BY target
ORDER BY target
