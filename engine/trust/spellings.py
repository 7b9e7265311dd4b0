"""One id in many spellings: what programs put around a number, numbers that lost digits, and words for nobody.

Spreadsheets write `'34600111222`, `="34600111222"`, `34600111222.0` and 3.46E+10, exchanges `sip:+34600111222@host` and
`"Ann" <+34600111222>`. `plain` reads what stands inside, `problem` says when no person can be told from it. Only ids
that match `ODD` need either: `sql/trust/party_ids.sql` reads the rest as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from engine import identifiers

# Words that stand where no party is, whatever stands around them; a mapping may add to them.
NOBODY = frozenset(
    (
        "null", "nil", "none", "nan", "n/a", "na", "#n/a", "#na", "-", "--", "?", "\\n", "undefined", "nobody",
        "no caller id", "no number", "anonymous", "anonymus", "anon", "unknown", "unknown caller", "unknown number",
        "withheld", "number withheld", "private", "private number", "private caller", "unavailable", "not available",
        "restricted", "blocked", "blocked number", "hidden", "hidden number", "suppressed", "payphone", "anonym",
        "anonyme", "anonymer anrufer", "unbekannt", "unbekannte nummer", "unterdrückt", "rufnummer unterdrückt",
        "privat", "nicht verfügbar", "desconocido", "número desconocido", "anónimo", "anonimo", "privado",
        "número privado", "oculto", "restringido", "no disponible", "inconnu", "numéro inconnu", "masqué",
        "numéro masqué", "privé", "numéro privé", "indisponible", "sconosciuto", "numero sconosciuto", "privato",
        "numero privato", "nascosto", "desconhecido", "anônimo", "oculta", "número oculto", "onbekend", "anoniem",
        "afgeschermd", "okänd", "okänt nummer", "dolt nummer", "hemligt nummer", "ukjent", "skjult nummer", "ukendt",
        "tuntematon", "salattu numero", "nieznany", "numer nieznany", "zastrzeżony", "numer zastrzeżony", "neznámý",
        "neznáme", "skryté číslo", "ismeretlen", "rejtett", "rejtett szám", "titkosított", "nem elérhető",
        "necunoscut", "număr privat", "неизвестный", "неизвестно", "скрытый номер", "номер скрыт", "аноним",
        "невідомий", "bilinmeyen", "gizli numara", "özel numara", "未知", "未知号码", "匿名", "私人号码", "非通知",
        "不明", "알수없음", "발신번호표시제한", "مجهول", "غير معروف", "لا يوجد", "חסוי",
    )
)  # fmt: skip
# Ids that are not read as they stand, besides `identifiers.ODD`: without a digit (words), with quotes, a scheme or a
# name around, with commas or .0, with an extension, in powers of ten, negative, or with more than one sign of plus.
ODD = (
    rf"{identifiers.ODD}|^[^0-9]*$|[\"'`=<>;:,]|\.0+ *$|^ *[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]+ *$|^ *-|\(0\)|^ *\+ *[+0]"
    r"|(?i:x|ext\.?|extension|#) *[0-9]{1,6} *$|@(?i:c\.us|s\.whatsapp\.net|.*\.invalid|[0-9.]+) *$"
)

_POWER = re.compile(r"([0-9]+)(?:[.,]([0-9]+))?[eE](\+?)([0-9]{1,3})")
_QUOTED = re.compile(r"=?\s*\"(.*)\"|=?\s*'(.*)'|[=']\s*(.*)|`(.*)`?", re.DOTALL)
_NAMED = re.compile(r"(?:\"[^\"]*\"|[^<>]*?)\s*<([^<>]+)>[^<>]*", re.DOTALL)
_SCHEME = re.compile(
    r"(?:sips?|tel|callto|whatsapp|sms|smsto|mms|viber|signal|telegram|facetime|facetime-audio|imessage|h323|wa)"
    r":(?://)?\s*(.+)",
    re.IGNORECASE | re.DOTALL,
)
_WHATSAPP = re.compile(r"([0-9]{7,15})(?::[0-9]+)?@(?:c\.us|s\.whatsapp\.net)", re.IGNORECASE)
_NUMBER = re.compile(r"\+?[0-9(][0-9 ()./-]{5,}[0-9]")
_EXTENSION = re.compile(
    r"(\+?[0-9(][0-9 ()./-]{5,}[0-9])\s*(?:;.*|,?\s*(?:x|ext\.?|extension|#)\s*[0-9]{1,6})", re.I | re.S
)
_NEGATIVE = re.compile(r"-[0-9]{1,3}(?:\.0+)?")
_EXCHANGE = re.compile(r"sips?:|@(?:[0-9]{1,3}\.){3}[0-9]{1,3}$", re.IGNORECASE)
_GROUPED = re.compile(r"\+?[0-9]{1,3}(?:,[0-9]{3})+(?:\.0+)?")
_FLOAT = re.compile(r"\+?[0-9]+\.0+")
_TRUNK = re.compile(r"((?:\+|00) ?[0-9]{1,3}) ?\(0\)")
_AROUND = " \t\"'`()[]<>{}"
_PASSES = 4  # wrappings within each other at most


def plain(text: str) -> str:
    """An id without what only its writing adds, so that one person's id is one text.

    Args:
        text: as it came in.

    Returns:
        `identifiers.canonical` of what stands inside: a number without quotes, scheme, name, host, extension, .0 and
        commas; all else as `identifiers.canonical` has it.
    """
    text = identifiers.folded(text)
    for _ in range(_PASSES):
        inner = _inside(text)
        if inner == text:
            break
        text = inner
    return identifiers.canonical(text)


def problem(text: str, nobody: Collection[str] = ()) -> str | None:
    """Why an id names no person: `nobody` (a word for that), `rounded_number` (its last digits are lost), or None.

    Args:
        text: as it came in.
        nobody: further words for nobody, in small letters.
    """
    read = plain(text)
    word = read.strip(_AROUND).casefold()
    user, at, host = word.partition("@")
    if not word or word in NOBODY or word in nobody or read.casefold() in nobody or _NEGATIVE.fullmatch(read):
        return "nobody"
    if at and (host.endswith(".invalid") or (user in NOBODY and _EXCHANGE.search(text))):
        return "nobody"
    return "rounded_number" if _power(read) is None else None


def _inside(text: str) -> str:
    """A folded text without its outermost wrapping; the same text where it has none."""
    if found := _QUOTED.fullmatch(text):
        return next(part for part in found.groups() if part is not None).strip()
    if "<" in text and (found := _NAMED.fullmatch(text)):
        return found[1].strip()
    if found := _SCHEME.fullmatch(text):
        return _account(found[1].strip()) or text
    if found := _WHATSAPP.fullmatch(text):
        return found[1]
    if found := _EXTENSION.fullmatch(text):
        return found[1]
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if _FLOAT.fullmatch(text):
        return text.partition(".")[0]
    if text.startswith("+"):
        text = re.sub(r"^\+[ +]*(?:00+)?", "+", text)
    if (found := _TRUNK.match(text)) and not found[1].endswith("39"):
        text = found[1] + text[found.end() :]
    return (_POWER.fullmatch(text) and _power(text)) or text


def _account(rest: str) -> str | None:
    """What stands behind a scheme: a number without its host, or an address; None = no account."""
    user, at, host = rest.partition("@")
    user = re.split(r"[;?]", user)[0] if _NUMBER.match(user) or not at else user
    if _NUMBER.fullmatch(user):
        return user
    return f"{user}@{re.split(r'[:;?]', host)[0]}".lower() if at and host else None


def _power(text: str) -> str | None:
    """All digits of a number written in powers of ten; None where some of them are lost.

    A text without point and sign is none: hexadecimal ids look like that.
    """
    found = _POWER.fullmatch(text)
    if found is None or not (found[2] or found[3]):
        return text
    digits, power = found[1] + (found[2] or ""), int(found[4])
    return digits if len(digits) == len(found[1]) + power else None
