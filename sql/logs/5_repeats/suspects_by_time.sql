-- Events that may be the same as another one: the next one before or after between the same two parties, whichever way
-- round, starts within the window, or their own call ids agree. More than sql/logs/5_repeats/suspects.sql finds, and all of them;
-- for warehouses whose rows are too many for one memory. One shuffle, by the pair.
-- Grain: event. Reads: _log_new, events. Params: $first_at, $last_at the file's span; $window seconds; $ids whether the
--   rows have call ids.
WITH pool AS (
    SELECT false AS is_old, row_id AS rid, kind, caller, callee, started_at, duration_s, call_id FROM _log_new
    UNION ALL
    SELECT
        true AS is_old, rowid AS rid, kind::ENUM('call', 'data', 'text') AS kind, caller, callee, started_at, duration_s,
        NULL::VARCHAR AS call_id
    FROM events
    WHERE
        started_at >= $first_at::TIMESTAMP - to_seconds($window)
        AND started_at <= $last_at::TIMESTAMP + to_seconds($window)
),

pairs AS (
    SELECT *, least(caller, callee) AS a, greatest(caller, callee) AS b FROM pool
),

near AS (
    SELECT
        *,
        lag(started_at) OVER pair AS before,
        lead(started_at) OVER pair AS after
    FROM pairs
    WINDOW pair AS (PARTITION BY a, b ORDER BY started_at, is_old, rid)
),

repeated AS (
    SELECT call_id FROM pool WHERE $ids AND call_id IS NOT NULL GROUP BY call_id HAVING count(*) > 1
)

SELECT is_old, rid, kind, caller, callee, a, b, started_at, duration_s, call_id
FROM near
WHERE
    started_at - to_seconds($window) <= before
    OR started_at + to_seconds($window) >= after
    OR call_id IN (SELECT r.call_id FROM repeated AS r)
