-- Which numbers are one person's, in two numbers. Grain: one row. Reads: persons.
SELECT count(*) AS n, coalesce(bit_xor(hash(a, b, why)), 0)::VARCHAR AS digest FROM persons
