-- Grain: one row per campaign photo whose model's looks are estimated. Reads estimates.
-- Params: model_id (what must have made the rows).
SELECT sha256
FROM estimates
WHERE model_id = $model_id
