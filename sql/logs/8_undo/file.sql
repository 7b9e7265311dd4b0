-- One file's rows of the pairs. Grain: row. Reads: _undo_rows. Params: $source_id.
SELECT
    row_id, kind, caller, callee, started_at, duration_s, answered, volume_mb, caller_tac, callee_tac, caller_device,
    callee_device, caller_cell, callee_cell, call_id, n_calls, n_texts
FROM _undo_rows
WHERE source_id = $source_id
