-- Grain: one row per photo that has rows in faces. Reads faces. Params: model_id (what must have made them).
SELECT DISTINCT sha256
FROM faces
WHERE model_id = $model_id
