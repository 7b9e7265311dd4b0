-- No dropped leg knew of handsets or cells: an empty table in the shape of logs/5_repeats/leg_facts.
-- Grain: leg that stays. Reads: nothing.
SELECT
    false AS kept_old, 0::BIGINT AS kept_rid, ''::VARCHAR AS caller_tac, ''::VARCHAR AS callee_tac,
    ''::VARCHAR AS caller_device, ''::VARCHAR AS callee_device, ''::VARCHAR AS caller_cell, ''::VARCHAR AS callee_cell
WHERE false
