-- Grain: one row per usable face of a campaign photo that was matched, embedded ones first, then the largest.
-- Reads: matches, inventory, faces. Coordinates are pixels of the upright photo of width x height.
SELECT DISTINCT i.sha256, f.model_id, f.face, f.box, f.landmarks, f.width, f.height,
       f.status = 'ok' AS usable, (f.box[3] - f.box[1]) * (f.box[4] - f.box[2]) AS area
FROM matches AS m
JOIN inventory AS i ON i.photo_id = m.photo_id
JOIN faces AS f ON f.sha256 = i.sha256
WHERE m.status = 'matched' AND f.box IS NOT NULL AND f.landmarks IS NOT NULL
ORDER BY i.sha256, usable DESC, area DESC, f.model_id, f.face
