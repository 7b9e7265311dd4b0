-- Events that stand twice word for word (same kind, parties, start and duration): all but the first.
-- Grain: event to drop. Reads: _log_suspects.
SELECT is_old, rid
FROM (
    SELECT
        is_old,
        rid,
        row_number() OVER (
            PARTITION BY kind, caller, callee, started_at, duration_s ORDER BY is_old DESC, rid
        ) AS n
    FROM _log_suspects
) AS numbered
WHERE n > 1 AND NOT is_old
