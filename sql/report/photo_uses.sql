-- Grain: inventory photo; the `limit` most used. Matches with it, by arm and together, the cap, and how many times the
-- largest creative enlarges it. Reads: matches, inventory, ads. Params: limit.
SELECT
    i.photo_id,
    count(m.customer_id) AS uses,
    count(CASE WHEN m.arm = 'own_face' THEN 1 END) AS own_face,
    count(CASE WHEN m.arm = 'influencer_face' THEN 1 END) AS influencer_face,
    count(CASE WHEN m.arm = 'random_face' THEN 1 END) AS random_face,
    max(i.max_uses) AS max_uses,
    any_value(a.times) AS enlarged
FROM inventory AS i
LEFT JOIN matches AS m ON m.photo_id = i.photo_id AND m.status = 'matched'
LEFT JOIN (SELECT photo_id, max(enlarged) AS times FROM ads GROUP BY photo_id) AS a ON a.photo_id = i.photo_id
GROUP BY i.photo_id
ORDER BY uses DESC, i.photo_id
LIMIT $limit
