-- What kinds of events a file's repeated rows and second legs are.
-- Grain: one row. Reads: _log_gone.
SELECT
    count(*) FILTER (kind = 'call' AND NOT answered)::BIGINT AS missed_calls,
    count(*) FILTER (kind = 'text')::BIGINT AS texts,
    count(*) FILTER (kind = 'data')::BIGINT AS data_sessions
FROM _log_gone
