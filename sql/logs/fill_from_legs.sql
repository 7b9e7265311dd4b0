-- What only the dropped leg knew of handsets and cells goes into the leg that stays.
-- Grain: update. Reads: _log_legs. Writes: _log_events.
UPDATE _log_events AS k
SET
    caller_tac = coalesce(k.caller_tac, f.caller_tac),
    callee_tac = coalesce(k.callee_tac, f.callee_tac),
    caller_device = coalesce(k.caller_device, f.caller_device),
    callee_device = coalesce(k.callee_device, f.callee_device),
    caller_cell = coalesce(k.caller_cell, f.caller_cell),
    callee_cell = coalesce(k.callee_cell, f.callee_cell)
FROM (
    SELECT
        g.kept_rid,
        max(CASE WHEN g.swapped THEN e.callee_tac ELSE e.caller_tac END) AS caller_tac,
        max(CASE WHEN g.swapped THEN e.caller_tac ELSE e.callee_tac END) AS callee_tac,
        max(CASE WHEN g.swapped THEN e.callee_device ELSE e.caller_device END) AS caller_device,
        max(CASE WHEN g.swapped THEN e.caller_device ELSE e.callee_device END) AS callee_device,
        max(CASE WHEN g.swapped THEN e.callee_cell ELSE e.caller_cell END) AS caller_cell,
        max(CASE WHEN g.swapped THEN e.caller_cell ELSE e.callee_cell END) AS callee_cell
    FROM _log_legs AS g
    INNER JOIN _log_events AS e ON g.rid = e.rowid
    WHERE NOT g.is_old AND NOT g.kept_old
    GROUP BY g.kept_rid
) AS f
WHERE k.rowid = f.kept_rid
