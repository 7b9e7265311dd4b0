-- Parties of whom nothing is left: no call record, no daily sum, no line in a table of customers or consents.
-- Grain: delete. Reads: events, pair_days, customers, optouts, consents, treatments, acts, photos. Writes: parties.
DELETE FROM parties
WHERE
    node NOT IN (SELECT e.caller FROM events AS e)
    AND node NOT IN (SELECT e.callee FROM events AS e WHERE e.callee IS NOT NULL)
    AND node NOT IN (SELECT d.src FROM pair_days AS d)
    AND node NOT IN (SELECT d.dst FROM pair_days AS d)
    AND party_id NOT IN (SELECT c.customer_id FROM customers AS c)
    AND party_id NOT IN (SELECT o.customer_id FROM optouts AS o)
    AND party_id NOT IN (SELECT c.customer_id FROM consents AS c)
    AND party_id NOT IN (SELECT t.customer_id FROM treatments AS t)
    AND party_id NOT IN (SELECT a.customer_id FROM acts AS a)
    AND party_id NOT IN (SELECT p.customer_id FROM photos AS p)
