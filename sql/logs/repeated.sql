-- Keys that more than one event has, as found in memory.
-- Grain: key. Reads: _log_repeated_frame (key).
SELECT DISTINCT key FROM _log_repeated_frame
