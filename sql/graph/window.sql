-- Grain: one row. Table `graph_window`. Params: as_of (date), window_days, half_life_days.
SELECT
    CAST($as_of AS DATE) AS as_of,
    CAST($window_days AS BIGINT) AS window_days,
    CAST($half_life_days AS DOUBLE) AS half_life_days
