-- Takes the events of imports out, and those of the pairs in which they meet others.
-- Grain: delete. Reads: _undo_pairs. Writes: events. Params: $gone ids of the imports.
DELETE FROM events
WHERE
    list_contains($gone, source_id)
    OR EXISTS (
        SELECT 1
        FROM _undo_pairs AS p
        WHERE p.a = least(events.caller, events.callee) AND p.b = greatest(events.caller, events.callee)
    )
