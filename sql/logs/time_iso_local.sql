-- Defines log_time: ISO 8601 text (or a Parquet time) in a time zone unless it carries an offset or Z, to UTC.
-- Grain: macro. Params of the macro: the value, formats, zone and epoch (value and zone are used).
CREATE OR REPLACE TEMP MACRO log_time(value, formats, zone, epoch) AS
CASE
    WHEN length(value::VARCHAR) > 19 AND regexp_matches(value::VARCHAR, '(Z|z|[+-][0-9]{2}(:?[0-9]{2})?)$')
        THEN timezone('UTC', try_cast(value AS TIMESTAMPTZ))
    ELSE timezone('UTC', timezone(zone, try_cast(value AS TIMESTAMP)))
END
