"""What identifies a person: the one definition, for ids, for texts in which one may stand, and for what is said aloud.

An *id* of a party or a device is hidden unless it is plainly opaque (`OPAQUE`): what cannot be told from a name, a
handle, an account or a number counts as one. A *text* is personal where an address, a number, an account or a handle
stands in it (`personal`). Both judge what is meant, not how it is written: `folded` first. `sql/trust/party_ids.sql`
is handed the patterns below, so that there is no second definition.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Ids that name nobody outside their own table: up to six digits (also service codes with * and #), a letter or a word
# for people in general before up to six digits, hex digests of 128 bits and more. Empty is no id at all.
_WORDS = "customer|cust|client|user|usr|subscriber|sub|person|party|member|node|account|acc|id"
OPAQUE = (
    rf"[*#0-9]{{0,6}}|[A-Za-z](?:[_-]?[0-9]{{1,6}})?|(?i:{_WORDS})[_-]?[0-9]{{1,6}}"
    r"|(?:[0-9a-f]{8}){4,16}|(?:[0-9A-F]{8}){4,16}"
)
MAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"
MARKED = r"\+[ ()./-]*[1-9][0-9 ()./-]{6}"
# Ids that are read by `canonical` before they are named: letters and digits beyond ASCII, what may be an IBAN, numbers
# after a word that says what they are.
_NUMBER_WORD = r"(?:tel|telephone|phone|mobile|mob|msisdn|imsi|imei|sim)[ :=._-]*"
ODD = rf"[^ -~]|^\s*[A-Za-z]{{2}}[ -]?[0-9]{{2}}[A-Za-z0-9 -]{{11,}}$|^\s*(?i:{_NUMBER_WORD})[+(0-9]"

_IGNORED = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
_DASHES = {0x2212, 0x2043, 0x207B, 0x208B}
_AFTER_WORD = re.compile(rf"{_NUMBER_WORD}(?P<number>\+?[0-9][0-9 ()./-]{{5,}}[0-9])", re.IGNORECASE)

_DIGEST = re.compile(r"(?<![0-9A-Za-z])(?=[0-9]*[A-Fa-f])(?:[0-9a-f]{16,128}|[0-9A-F]{16,128})(?![0-9A-Za-z])")
_TIME = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d[-./]\s?[01]?\d[-./]\s?[0-3]?\d|[0-3]?\d[-./]\s?[0-3]?\d[-./]\s?(?:19|20)\d\d)\.?"
    r"(?:[T ]\s?\d{1,2}(?::\d\d){1,2}(?:[.,]\d{1,9})?(?:\s?[+-]\d\d:?\d\d)?)?(?!\d)"
)
_IBAN = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{2}[ -]?[0-9]{2}(?:[ -]?[0-9A-Za-z]){11,30}(?![0-9A-Za-z])")
_LETTERS_AND_DIGITS = re.compile(r"[0-9A-Za-z]")
_SERVICES = r"sips?|tel|skype|xmpp|mailto|callto|facetime|whatsapp|viber|telegram|signal|wechat"
_SITES = r"facebook|fb|instagram|twitter|tiktok|linkedin|telegram|vk|wa|t"
_FOUND = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"[^\s@,;:\"'()<>]+@[^\s@,;:\"'()<>]+\.\w+",  # an e-mail address
        r"[\w.+-]*@\w[\w.]+",  # a handle
        rf"\b(?:{_SERVICES}):\s?[\w+.@-]{{2,}}",  # an account of a service
        rf"\b(?:{_SITES})\.(?:com|me|net|org)/[\w.@/-]+",
        r"\+[ ()./-]*[1-9](?:[ ()./-]*[0-9]){6,}",  # a number with +
        r"(?<![a-z])(?:imsi|imei|msisdn|iccid|sim|tel|phone|mobile|mob)(?:\b|_|(?=\d))[ :=#._-]{0,3}"
        r"[0-9](?:[ ()./-]?[0-9]){5,}",  # a number after a word
        r"\+?[0-9]{9,}",  # a number, a card, an account, also within a word
        r"(?<![0-9A-Fa-f:-])[0-9A-F]{2}(?:[:-][0-9A-F]{2}){5}(?![0-9A-Fa-f:-])",  # a network card
        r"(?<![\w-])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![\w-])",  # a device's or a browser's id
        r"(?<![\w.])(?<!://)(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w.])",  # an IP address, but for a server's
        r"[+-]?[0-9]{1,3}\.[0-9]{3,}[°]?\s?[NS]?\s?[,;/ ]\s?[+-]?[0-9]{1,3}\.[0-9]{3,}[°]?",  # a place on the map
        r"[0-9]{1,3}\s?°\s?[0-9]{1,2}\s?['′’]",
    )
)
_GROUPED = re.compile(r"(?<![\w./-])[+(]?[0-9][0-9 ()./-]{5,}[0-9](?![0-9A-Za-z])")
# So many digits in groups are a number of a person: in what is kept (where amounts stand too), in what is said aloud.
_KEPT, _SAID = 9, 7
_CARRY = "\ue000"  # stands for what is not to be looked at


def folded(text: str) -> str:
    """A text as it is meant: compatibility forms and all digits of the world as ASCII, one kind of space and of dash,
    nothing invisible, nothing around it.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    letters = []
    for letter in unicodedata.normalize("NFKC", text):
        kind, code = unicodedata.category(letter), ord(letter)
        if kind == "Nd":
            letters.append(str(unicodedata.decimal(letter)))
        elif kind in ("Zs", "Zl", "Zp") or letter in "\t\n\r\v\f":
            letters.append(" ")
        elif kind == "Pd" or code in _DASHES:
            letters.append("-")
        elif kind not in ("Cf", "Cc") and code not in _IGNORED:
            letters.append(letter)
    return unicodedata.normalize("NFC", "".join(letters)).strip()


def canonical(text: str) -> str:
    """An id without what only its writing adds: `folded`, an IBAN in capitals without spaces, a number without the word
    that says so (`tel:+36…`, `SIM 36…`). The same person's id in other digits becomes the same text.
    """
    text = folded(text)
    if is_iban(text):
        return "".join(_LETTERS_AND_DIGITS.findall(text)).upper()
    numbered = _AFTER_WORD.fullmatch(text)
    return numbered["number"] if numbered else text


def is_iban(text: str) -> bool:
    """Whether a text is an IBAN, in any case and grouping: ISO 13616, checked by ISO 7064 mod 97-10."""
    compact = "".join(_LETTERS_AND_DIGITS.findall(text)).upper()
    if not _IBAN.fullmatch(text) or not 15 <= len(compact) <= 34:
        return False
    return int("".join(str(int(letter, 36)) for letter in compact[4:] + compact[:4])) % 97 == 1


def opaque(text: str) -> bool:
    """Whether an id (`canonical`) names nobody by itself; when in doubt it does."""
    return re.fullmatch(OPAQUE, text) is not None


@lru_cache(maxsize=4096)
def personal(text: str) -> bool:
    """Whether an address, a number, an account, a handle or a place of a person stands in a text."""
    return bool(_spans(folded(text)))


def masked(text: str) -> str:
    """A text in which whatever identifies a person stands as `#`; all else as it was.

    Days stay, as do shorter numbers and digests.
    """
    seen = text if text.isascii() else folded(text)
    spans = _spans(seen, _SAID)
    if not spans:
        return text
    parts, end = [], 0
    for start, stop in spans:
        parts.append(seen[end:start] + "#")
        end = stop
    return "".join(parts) + seen[end:]


def _spans(text: str, least: int = _KEPT) -> list[tuple[int, int]]:
    """Where in a folded text a person is identified: start and end of each place, none within another; least: digits
    in groups that are a number."""
    bare = text
    for other in (_DIGEST, _TIME):
        bare = other.sub(lambda found: _CARRY * len(found[0]), bare)
    spans = [m.span() for m in _IBAN.finditer(bare) if is_iban(m[0])]
    for pattern in _FOUND:
        spans += [m.span() for m in pattern.finditer(bare)]
    spans += [m.span() for m in _GROUPED.finditer(bare) if sum(c.isdigit() for c in m[0]) >= least]
    joined: list[tuple[int, int]] = []
    for start, stop in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = joined[-1][0], max(stop, joined[-1][1])
        else:
            joined.append((start, stop))
    return joined
