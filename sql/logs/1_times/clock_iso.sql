-- Defines log_clock: what a local clock shows, of ISO 8601 text or a Parquet time without an offset; null for one with.
-- Grain: macro. Params of the macro: the value, and strptime formats (not used). Most texts are of the first two forms.
CREATE OR REPLACE TEMP MACRO log_clock(value, formats) AS
CASE
    WHEN typeof(value) LIKE '%TIME ZONE' THEN null
    WHEN typeof(value) LIKE 'TIMESTAMP%' OR typeof(value) = 'DATE'
        THEN CASE WHEN isfinite(try_cast(value AS TIMESTAMP)) THEN try_cast(value AS TIMESTAMP) END
    ELSE
        coalesce(
            try_strptime(value::VARCHAR, ['%Y-%m-%d %H:%M:%S', '%Y-%m-%dT%H:%M:%S']),
            CASE
                WHEN suffix(value::VARCHAR, 'Z') THEN null
                WHEN regexp_full_match(value::VARCHAR, '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{1,9}')
                    THEN try_cast(value::VARCHAR AS TIMESTAMP)
                WHEN NOT regexp_matches(value::VARCHAR, '[0-9][+-][0-9]{2}:?[0-9]{2}$')
                    THEN log_shown(trim(translate(value::VARCHAR, chr(160) || chr(8239), '  ')))
            END
        )
END
