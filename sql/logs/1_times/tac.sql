-- Defines log_tac: a type allocation code as eight digits; zeros that a table program dropped come back.
-- Grain: macro. Params of the macro: text; anything but 5 to 8 digits is null.
CREATE OR REPLACE TEMP MACRO log_tac(value) AS
CASE
    WHEN regexp_full_match(value, '[0-9]{8}') THEN value
    WHEN regexp_full_match(trim(value), '[0-9]{5,8}(\.0)?') THEN lpad(replace(trim(value), '.0', ''), 8, '0')
END
