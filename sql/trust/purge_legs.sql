-- Kept second legs, from the first moment that is kept, of calls that began before it: they are the same calls.
-- Grain: delete. Reads: events. Writes: repeats. Params: $before, the first moment kept; $window seconds.
DELETE FROM repeats
WHERE
    started_at >= $before::TIMESTAMP AND started_at <= $before::TIMESTAMP + to_seconds($window)
    AND NOT EXISTS (
        SELECT 1
        FROM events AS e
        WHERE
            e.started_at >= $before::TIMESTAMP AND e.started_at <= $before::TIMESTAMP + to_seconds($window)
            AND e.kind = repeats.kind AND e.caller = repeats.caller AND e.callee IS NOT DISTINCT FROM repeats.callee
            AND e.started_at = repeats.started_at AND e.duration_s = repeats.duration_s
    )
    AND EXISTS (
        SELECT 1
        FROM events AS e
        WHERE
            e.started_at < $before::TIMESTAMP AND e.started_at >= $before::TIMESTAMP - to_seconds($window)
            AND least(e.caller, e.callee) = least(repeats.caller, repeats.callee)
            AND greatest(e.caller, e.callee) = greatest(repeats.caller, repeats.callee)
    )
