-- Grain: customer of stage choices. The offer. Reads: choices.
SELECT customer_id, offer_id, expected_value
FROM choices
