-- What a file adds to each directed pair and day: its rows, less repeated ones and second legs, less stored events that gave
-- way; people who opted out have no pair-days.
-- Grain: directed pair and day. Reads: _log_new, _log_gone, _log_replaced, parties. Params: $since, $until the first day and
--   the day after the last (as times); $parts, $part which part of the callers.
SELECT
    m.src,
    m.dst,
    m.day,
    sum(m.n_calls)::BIGINT AS n_calls,
    sum(m.talk_s)::BIGINT AS talk_s,
    sum(m.n_texts)::BIGINT AS n_texts
FROM (
    SELECT
        caller AS src,
        callee AS dst,
        started_at::DATE AS day,
        coalesce(n_calls, (kind = 'call')::BIGINT) AS n_calls,
        duration_s::BIGINT AS talk_s,
        coalesce(n_texts, (kind = 'text')::BIGINT) AS n_texts
    FROM _log_new
    WHERE callee IS NOT NULL AND started_at >= $since::TIMESTAMP AND started_at < $until::TIMESTAMP
    UNION ALL
    SELECT
        caller AS src,
        callee AS dst,
        started_at::DATE AS day,
        -coalesce(n_calls, (kind = 'call')::BIGINT) AS n_calls,
        -duration_s::BIGINT AS talk_s,
        -coalesce(n_texts, (kind = 'text')::BIGINT) AS n_texts
    FROM _log_gone
    WHERE callee IS NOT NULL AND started_at >= $since::TIMESTAMP AND started_at < $until::TIMESTAMP
    UNION ALL
    SELECT
        caller AS src,
        callee AS dst,
        started_at::DATE AS day,
        -(kind = 'call')::BIGINT AS n_calls,
        -duration_s::BIGINT AS talk_s,
        -(kind = 'text')::BIGINT AS n_texts
    FROM _log_replaced
    WHERE callee IS NOT NULL AND started_at >= $since::TIMESTAMP AND started_at < $until::TIMESTAMP
) AS m
WHERE
    m.src % $parts = $part
    AND m.src NOT IN (SELECT p.node FROM parties AS p WHERE p.opted_out)
    AND m.dst NOT IN (SELECT p.node FROM parties AS p WHERE p.opted_out)
GROUP BY m.src, m.dst, m.day
