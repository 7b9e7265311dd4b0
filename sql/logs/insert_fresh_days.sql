-- Adds a file's contacts on days on which nobody had contact.
-- Grain: directed pair and day. Reads: _log_new. Writes: pair_days.
INSERT INTO pair_days BY NAME
SELECT
    caller AS src,
    callee AS dst,
    started_at::DATE AS day,
    sum(coalesce(n_calls, (kind = 'call')::BIGINT))::BIGINT AS n_calls,
    sum(duration_s)::BIGINT AS talk_s,
    sum(coalesce(n_texts, (kind = 'text')::BIGINT))::BIGINT AS n_texts
FROM _log_new
WHERE callee IS NOT NULL
GROUP BY caller, callee, started_at::DATE
