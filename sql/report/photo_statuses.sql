-- Grain: whose photos (customers or models) x status of the photo. Photos and the different people in them; a photo
-- not looked at yet has status 'not_read'. Reads: photos, inventory, faces.
WITH best AS (
    SELECT sha256, CASE WHEN max(CASE WHEN status = 'ok' THEN 1 ELSE 0 END) = 1 THEN 'ok' ELSE min(status) END AS status
    FROM faces
    GROUP BY sha256
)

SELECT 'customers' AS whose, coalesce(b.status, 'not_read') AS status, count(*) AS photos, count(DISTINCT p.customer_id) AS people
FROM photos AS p
LEFT JOIN best AS b ON b.sha256 = p.sha256
GROUP BY coalesce(b.status, 'not_read')
UNION ALL
SELECT 'models' AS whose, coalesce(b.status, 'not_read') AS status, count(*) AS photos, count(*) AS people
FROM inventory AS i
LEFT JOIN best AS b ON b.sha256 = i.sha256
GROUP BY coalesce(b.status, 'not_read')
ORDER BY whose, status
