-- Files below ads/ that an ad needs. Grain: file. Reads: ads.
SELECT DISTINCT file FROM (SELECT unnest(files) AS file FROM ads) ORDER BY file
