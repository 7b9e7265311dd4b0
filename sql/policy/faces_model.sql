-- The model of faces that measured how alike photos are now. Grain: one row, or none where no photo was embedded.
-- Reads: faces.
SELECT model_id FROM faces WHERE model_id LIKE '%/inventory-%' ORDER BY model_id LIMIT 1
