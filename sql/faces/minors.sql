-- Grain: one row per customer known to be under age. Reads customers. Params: adult (years).
SELECT customer_id
FROM customers
WHERE age < $adult
ORDER BY customer_id
