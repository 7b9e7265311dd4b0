-- Ages on a day, and their bands (`engine.segments`; null where the age is not known): of the birth date, as told, or
-- the younger of the two. Whatever counts ages asks this, nobody reads customers.age (`engine.trust.ages`: `_ages`
-- today, `_ages_then` on the day that is asked for). Grain: customer. Reads: customers. Params: $day.
WITH born AS (
    SELECT
        customer_id,
        age,
        CASE
            WHEN birth_date IS NOT NULL THEN
                year($day::DATE) - year(birth_date)
                - CASE
                    WHEN month($day::DATE) * 100 + day($day::DATE) < month(birth_date) * 100 + day(birth_date) THEN 1
                    ELSE 0
                END
        END AS since_birth
    FROM customers
),

aged AS (
    SELECT
        customer_id,
        CASE WHEN age IS NULL OR since_birth < age THEN since_birth ELSE age END::INTEGER AS age
    FROM born
)

SELECT
    customer_id,
    age,
    CASE
        WHEN age < 18 THEN '0-17'
        WHEN age < 25 THEN '18-24'
        WHEN age < 35 THEN '25-34'
        WHEN age < 45 THEN '35-44'
        WHEN age < 55 THEN '45-54'
        WHEN age < 65 THEN '55-64'
        WHEN age >= 65 THEN '65+'
    END AS age_band
FROM aged
