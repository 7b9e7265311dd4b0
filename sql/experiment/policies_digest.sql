-- Which policies of faces are stored, in two numbers. Grain: one row. Reads: policies.
SELECT count(*) AS n, coalesce(bit_xor(hash(policy_id, number)), 0)::VARCHAR AS digest FROM policies
