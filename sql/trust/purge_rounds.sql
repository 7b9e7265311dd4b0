-- Forgets what was known of customers in rounds of before a moment. Grain: delete. Writes: rounds. Params: $before.
DELETE FROM rounds WHERE "at" < $before
