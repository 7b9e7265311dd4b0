-- Who among the parties is a customer and who opted out, after a change of the customers or the opt-outs.
-- Grain: party. Reads: customers, optouts, sources. Writes: parties.
-- Where customers were never imported every party is a customer; a person who opted out never is.
UPDATE parties
SET
    opted_out = party_id IN (SELECT o.customer_id FROM optouts AS o),
    is_customer = party_id NOT IN (SELECT o.customer_id FROM optouts AS o)
    AND (
        party_id IN (SELECT c.customer_id FROM customers AS c)
        OR NOT (
            EXISTS (SELECT 1 FROM customers AS c)
            OR EXISTS (SELECT 1 FROM sources AS s WHERE s.target = 'customers')
        )
    )
