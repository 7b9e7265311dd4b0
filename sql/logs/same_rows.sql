-- Events that stand twice word for word (same kind, parties, start and duration): all but the first, with the first.
-- Grain: event to drop. Reads: _log_suspects. Params: $parts, $part which part of the pairs.
WITH twice AS (
    SELECT
        kind,
        caller,
        callee,
        started_at,
        duration_s,
        bool_or(is_old) AS kept_old,
        coalesce(min(CASE WHEN is_old THEN rid END), min(rid)) AS kept_rid
    FROM _log_suspects
    WHERE a % $parts = $part
    GROUP BY kind, caller, callee, started_at, duration_s
    HAVING count(*) > 1
)

SELECT s.is_old, s.rid, t.kept_old, t.kept_rid, false AS swapped, s.a
FROM _log_suspects AS s
INNER JOIN twice AS t
    ON
        s.kind = t.kind
        AND s.caller = t.caller
        AND s.callee IS NOT DISTINCT FROM t.callee
        AND s.started_at = t.started_at
        AND s.duration_s = t.duration_s
WHERE s.a % $parts = $part AND NOT s.is_old AND (t.kept_old OR s.rid <> t.kept_rid)
