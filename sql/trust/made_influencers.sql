-- Influencers named. Grain: one row. Reads: influencers.
SELECT count(*) AS n FROM influencers
