-- No party is new: an empty table in the shape of logs/3_people/new_parties. Grain: party. Reads: nothing.
SELECT 0::UINTEGER AS node, ''::VARCHAR AS party_id, false AS is_customer, false AS opted_out WHERE false
