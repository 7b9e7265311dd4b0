-- Grain: one row per photo content known as a customer's or a campaign photo. Reads photos, inventory.
SELECT sha256, min(path) AS path
FROM (
    SELECT sha256, path FROM photos
    UNION ALL
    SELECT sha256, path FROM inventory
) AS every
GROUP BY sha256
ORDER BY sha256
