-- Defines log_clock where times are numbers: a number shows no local clock.
-- Grain: macro. Params of the macro: the value and formats (not used).
CREATE OR REPLACE TEMP MACRO log_clock(value, formats) AS NULL::TIMESTAMP
