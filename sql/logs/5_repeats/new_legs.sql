-- How many of a file's own rows are second legs.
-- Grain: one row. Reads: _log_legs.
SELECT count(*)::BIGINT AS n FROM _log_legs WHERE NOT is_old
