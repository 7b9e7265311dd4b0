-- What dropped legs and rows knew of handsets and cells, by the leg that stays and from its point of view.
-- Grain: leg that stays. Reads: _log_legs, _log_same, _log_new, events.
WITH repeated AS (
    SELECT is_old, rid, kept_old, kept_rid, swapped FROM _log_legs
    UNION ALL
    SELECT is_old, rid, kept_old, kept_rid, swapped FROM _log_same
),

dropped AS (
    SELECT
        g.kept_old, g.kept_rid, g.swapped, n.caller_tac, n.callee_tac, n.caller_device, n.callee_device, n.caller_cell,
        n.callee_cell
    FROM repeated AS g
    INNER JOIN _log_new AS n ON g.rid = n.row_id
    WHERE NOT g.is_old
    UNION ALL
    SELECT
        g.kept_old, g.kept_rid, g.swapped, e.caller_tac, e.callee_tac, e.caller_device, e.callee_device, e.caller_cell,
        e.callee_cell
    FROM repeated AS g
    INNER JOIN events AS e ON g.rid = e.rowid
    WHERE g.is_old
)

SELECT
    kept_old,
    kept_rid,
    max(CASE WHEN swapped THEN callee_tac ELSE caller_tac END) AS caller_tac,
    max(CASE WHEN swapped THEN caller_tac ELSE callee_tac END) AS callee_tac,
    max(CASE WHEN swapped THEN callee_device ELSE caller_device END) AS caller_device,
    max(CASE WHEN swapped THEN caller_device ELSE callee_device END) AS callee_device,
    max(CASE WHEN swapped THEN callee_cell ELSE caller_cell END) AS caller_cell,
    max(CASE WHEN swapped THEN caller_cell ELSE callee_cell END) AS callee_cell
FROM dropped
GROUP BY kept_old, kept_rid
