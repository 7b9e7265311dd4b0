-- How each id that came in is known inside: cleaned, in E.164 where it is a phone number, and pseudonymised.
-- Grain: distinct raw id. Reads: _ids_raw (raw), _ids_national (raw, e164: national forms read with a region).
-- Params: $mode auto, all or none; $inner, $outer the 64-byte blocks of HMAC-SHA-256 (key xor 0x36, key xor 0x5c);
--   $short ids of fewer digits than this are service numbers.
-- A phone number is + or 00 and 8 to 15 digits, or 7 to 15 bare digits; an e-mail address is folded to lower case.
-- An id that only holds an address or a number with + (`tel:+36…`, `SIM +36…`) is no phone, but is hidden too.
WITH trimmed AS (
    SELECT raw, trim(raw) AS id, translate(trim(raw), ' ()./-', '') AS digits FROM _ids_raw
),

read_as AS (
    SELECT
        t.raw,
        t.id,
        t.digits,
        n.e164 IS NOT NULL OR regexp_full_match(t.digits, '(\+|00)[1-9][0-9]{7,14}|[0-9]{7,15}') AS is_phone,
        regexp_full_match(t.id, '[^@\s]+@[^@\s]+\.[^@\s]+') AS is_email,
        regexp_matches(t.id, '[^@\s]+@[^@\s]+\.[^@\s]+|\+[ ()./-]*[1-9][0-9 ()./-]{6}') AS holds_one,
        regexp_full_match(t.digits, '[*#0-9]+') AND length(t.digits) < $short AS is_short,
        n.e164
    FROM trimmed AS t
    LEFT JOIN _ids_national AS n ON t.raw = n.raw
),

canonical AS (
    SELECT
        raw,
        is_phone,
        is_short,
        CASE
            WHEN e164 IS NOT NULL THEN e164
            WHEN is_phone AND starts_with(digits, '00') THEN '+' || substr(digits, 3)
            WHEN is_phone THEN digits
            WHEN is_email THEN lower(id)
            ELSE id
        END AS id,
        $mode = 'all' OR ($mode = 'auto' AND (is_phone OR is_email OR holds_one)) AS hidden
    FROM read_as
)

SELECT
    raw,
    is_phone,
    is_short,
    CASE
        WHEN hidden THEN left(sha256($outer::BLOB || unhex(sha256($inner::BLOB || encode(id)))), 32)
        ELSE id
    END AS party_id
FROM canonical
