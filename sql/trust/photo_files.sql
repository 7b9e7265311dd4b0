-- Files below faces/ that a row needs. Grain: file. Reads: photos, inventory.
SELECT path FROM photos UNION SELECT path FROM inventory ORDER BY path
