-- Keys of events, to sort: a hash of the two parties and whether they talked (whichever way round then, else with kind and
-- direction), the start in steps of some seconds, and each event's place in the lowest digits. Neighbours with the same
-- hash whose steps are near may be the same event; all such events are neighbours.
-- Grain: event. Reads: _log_pool. Params: $parts among which the hashes are shared out; $low the unit of the hash, $half
--   of talking, $size of a step; $step seconds; $first_at the earliest start; $base the first place.
SELECT
    (key // $low::UBIGINT) * $low::UBIGINT + talked * $half::UBIGINT
    + (epoch_us(started_at - $first_at::TIMESTAMP) // (1000000 * $step))::UBIGINT * $size::UBIGINT
    + (place - $base)::UBIGINT AS mark,
    (key % $parts::UBIGINT)::USMALLINT AS part
FROM (
    SELECT
        place,
        started_at,
        (kind = 'call' AND duration_s > 0)::UBIGINT AS talked,
        CASE
            WHEN kind = 'call' AND duration_s > 0 THEN hash(least(caller, callee), greatest(caller, callee))
            ELSE hash(kind, caller, callee)
        END AS key
    FROM _log_pool
)
