-- Offers to people who may get none. Grain: update. Reads: _standing. Writes: choices.
-- Params: $unknown_offers, whether people of whom nothing is known may get one.
UPDATE choices
SET offer_id = NULL, expected_value = 0, reason = 'no longer allowed: consent, age or opt-out changed since the last run'
WHERE
    offer_id IS NOT NULL
    AND customer_id NOT IN (SELECT s.customer_id FROM _standing AS s WHERE s.offers)
    AND (NOT $unknown_offers OR customer_id IN (SELECT s.customer_id FROM _standing AS s))
