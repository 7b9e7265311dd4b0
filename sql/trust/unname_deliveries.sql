-- Ads handed out to an erased person stay, without the person, to be called back. Grain: update.
-- Reads: _erased (name). Writes: deliveries.
UPDATE deliveries
SET erased = true, customer_id = NULL
WHERE customer_id IN (SELECT e.name FROM _erased AS e)
