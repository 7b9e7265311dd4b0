-- No second legs, where rows are sums and not calls: an empty table in the shape of logs/5_repeats/second_legs.
-- Grain: leg to drop. Reads: nothing.
SELECT false AS is_old, 0::BIGINT AS rid, false AS kept_old, 0::BIGINT AS kept_rid, false AS swapped WHERE false
