-- Grain: kind of event x direction of one party. Events, answered ones, seconds, megabytes, first and last.
-- Reads: events. Params: node.
SELECT
    kind,
    CASE WHEN kind = 'data' THEN '' WHEN caller = $node THEN 'out' ELSE 'in' END AS direction,
    count(*) AS events,
    count(CASE WHEN answered THEN 1 END) AS answered,
    CAST(sum(duration_s) AS BIGINT) AS seconds,
    CAST(sum(CAST(volume_mb AS DECIMAL(28, 6))) AS DOUBLE) AS volume_mb,
    min(started_at) AS first_at,
    max(started_at) AS last_at
FROM events
WHERE caller = $node OR callee = $node
GROUP BY kind, CASE WHEN kind = 'data' THEN '' WHEN caller = $node THEN 'out' ELSE 'in' END
ORDER BY kind, direction
