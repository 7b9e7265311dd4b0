-- Keys of events, to sort: a hash of the two parties and whether they talked (whichever way round then, else with kind and
-- direction), the start in steps of some seconds, and each event's place in the lowest digits. Neighbours with the same
-- hash whose steps are near may be the same event; all such events are neighbours.
-- Grain: event. Reads: _log_pool. Params: $parts among which the hashes are shared out; $hash the digits that are the hash's,
--   $half the unit of talking, $size of a step; $step microseconds; $first_us the earliest start; $base the first place.
SELECT
    (key & $hash::UBIGINT) + talked * $half::UBIGINT
    + ((epoch_us(started_at) - $first_us) // $step)::UBIGINT * $size::UBIGINT
    + (place - $base)::UBIGINT AS mark,
    (key % $parts::UBIGINT)::USMALLINT AS part
FROM (
    SELECT
        place,
        started_at,
        (kind = 'call' AND duration_s > 0)::UBIGINT AS talked,
        CASE
            -- least and greatest take DuckDB ten times as long.
            WHEN kind = 'call' AND duration_s > 0 AND caller < callee THEN hash(caller, callee)
            WHEN kind = 'call' AND duration_s > 0 THEN hash(callee, caller)
            ELSE hash(kind, caller, callee)
        END AS key
    FROM _log_pool
)
