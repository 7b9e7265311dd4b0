-- Second legs of calls: the same two parties whichever way round, talk on both, durations and starts that differ by
-- no more than allowed, or one shared call id; the earlier leg stays (after bandicoot's rule, METHODS section 1).
-- Grain: leg to drop, with the leg that stays. Reads: _log_suspects, _log_same. Params: $window seconds, $slack seconds.
WITH once AS (
    SELECT s.*
    FROM _log_suspects AS s
    WHERE s.kind = 'call' AND (s.is_old, s.rid) NOT IN (SELECT (d.is_old, d.rid) FROM _log_same AS d)
),

pairs AS (
    SELECT
        l.is_old, l.rid, k.is_old AS kept_old, k.rid AS kept_rid, l.caller <> k.caller AS swapped,
        row_number() OVER (
            PARTITION BY l.is_old, l.rid ORDER BY k.started_at, k.caller, k.duration_s, k.is_old DESC, k.rid
        ) AS n
    FROM once AS l
    INNER JOIN once AS k
        ON
            l.a = k.a AND l.b = k.b
            AND (k.started_at, k.caller, k.duration_s, NOT k.is_old, k.rid)
            < (l.started_at, l.caller, l.duration_s, NOT l.is_old, l.rid)
    WHERE
        CASE
            WHEN l.call_id IS NOT NULL AND k.call_id IS NOT NULL THEN l.call_id = k.call_id
            ELSE
                l.duration_s > 0 AND k.duration_s > 0
                AND abs(l.duration_s - k.duration_s) <= $slack
                AND l.started_at - k.started_at <= to_seconds($window)
        END
)

SELECT is_old, rid, kept_old, kept_rid, swapped FROM pairs WHERE n = 1
