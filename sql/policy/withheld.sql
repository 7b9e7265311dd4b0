-- Customers to whom a policy shows nothing, though they have an offer that is valid on a day. Grain: customer.
-- Reads: face_choices, choices, offers. Params: $as_of.
SELECT f.customer_id, c.offer_id
FROM face_choices AS f
INNER JOIN choices AS c ON c.customer_id = f.customer_id
INNER JOIN offers AS o ON o.offer_id = c.offer_id
WHERE
    f.policy_id IS NOT NULL AND f.arm = 'no_ad'
    AND (o.valid_from IS NULL OR o.valid_from <= $as_of::DATE)
    AND (o.valid_to IS NULL OR o.valid_to >= $as_of::DATE)
ORDER BY f.customer_id
