-- The rows of sql/logs/6_store/repeats.sql, found before they are stored.
-- Grain: row of the file. Reads: _log_repeats.
SELECT * FROM _log_repeats
