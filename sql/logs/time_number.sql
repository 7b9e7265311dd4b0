-- Defines log_time: a number of units after an epoch, UTC; the unit is handed over as microseconds in `zone`.
-- Grain: macro. Params of the macro: the value, formats, zone (microseconds per unit) and epoch (microseconds).
-- Numbers beyond some 30,000 years either way are no times.
CREATE OR REPLACE TEMP MACRO log_time(value, formats, zone, epoch) AS
CASE
    WHEN abs(try_cast(value AS DOUBLE)) * zone::DOUBLE < 9e17
        THEN make_timestamp(round(try_cast(value AS DOUBLE) * zone::DOUBLE)::BIGINT + epoch::BIGINT)
END
