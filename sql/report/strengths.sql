-- Grain: bin of total tie strength, in powers of two (`low` is the exponent; null: no contact in the window).
-- Reads: parties, nodes.
SELECT
    CASE WHEN n.in_strength + n.out_strength > 0 THEN CAST(floor(log2(n.in_strength + n.out_strength)) AS INTEGER) END AS low,
    count(*) AS n
FROM parties AS p
LEFT JOIN nodes AS n ON n.node = p.node
WHERE p.is_customer
GROUP BY 1
ORDER BY low NULLS FIRST
