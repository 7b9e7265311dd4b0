-- Parties of the imports taken back of whom no other file says anything. Grain: delete.
-- Reads: _undo_parties (node), events, repeats, pair_days. Writes: parties.
DELETE FROM parties
WHERE
    node IN (SELECT u.node FROM _undo_parties AS u)
    AND node NOT IN (SELECT e.caller FROM events AS e)
    AND node NOT IN (SELECT e.callee FROM events AS e WHERE e.callee IS NOT NULL)
    AND node NOT IN (SELECT r.caller FROM repeats AS r)
    AND node NOT IN (SELECT r.callee FROM repeats AS r WHERE r.callee IS NOT NULL)
    AND node NOT IN (SELECT d.src FROM pair_days AS d)
    AND node NOT IN (SELECT d.dst FROM pair_days AS d)
