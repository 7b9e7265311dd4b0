-- Those who opted out. Grain: person. Reads: optouts, parties.
SELECT customer_id FROM optouts
UNION
SELECT party_id AS customer_id FROM parties WHERE opted_out
