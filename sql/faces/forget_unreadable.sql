-- Removes the rows of photos that could not be read, before those photos are tried again. Writes faces.
-- Params: model_id.
DELETE FROM faces
WHERE model_id = $model_id AND status = 'unreadable'
