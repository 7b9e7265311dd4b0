-- What _standing says of everybody, in two numbers. Grain: one row. Reads: _standing.
SELECT
    count(*) AS n,
    coalesce(bit_xor(hash(customer_id, age, adult, offers, own_face, likeness, traffic)), 0)::VARCHAR AS digest
FROM _standing
