-- Which faces were chosen by hand, in two numbers. Grain: one row. Reads: settled.
SELECT
    count(*) AS n,
    coalesce(bit_xor(hash(customer_id, sha256, x, y)), 0)::VARCHAR AS digest
FROM settled
