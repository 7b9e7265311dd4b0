-- The distinct handset numbers of the rows that stay, as they came in.
-- Grain: distinct raw IMEI. Reads: _log_all.
SELECT caller_imei AS imei FROM _log_all WHERE reason IS NULL AND caller_imei IS NOT NULL
UNION
SELECT callee_imei AS imei FROM _log_all WHERE reason IS NULL AND callee_imei IS NOT NULL
