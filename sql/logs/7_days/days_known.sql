-- Pairs and days a file touches that have contact already.
-- Grain: directed pair and day. Reads: _log_days, pair_days.
SELECT d.src, d.dst, d.day, p.n_calls, p.talk_s, p.n_texts
FROM pair_days AS p
INNER JOIN _log_days AS d ON p.src = d.src AND p.dst = d.dst AND p.day = d.day
