-- Defines log_split: a time and the zone behind it, as they are written; a zone in brackets after an offset is left out.
-- Grain: macro. Params of the macro: the text. Spaces that are none and the sign of minus are those of a keyboard then.
CREATE OR REPLACE TEMP MACRO log_split(written) AS
regexp_extract(
    trim(translate(written, chr(160) || chr(8239) || chr(8722), '  -')),
    '^(.*?[0-9.mM]) *('
    || '(?:(?i:UTC|GMT|UT) ?)?[+-][0-9]{1,2}(?::?[0-9]{2})?|[A-Za-z]+(?:/[A-Za-z0-9_+-]+)*'
    || ')(?:\[[A-Za-z0-9_/+-]+\])?$',
    ['shown', 'zone']
)
