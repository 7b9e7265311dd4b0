-- Grain: pair-day in [since, as_of), of one of several parts of the pairs; both directions of a pair are in one part.
-- Reads: pair_days, parties. Params: since, as_of (dates), parts (a power of 2), part (0-based). In no order; opted-out parties never
-- take part. engine/graph/tie_days.py sums them up.
SELECT
    CAST(p.src AS INTEGER) AS src,
    CAST(p.dst AS INTEGER) AS dst,
    CAST(date_diff('day', p.day, $as_of) AS INTEGER) AS age,
    p.n_calls,
    p.talk_s,
    p.n_texts
FROM pair_days AS p
WHERE
    p.day >= $since
    AND p.day < $as_of
    AND ((CAST(p.src AS BIGINT) + p.dst) & ($parts - 1)) = $part
    AND p.src NOT IN (SELECT q.node FROM parties AS q WHERE q.opted_out)
    AND p.dst NOT IN (SELECT q.node FROM parties AS q WHERE q.opted_out)
