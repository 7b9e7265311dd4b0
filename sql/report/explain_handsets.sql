-- Grain: handset spell of one customer. Reads: handsets. Params: customer_id.
SELECT spell, manufacturer, model, first_at, last_at, n_events
FROM handsets
WHERE customer_id = $customer_id
ORDER BY spell
