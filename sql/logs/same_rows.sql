-- Events that stand twice word for word (same kind, parties, start and duration): all but the first, with the first.
-- Grain: event to drop. Reads: _log_suspects.
SELECT is_old, rid, kept_old, kept_rid, false AS swapped
FROM (
    SELECT
        is_old,
        rid,
        row_number() OVER same AS n,
        first_value(is_old) OVER same AS kept_old,
        first_value(rid) OVER same AS kept_rid
    FROM _log_suspects
    WINDOW same AS (PARTITION BY kind, caller, callee, started_at, duration_s ORDER BY is_old DESC, rid)
) AS numbered
WHERE n > 1 AND NOT is_old
