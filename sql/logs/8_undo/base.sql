-- Events that an older Kindred had stored, as they were: where the same one is there twice, the kept row.
-- Grain: event. Reads: _undo_rows. Params: $source_id.
SELECT
    kind, caller, callee, started_at, duration_s, answered, volume_mb, caller_tac, callee_tac, caller_device, callee_device,
    caller_cell, callee_cell, source_id
FROM _undo_rows
WHERE source_id = $source_id
