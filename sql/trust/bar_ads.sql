-- Ads that may not be shown. Grain: delete. Reads: _showable. Writes: ads.
DELETE FROM ads
WHERE ad_id NOT IN (SELECT s.ad_id FROM _showable AS s)
