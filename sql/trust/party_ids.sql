-- How each id that came in is known inside: cleaned, in E.164 where it is a phone number, and pseudonymised.
-- Grain: distinct raw id. Reads: _ids_raw (raw), _ids_folded (raw, text: how odd ones are read; problem: why one names
-- nobody), _ids_national (raw, e164: national forms read with a region).
-- Params: $mode auto, all or none; $rules which ids `auto` hides, and what is one number: 3 and 2 all but those that match
--   $opaque, 1 (workspaces of older Kindreds) phone numbers, addresses ($mail) and what holds one ($held); by 3 the digits
--   of a whole number, country and all, are the same with and without + (not where $mode is none);
--   $inner, $outer the 64-byte blocks of HMAC-SHA-256 (key xor 0x36, key xor 0x5c);
--   $short ids of fewer digits than this are short codes; is_number is plainly a subscriber's number.
-- A phone number is + or 00 (by 3 also 000) and 8 to 15 digits, or 7 to 15 bare digits; an e-mail address is folded to
-- lower case.
-- The patterns are those of engine/identifiers.py, which says what identifies a person.
WITH trimmed AS (
    SELECT r.raw, coalesce(f.text, trim(r.raw)) AS id, f.problem
    FROM _ids_raw AS r
    LEFT JOIN _ids_folded AS f ON r.raw = f.raw
),

bare AS (
    SELECT raw, id, problem, translate(id, ' ()./-', '') AS digits FROM trimmed
),

read_as AS (
    SELECT
        t.raw,
        t.id,
        t.digits,
        t.problem,
        n.e164 IS NOT NULL OR regexp_full_match(t.digits, '(\+|00)[1-9][0-9]{7,14}|[0-9]{7,15}')
        OR ($rules > 2 AND regexp_full_match(t.digits, '000[1-9][0-9]{7,14}')) AS is_phone,
        regexp_full_match(t.id, $mail) AS is_email,
        regexp_full_match(t.digits, '[*#0-9]+') AND length(t.digits) < $short AS is_short,
        n.e164
    FROM bare AS t
    LEFT JOIN _ids_national AS n ON t.raw = n.raw
),

canonical AS (
    SELECT
        raw,
        problem,
        is_phone,
        is_short,
        is_phone AND (e164 IS NOT NULL OR length(digits) >= 9) AS is_number,
        is_short AND regexp_matches(digits, '[*#]') AS is_code,
        CASE
            WHEN e164 IS NOT NULL THEN e164
            WHEN is_phone AND $rules > 2 AND regexp_full_match(digits, '0{2,3}[1-9][0-9]{7,14}')
                THEN '+' || ltrim(digits, '0')
            WHEN is_phone AND starts_with(digits, '00') THEN '+' || substr(digits, 3)
            WHEN is_phone AND $rules > 2 AND $mode <> 'none' AND regexp_full_match(digits, '[1-9][0-9]{10,14}')
                THEN '+' || digits
            WHEN is_phone THEN digits
            WHEN is_email THEN lower(id)
            ELSE id
        END AS id,
        $mode = 'all' OR (
            $mode = 'auto'
            AND CASE
                WHEN is_phone OR is_email THEN true
                WHEN $rules = 1 THEN regexp_matches(id, $held)
                ELSE NOT regexp_full_match(id, $opaque)
            END
        ) AS hidden
    FROM read_as
)

SELECT
    raw,
    is_phone,
    is_short,
    is_number,
    is_code,
    problem,
    CASE
        WHEN hidden THEN left(sha256($outer::BLOB || unhex(sha256($inner::BLOB || encode(id)))), 32)
        ELSE id
    END AS party_id
FROM canonical
