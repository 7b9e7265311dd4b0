-- What an ad says of its offer, in short. Grain: offer. Reads: offers.
SELECT
    offer_id,
    left(sha256(concat_ws(chr(31), headline, body, call_to_action, manufacturer, chr(30), model)), 16) AS offer_version
FROM offers
