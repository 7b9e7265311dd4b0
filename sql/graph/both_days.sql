-- Grain: unordered pair with days in [since, as_of) on which both had contact with the other. Temporary table `both_days`.
-- Reads: pair_days. Params: since, as_of (dates).
SELECT p.src AS a, p.dst AS b, count(*) AS days
FROM pair_days AS p
INNER JOIN pair_days AS q ON q.src = p.dst AND q.dst = p.src AND q.day = p.day
WHERE
    p.src < p.dst
    AND q.src > q.dst
    AND p.day >= $since
    AND p.day < $as_of
    AND q.day >= $since
    AND q.day < $as_of
GROUP BY p.src, p.dst
