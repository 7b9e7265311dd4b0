-- Ads handed out that show a face chosen after an erased person's stay, without that person. Grain: update.
-- Reads: _erased (name). Writes: deliveries.
UPDATE deliveries
SET erased = true, subject_id = NULL
WHERE subject_id IN (SELECT e.name FROM _erased AS e)
