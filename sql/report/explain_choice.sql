-- Grain: one row or none. What was chosen for one customer, and why. Reads: choices. Params: customer_id.
SELECT offer_id, expected_value, reason
FROM choices
WHERE customer_id = $customer_id
