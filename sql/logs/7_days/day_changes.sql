-- What a file adds to each directed pair and day: its rows, less repeated ones and second legs, less stored events that gave
-- way; people who opted out have no pair-days.
-- Grain: directed pair and day. Reads: _log_new, _log_gone, _log_replaced, parties. Params: $since, $until when the first day
--   begins and the last one ends; $parts, $part which part of the callers.
SELECT
    m.caller AS src,
    m.callee AS dst,
    local_day(m.started_at) AS day,
    sum(m.sign * coalesce(m.n_calls, (m.kind = 'call')::BIGINT))::BIGINT AS n_calls,
    sum(m.sign * m.duration_s)::BIGINT AS talk_s,
    sum(m.sign * coalesce(m.n_texts, (m.kind = 'text')::BIGINT))::BIGINT AS n_texts
FROM (
    SELECT kind, caller, callee, started_at, duration_s, n_calls, n_texts, 1::BIGINT AS sign FROM _log_new
    UNION ALL
    SELECT kind, caller, callee, started_at, duration_s, n_calls, n_texts, -1::BIGINT AS sign FROM _log_gone
    UNION ALL
    SELECT kind, caller, callee, started_at, duration_s, n_calls, n_texts, -1::BIGINT AS sign FROM _log_replaced
) AS m
WHERE
    m.callee IS NOT NULL
    AND m.started_at >= $since::TIMESTAMP
    AND m.started_at < $until::TIMESTAMP
    AND m.caller % $parts = $part
    AND m.caller NOT IN (SELECT p.node FROM parties AS p WHERE p.opted_out)
    AND m.callee NOT IN (SELECT p.node FROM parties AS p WHERE p.opted_out)
GROUP BY m.caller, m.callee, local_day(m.started_at)
