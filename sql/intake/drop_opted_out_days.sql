-- Takes the contacts of people who opted out away from what the graph is built from.
-- Grain: delete. Reads: parties. Writes: pair_days.
DELETE FROM pair_days
WHERE
    src IN (SELECT p.node FROM parties AS p WHERE p.opted_out)
    OR dst IN (SELECT p.node FROM parties AS p WHERE p.opted_out)
