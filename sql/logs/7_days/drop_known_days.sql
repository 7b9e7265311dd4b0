-- Takes the touched pairs and days out, to be put back with their new sums.
-- Grain: delete. Reads: _log_days_known. Writes: pair_days.
DELETE FROM pair_days AS p
USING _log_days_known AS k
WHERE p.src = k.src AND p.dst = k.dst AND p.day = k.day
