-- Whether nothing is known of the days a file covers, and nobody opted out.
-- Grain: one row. Reads: events, pair_days, parties. Params: $since, $until the file's first day and the day
--   after its last; $begins, $ends when they begin.
SELECT
    NOT EXISTS (SELECT 1 FROM pair_days AS d WHERE d.day >= $since::DATE AND d.day < $until::DATE)
    AND NOT EXISTS (SELECT 1 FROM events AS e WHERE e.started_at >= $begins::TIMESTAMP AND e.started_at < $ends::TIMESTAMP)
    AND NOT EXISTS (SELECT 1 FROM parties AS p WHERE p.opted_out) AS fresh
