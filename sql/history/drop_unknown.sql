-- Nobody stands among earlier decisions of whom nothing else is known any more. Grain: delete.
-- Reads: _everybody (see trust/everybody). Writes: decisions.
DELETE FROM decisions WHERE customer_id NOT IN (SELECT e.name FROM _everybody AS e)
