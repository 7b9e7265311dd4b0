-- Grain: consent of one customer. Reads: consents. Params: customer_id.
SELECT purpose, granted_at, expires_at, withdrawn_at
FROM consents
WHERE customer_id = $customer_id
ORDER BY purpose
