-- Grain: one row per photo whose faces are known; unreadable ones are tried again. Reads faces.
-- Params: model_id (what must have made the rows).
SELECT DISTINCT sha256
FROM faces
WHERE model_id = $model_id AND status <> 'unreadable'
