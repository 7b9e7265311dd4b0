-- What is decided for each customer by now: the first contact, the offer, the face and the ad that is shown.
-- Grain: customer. Reads: influencers, choices, face_choices, ads. Params: $definition, of the influencers that count.
WITH people AS (
    SELECT customer_id FROM influencers WHERE definition = $definition AND "rank" = 1
    UNION
    SELECT customer_id FROM choices
    UNION
    SELECT customer_id FROM face_choices
)

SELECT
    p.customer_id,
    i.contact_id,
    c.offer_id,
    CAST(f.arm AS VARCHAR) AS arm,
    f.subject_id,
    f.photo_id,
    CASE
        WHEN a.ad_id IS NOT NULL
            THEN concat_ws(':', a.ad_id, substr(sha256(array_to_string(a.files, chr(31))), 1, 8))
    END AS ad
FROM people AS p
LEFT JOIN influencers AS i ON i.customer_id = p.customer_id AND i.definition = $definition AND i."rank" = 1
LEFT JOIN choices AS c ON c.customer_id = p.customer_id
LEFT JOIN face_choices AS f ON f.customer_id = p.customer_id
LEFT JOIN ads AS a ON a.customer_id = p.customer_id AND a.arm = f.arm
ORDER BY p.customer_id
