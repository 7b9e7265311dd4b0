-- The distinct ids of the rows that stay, as they came in.
-- Grain: distinct raw id. Reads: _log_all.
SELECT caller AS raw FROM _log_all WHERE reason IS NULL
UNION
SELECT callee AS raw FROM _log_all WHERE reason IS NULL AND callee IS NOT NULL
