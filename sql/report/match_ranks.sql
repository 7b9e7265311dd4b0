-- Grain: rank of the contact whose face was matched. Customers it adds. Reads: matches.
SELECT "rank", count(*) AS n
FROM matches
WHERE arm = 'influencer_face' AND status = 'matched' AND "rank" IS NOT NULL
GROUP BY "rank"
ORDER BY "rank"
