-- Grain: one row. The first day with contact in [since, as_of); null without any. Reads: pair_days. Params: since, as_of (dates).
SELECT min(p.day) AS first_day
FROM pair_days AS p
WHERE p.day >= $since AND p.day < $as_of
