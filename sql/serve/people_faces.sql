-- Grain: customer of stage face_choices. Whose face the ad is to show. Reads: face_choices.
SELECT customer_id, arm
FROM face_choices
