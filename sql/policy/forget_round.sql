-- Forgets a round that is drawn anew. Grain: delete. Writes: rounds. Params: $round.
DELETE FROM rounds WHERE "round" = $round
