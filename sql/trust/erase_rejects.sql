-- Rejected rows whose kept text names an erased person (ids that are not pseudonymised). Grain: delete.
-- Reads: _erased (name). Writes: rejects.
DELETE FROM rejects
WHERE EXISTS (SELECT 1 FROM _erased AS e WHERE contains(rejects.raw, e.name))
