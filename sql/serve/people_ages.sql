-- Grain: customer with a row in table customers. In which band of ages. Reads: _ages.
SELECT
    customer_id,
    CASE
        WHEN age IS NULL THEN 'not known'
        WHEN age < 18 THEN '0-17'
        WHEN age < 25 THEN '18-24'
        WHEN age < 35 THEN '25-34'
        WHEN age < 45 THEN '35-44'
        WHEN age < 55 THEN '45-54'
        WHEN age < 65 THEN '55-64'
        ELSE '65+'
    END AS age_band
FROM _ages
