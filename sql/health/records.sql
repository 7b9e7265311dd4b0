-- What the call records cover: days with contact between two people, calls, texts, seconds talked.
-- Grain: one row. Reads: pair_days.
SELECT
    min(day) AS first_day,
    max(day) AS last_day,
    count(DISTINCT day)::BIGINT AS days,
    coalesce(sum(n_calls), 0)::BIGINT AS calls,
    coalesce(sum(n_texts), 0)::BIGINT AS texts,
    coalesce(sum(talk_s), 0)::BIGINT AS talk_s
FROM pair_days
