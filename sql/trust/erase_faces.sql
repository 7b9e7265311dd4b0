-- Faces on photos that only erased people have, and those that were chosen by hand on photos they share with others (made
-- anew for whoever stays). Grain: delete. Reads: photos, inventory, _erased (name). Writes: faces.
DELETE FROM faces
WHERE
    sha256 IN (SELECT p.sha256 FROM photos AS p WHERE p.customer_id IN (SELECT e.name FROM _erased AS e))
    AND (
        contains(model_id, '@')
        OR (
            sha256 NOT IN (
                SELECT p.sha256 FROM photos AS p WHERE p.customer_id NOT IN (SELECT e.name FROM _erased AS e)
            )
            AND sha256 NOT IN (SELECT i.sha256 FROM inventory AS i)
        )
    )
