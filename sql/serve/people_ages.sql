-- Grain: customer with a row in table customers. In which band of ages. Reads: _ages.
SELECT customer_id, coalesce(age_band, 'not known') AS age_band FROM _ages
