-- How many matches are after a contact's face. Grain: one row. Reads: matches.
SELECT count(*) AS n FROM matches WHERE arm = 'influencer_face' AND status = 'matched'
