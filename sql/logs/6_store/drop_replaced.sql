-- Takes stored events out that gave way to an earlier leg.
-- Grain: delete. Reads: _log_replaced. Writes: events.
DELETE FROM events WHERE rowid IN (SELECT rid FROM _log_replaced)
