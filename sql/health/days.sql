-- Calls and texts of each day that has any.
-- Grain: day. Reads: pair_days.
SELECT day, sum(n_calls)::BIGINT AS calls, sum(n_texts)::BIGINT AS texts, count(*)::BIGINT AS pairs
FROM pair_days
GROUP BY day
ORDER BY day
