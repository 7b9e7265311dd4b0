-- The pair-days of days of which nothing was known before this file's events: the sums of these.
-- Grain: directed pair and day. Reads: events. Params: $since, $until when the first day begins and the last one ends;
--   $parts, $part which part of the callers.
SELECT
    e.caller AS src,
    e.callee AS dst,
    local_day(e.started_at) AS day,
    count(*) FILTER (e.kind = 'call') AS n_calls,
    sum(e.duration_s)::BIGINT AS talk_s,
    count(*) FILTER (e.kind = 'text') AS n_texts
FROM events AS e
WHERE
    e.callee IS NOT NULL
    AND e.started_at >= $since::TIMESTAMP
    AND e.started_at < $until::TIMESTAMP
    AND e.caller % $parts = $part
GROUP BY e.caller, e.callee, local_day(e.started_at)
