-- Faces on photos that nobody may be shown or lent by, and no campaign has; and those that were chosen by hand on photos
-- that somebody has who may not (made anew for whoever may). Grain: delete. Reads: photos, inventory, _standing.
-- Writes: faces.
DELETE FROM faces
WHERE
    (
        sha256 NOT IN (SELECT i.sha256 FROM inventory AS i)
        AND sha256 NOT IN (
            SELECT p.sha256
            FROM photos AS p
            INNER JOIN _standing AS s ON s.customer_id = p.customer_id
            WHERE s.own_face OR s.likeness
        )
    )
    OR (
        contains(model_id, '@')
        AND sha256 IN (
            SELECT p.sha256
            FROM photos AS p
            LEFT JOIN _standing AS s ON s.customer_id = p.customer_id
            WHERE NOT coalesce(s.own_face OR s.likeness, false)
        )
    )
