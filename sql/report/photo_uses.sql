-- Grain: inventory photo; the `limit` most used. Matches with it, by arm and together, and the cap.
-- Reads: matches, inventory. Params: limit.
SELECT
    i.photo_id,
    count(m.customer_id) AS uses,
    count(CASE WHEN m.arm = 'own_face' THEN 1 END) AS own_face,
    count(CASE WHEN m.arm = 'influencer_face' THEN 1 END) AS influencer_face,
    count(CASE WHEN m.arm = 'random_face' THEN 1 END) AS random_face,
    max(i.max_uses) AS max_uses
FROM inventory AS i
LEFT JOIN matches AS m ON m.photo_id = i.photo_id AND m.status = 'matched'
GROUP BY i.photo_id
ORDER BY uses DESC, i.photo_id
LIMIT $limit
