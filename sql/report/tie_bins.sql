-- Grain: figure (reciprocity over pairs without a hub, overlap over ungated pairs) and twentieth of [0, 1].
-- Reads: ties.
SELECT 'reciprocity' AS figure, least(CAST(floor(reciprocity * 20) AS INTEGER), 19) AS bin, count(*) AS n
FROM ties
WHERE gated_because IS NULL OR gated_because <> 'hub'
GROUP BY 2
UNION ALL
SELECT 'overlap' AS figure, least(CAST(floor(overlap * 20) AS INTEGER), 19) AS bin, count(*) AS n
FROM ties
WHERE gated_because IS NULL AND overlap IS NOT NULL
GROUP BY 2
ORDER BY figure, bin
