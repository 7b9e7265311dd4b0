"""How the letters of a text are written: told by its first bytes, else found from its lines that are not UTF-8."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.errors import InputError

_SAMPLE = 1 << 16  # bytes of lines with other letters than ASCII's that are judged
_SPOKEN = 0.8  # share of letters beyond ASCII that stand in words, in a text that is one
_LEAST = 2  # such lines from which on another encoding is believed: one may be damaged
# Letters beyond ASCII that a language writes, in the code page of Windows that has them.
_LANGUAGES = (
    ("cp1252", "äöüß"), ("cp1252", "äöå"), ("cp1252", "æøå"), ("cp1252", "ñáéíóúü¿¡ºª"), ("cp1252", "éèêëàâçîïôùûüœ"),
    ("cp1252", "ãõáéíóúâêôàçºª"), ("cp1252", "àèéìòù"), ("cp1252", "áðéíóúýþæö"), ("cp1252", "éëïóöüè"),
    ("cp1250", "áéíóöőúüű"), ("cp1250", "ąćęłńóśźż"), ("cp1250", "áčďéěíňóřšťúůýž"), ("cp1250", "áäčďéíĺľňóôŕšťúýž"),
    ("cp1250", "čćđšž"), ("cp1250", "ăâîşţ"), ("cp1254", "çğıöşüâîİ"), ("cp1257", "ąčęėįšųūž"),
    ("cp1257", "āčēģīķļņšūž"), ("cp1257", "äöõüšž"),
)  # fmt: skip
_MARKS = "’‘“”„–—…•€°«»§£ ©®´"
# Of other scripts, the likelier first.
_SCRIPTS = [
    "cp1251", "gb18030", "cp932", "cp949", "big5", "koi8_r", "cp1253", "cp1255", "cp1256", "cp874", "koi8_u", "cp866",
    "euc_jp", "iso8859_5", "iso8859_7",
]  # fmt: skip


def known(name: str) -> str:
    """Python's name of an encoding that somebody gave.

    Raises:
        InputError: there is none of that name, or it is none of texts.
    """
    fix = "Use a name such as utf-8, utf-16, cp1252, cp1250 or gbk."
    try:
        found = codecs.lookup(name.strip())
        "a".encode(found.name)
    except (LookupError, UnicodeError, ValueError):
        raise InputError(f"there is no encoding {name[:60]!r} of texts.", fix=fix) from None
    if found.name in ("idna", "punycode", "unicode_escape", "raw-unicode-escape", "utf-7", "undefined"):
        raise InputError(f"there is no encoding {name[:60]!r} of texts.", fix=fix)
    return "utf-8" if found.name == "utf-8-sig" else found.name


def by_start(start: bytes) -> str:
    """The encoding that a text's first bytes tell; "" = its bytes are no UTF-8, and others must tell."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):  # fmt: skip
        if start.startswith(mark):
            return name
    even, odd = start[:4096:2], start[1:4096:2]
    if odd.count(0) > 0.4 * len(odd) and even.count(0) < 0.1 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.4 * len(even) and odd.count(0) < 0.1 * len(odd):
        return "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return ""
    return "utf-8"


def by_lines(blocks: Iterable[bytes]) -> str:
    """The encoding of a text, found from its lines that hold more than ASCII.

    Returns:
        "utf-8" where most of them are that, and what is not is damage; else a legacy encoding in which they read well.
    """
    lines = list(_spoken(blocks))
    odd = [line for line in lines if not _is_utf8(line)]
    if len(odd) < _LEAST or 2 * len(odd) < len(lines):
        return "utf-8"
    text = b"\n".join(odd)
    if not _words(text):
        return "utf-8"
    name = _latin(text) if _alone(text) else _script(text)
    return codecs.lookup(name).name if name and _reads(text, name) else "utf-8"


def _words(text: bytes) -> bool:
    """Whether bytes beyond ASCII stand in words: between digits and marks they are damage."""
    runs = re.findall(rb"([A-Za-z]?)([\x80-\xff]+)([A-Za-z]?)", text)
    return sum(bool(a or b or len(run) > 1) for a, run, b in runs) >= _SPOKEN * len(runs)


def _alone(text: bytes) -> bool:
    """Whether letters beyond ASCII stand alone between others, as in languages of the Latin script."""
    runs = re.findall(rb"[\x80-\xff]+", text)
    return sum(len(run) == 1 for run in runs) >= 0.7 * len(runs)


def _latin(text: bytes) -> str:
    """The code page in which a text's letters are those of one language, of the smallest alphabet; else each line's."""

    def strange(line: bytes, code: str, letters: str) -> int:
        spoken = line.decode(code, errors="replace")
        return sum(not c.isascii() and c not in letters + letters.upper() + _MARKS for c in spoken)

    alone = min(_LANGUAGES, key=lambda language: (strange(text, *language), len(language[1])))
    if not strange(text, *alone):
        return alone[0]
    lines = set(text.split(b"\n"))

    def of_lines(code: str) -> int:
        alphabets = [letters for name, letters in _LANGUAGES if name == code]
        return sum(min(strange(line, code, letters) for letters in alphabets) for line in lines)

    return min(dict(_LANGUAGES), key=of_lines)


def _script(text: bytes) -> str:
    from charset_normalizer import from_bytes

    found = list(from_bytes(text, cp_isolation=_SCRIPTS, threshold=0.5))
    return min(found, key=lambda m: (m.chaos, -m.coherence, _SCRIPTS.index(m.encoding))).encoding if found else ""


def _spoken(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Lines with bytes beyond ASCII, up to some."""
    taken, rest = 0, b""
    try:
        for block in blocks:
            data, rest = rest + block, b""
            if data.isascii():
                rest = data[data.rfind(b"\n") + 1 :][-_SAMPLE:]
                continue
            *lines, rest = data.split(b"\n")
            for line in lines:
                if not line.isascii():
                    yield line[:_SAMPLE]
                    taken += len(line)
                    if taken > _SAMPLE:
                        return
            rest = rest[-_SAMPLE:]
    except EOFError:
        pass
    if rest and not rest.isascii():
        yield rest


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _reads(text: bytes, name: str) -> bool:
    """Whether a text has no control characters in an encoding."""
    try:
        decoded = text.decode(name)
    except UnicodeDecodeError:
        return False
    return not any("\x7f" <= c <= "\x9f" for c in decoded)


def note(encoding: str, path: Path) -> str:
    """What to say of an encoding that was found."""
    return f"the text of {path.name} reads as {encoding}; if its letters are wrong, give --encoding"
