-- Customers by age, in bands of ten years; null where the age is not known.
-- Grain: band. Reads: _health_ages (sql/trust/ages of the day).
SELECT (age // 10 * 10)::BIGINT AS low, count(*)::BIGINT AS n
FROM _health_ages
GROUP BY age // 10 * 10
ORDER BY low NULLS LAST
