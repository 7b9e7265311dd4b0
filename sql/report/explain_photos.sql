-- Grain: photo of one customer x face found. Reads: photos, faces. Params: customer_id.
SELECT substr(p.sha256, 1, 12) AS photo, coalesce(f.status, 'not_read') AS status, f.reason, f.probability, f.sharpness, f.yaw
FROM photos AS p
LEFT JOIN faces AS f ON f.sha256 = p.sha256
WHERE p.customer_id = $customer_id
ORDER BY p.sha256, f.model_id, f.face
