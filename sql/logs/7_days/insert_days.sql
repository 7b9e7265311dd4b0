-- Adds the touched pairs and days with their new sums; where nothing is left, nothing stands.
-- Grain: directed pair and day. Reads: _log_days, _log_days_known. Writes: pair_days.
INSERT INTO pair_days BY NAME
SELECT
    d.src,
    d.dst,
    d.day,
    d.n_calls + coalesce(k.n_calls, 0) AS n_calls,
    d.talk_s + coalesce(k.talk_s, 0) AS talk_s,
    d.n_texts + coalesce(k.n_texts, 0) AS n_texts
FROM _log_days AS d
LEFT JOIN _log_days_known AS k ON d.src = k.src AND d.dst = k.dst AND d.day = k.day
WHERE d.n_calls + coalesce(k.n_calls, 0) + d.n_texts + coalesce(k.n_texts, 0) > 0
