-- Handset numbers (IMEI 15, IMEISV 16 or 14 digits) with their TAC and a pseudonym of the first 14 digits.
-- Grain: distinct raw IMEI. Reads: _log_all. Params: $inner, $outer the 64-byte blocks of HMAC-SHA-256.
WITH seen AS (
    SELECT caller_imei AS imei FROM _log_all WHERE reason IS NULL
    UNION
    SELECT callee_imei AS imei FROM _log_all WHERE reason IS NULL
),

digits AS (
    SELECT imei, regexp_replace(regexp_replace(imei, '\.0$', ''), '[ ./-]', '', 'g') AS code FROM seen
)

SELECT
    imei,
    left(code, 8) AS tac,
    left(sha256($outer::BLOB || unhex(sha256($inner::BLOB || encode(left(code, 14))))), 32) AS device
FROM digits
WHERE regexp_full_match(code, '[0-9]{14,16}')
