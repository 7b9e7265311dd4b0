-- By how much the sums of pairs and days changed. Grain: directed pair and day. Reads: _undo_before, _undo_after.
SELECT src, dst, day, sum(n_calls)::BIGINT AS n_calls, sum(talk_s)::BIGINT AS talk_s, sum(n_texts)::BIGINT AS n_texts
FROM (
    SELECT src, dst, day, n_calls, talk_s, n_texts FROM _undo_after
    UNION ALL
    SELECT src, dst, day, -n_calls AS n_calls, -talk_s AS talk_s, -n_texts AS n_texts FROM _undo_before
) AS m
GROUP BY src, dst, day
HAVING sum(n_calls) <> 0 OR sum(talk_s) <> 0 OR sum(n_texts) <> 0
