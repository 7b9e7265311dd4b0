-- Ads. Grain: one row. Reads: ads.
SELECT count(*) AS n FROM ads
