"""Names of months in several languages, which no form of `strptime` reads: numbers have to take their place."""

from __future__ import annotations

from collections.abc import Iterable

from engine.drafts import names

# January to December, long (as they stand in a date) / short where it is another word.
_WORDS = {
    "en": "january/jan february/feb march/mar april/apr may june/jun july/jul august/aug september/sep october/oct "
    "november/nov december/dec",
    "de": "januar/jan februar/feb märz/mär/mrz april/apr mai juni/jun juli/jul august/aug september/sept/sep "
    "oktober/okt november/nov dezember/dez jänner/jän=1 feber=2",
    "fr": "janvier/janv février/févr/fév mars avril/avr mai juin juillet/juil août septembre/sept octobre/oct "
    "novembre/nov décembre/déc",
    "es": "enero/ene febrero/feb marzo/mar abril/abr mayo/may junio/jun julio/jul agosto/ago septiembre/sept/sep "
    "octubre/oct noviembre/nov diciembre/dic setiembre/set=9",
    "it": "gennaio/gen febbraio/feb marzo/mar aprile/apr maggio/mag giugno/giu luglio/lug agosto/ago settembre/set "
    "ottobre/ott novembre/nov dicembre/dic",
    "pt": "janeiro/jan fevereiro/fev março/mar abril/abr maio/mai junho/jun julho/jul agosto/ago setembro/set "
    "outubro/out novembro/nov dezembro/dez",
    "nl": "januari/jan februari/feb maart/mrt april/apr mei juni/jun juli/jul augustus/aug september/sep oktober/okt "
    "november/nov december/dec",
    "sv": "januari/jan februari/feb mars/mar april/apr maj juni/jun juli/jul augusti/aug september/sep oktober/okt "
    "november/nov december/dec",
    "da": "januar/jan februar/feb marts/mar april/apr maj juni/jun juli/jul august/aug september/sep oktober/okt "
    "november/nov december/dec",
    "no": "januar/jan februar/feb mars/mar april/apr mai juni/jun juli/jul august/aug september/sep oktober/okt "
    "november/nov desember/des",
    "hu": "január/jan február/febr/feb március/márc/már április/ápr május/máj június/jún július/júl augusztus/aug "
    "szeptember/szept/szep október/okt november/nov december/dec",
    "pl": "stycznia/sty lutego/lut marca/mar kwietnia/kwi maja/maj czerwca/cze lipca/lip sierpnia/sie września/wrz "
    "października/paź listopada/lis grudnia/gru styczeń=1 luty=2 marzec=3 kwiecień=4 czerwiec=6 lipiec=7 sierpień=8 "
    "wrzesień=9 październik=10 listopad=11 grudzień=12",
    "cs": "ledna/led února/úno března/bře dubna/dub května/kvě června/čvn července/čvc srpna/srp září/zář října/říj "
    "listopadu/lis prosince/pro leden=1 únor=2 březen=3 duben=4 květen=5 červen=6 červenec=7 srpen=8 říjen=10 "
    "listopad=11 prosinec=12",
    "ro": "ianuarie/ian februarie/feb martie/mar aprilie/apr mai iunie/iun iulie/iul august/aug septembrie/sept/sep "
    "octombrie/oct noiembrie/noi decembrie/dec",
    "tr": "ocak/oca şubat/şub mart/mar nisan/nis mayıs/may haziran/haz temmuz/tem ağustos/ağu eylül/eyl ekim/eki "
    "kasım/kas aralık/ara",
    "ru": "января/янв февраля/фев марта/мар апреля/апр мая/май июня/июн июля/июл августа/авг сентября/сен октября/окт "
    "ноября/ноя декабря/дек",
}  # fmt: skip


def _table(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, words in enumerate(text.split(), start=1):
        own, _, number = words.partition("=")
        found |= dict.fromkeys(own.split("/"), int(number or place))
    return found


_TABLES = {language: _table(text) for language, text in _WORDS.items()}
_PLAIN = [{names.plain(word): n for word, n in table.items()} for table in _TABLES.values()]


def number(word: str) -> int:
    """The month that a word names, 1 to 12; 0 where it names none. No word names two months."""
    plain = names.plain(word)
    return next((table[plain] for table in _PLAIN if plain in table), 0)


def english(word: str) -> str:
    """The code of `strptime` that reads a word: %B, %b, or "" where it is no English month."""
    own = word.casefold()
    if own not in _TABLES["en"]:
        return ""
    return "%B" if len(own) > 3 else "%b"


def replacements(words: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """What is to be replaced in texts with these words, longer words first; empty where `strptime` reads them.

    Args:
        words: as they stand in the texts, months of one language.
    """
    small = {word.lower() for word in words}
    if not small or all(english(word) for word in small):
        return ()
    for language, table in _TABLES.items():
        if small <= set(table):
            if small <= (long := {own.split("/")[0] for own in _WORDS[language].split()[:12]}):
                table = {word: n for word, n in table.items() if word in long}
            return tuple((word, f"{n:02}") for word, n in sorted(table.items(), key=lambda e: (-len(e[0]), e[0])))
    return tuple((word, f"{number(word):02}") for word in sorted(small, key=lambda w: (-len(w), w)))
