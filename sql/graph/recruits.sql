-- Grain: pair of a customer with an offer who cannot be shown an influencer's face, and a contact who could lend one if
-- asked: a customer too, known to be an adult, who has not opted out. Reads: matches, choices, parties, optouts, _lenders
-- (faces/lenders), _standing.
SELECT l.contact_id, l.customer_id, greatest(c.expected_value, 0) AS value
FROM _lenders AS l
INNER JOIN matches AS m ON m.customer_id = l.customer_id AND m.arm = 'influencer_face' AND m.status <> 'matched'
INNER JOIN choices AS c ON c.customer_id = l.customer_id AND c.offer_id IS NOT NULL
INNER JOIN parties AS p ON p.party_id = l.contact_id AND p.is_customer AND NOT p.opted_out
INNER JOIN _standing AS s ON s.customer_id = l.contact_id AND s.adult
WHERE
    l.contact_id NOT IN (SELECT o.customer_id FROM optouts AS o)
    AND l.customer_id NOT IN (SELECT o.customer_id FROM optouts AS o)
ORDER BY l.contact_id, l.customer_id
