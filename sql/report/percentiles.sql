-- Grain: arm x twentieth of the similarity percentile. Customers with a match. Reads: matches.
SELECT arm, least(CAST(floor(percentile * 20) AS INTEGER), 19) AS bin, count(*) AS n
FROM matches
WHERE status = 'matched' AND percentile IS NOT NULL
GROUP BY arm, least(CAST(floor(percentile * 20) AS INTEGER), 19)
ORDER BY arm, bin
