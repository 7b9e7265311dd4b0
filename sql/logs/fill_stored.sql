-- What only a file's dropped legs knew of handsets and cells goes into the stored events that stay.
-- Grain: update. Reads: _log_facts. Writes: events.
UPDATE events AS k
SET
    caller_tac = coalesce(k.caller_tac, f.caller_tac),
    callee_tac = coalesce(k.callee_tac, f.callee_tac),
    caller_device = coalesce(k.caller_device, f.caller_device),
    callee_device = coalesce(k.callee_device, f.callee_device),
    caller_cell = coalesce(k.caller_cell, f.caller_cell),
    callee_cell = coalesce(k.callee_cell, f.callee_cell)
FROM _log_facts AS f
WHERE f.kept_old AND k.rowid = f.kept_rid
