-- What a file's rows that stay cover, and how many stored events lie so near that they may be the same.
-- Grain: one row. Reads: _log_new, events. Params: $window seconds.
WITH span AS (
    SELECT
        min(started_at) AS first_at,
        max(started_at) AS last_at,
        count(*)::BIGINT AS n,
        coalesce(min(row_id), 0)::BIGINT AS first_place,
        coalesce(max(row_id), 0)::BIGINT AS last_place,
        count(*) FILTER (kind = 'call' AND NOT answered)::BIGINT AS missed_calls,
        count(*) FILTER (kind = 'text')::BIGINT AS texts,
        count(*) FILTER (kind = 'data')::BIGINT AS data_sessions
    FROM _log_new
)

SELECT
    s.*,
    (
        SELECT count(*)::BIGINT
        FROM events AS e
        WHERE
            e.started_at >= s.first_at - to_seconds($window)
            AND e.started_at <= s.last_at + to_seconds($window)
    ) AS near
FROM span AS s
