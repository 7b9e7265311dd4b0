-- Grain: customer with a handset. The manufacturer of the last one. Reads: handsets.
SELECT customer_id, max_by(manufacturer, spell) AS manufacturer
FROM handsets
GROUP BY customer_id
