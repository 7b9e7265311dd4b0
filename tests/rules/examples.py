"""Histories that showed faults of the product once: played by the suite, so that none comes back."""

from __future__ import annotations

from tests.rules.histories import History
from tests.rules.model import LENT, OFFERS, OWN, Consent, Settings
from tests.rules.steps import (
    LONG_AGO,
    Consents,
    Customers,
    Days,
    Erase,
    Export,
    Offers,
    OptOuts,
    Photos,
    Restore,
    Run,
    moment,
)
from tests.rules.world import FRIENDS, PORTRAITS

_BACK = Consents(tuple(Consent("cili", purpose, LONG_AGO) for purpose in (OFFERS, OWN, LENT)))

EXAMPLES = {
    "what was handed out is known after a restore": History("full", Settings(), (
        Export("ads"), Consents((Consent("bela", LENT, withdrawn=moment(0)),)), Restore(), Export("delivery"),
    )),
    "an ad with other words has another id": History("full", Settings(), (
        Export("ads"), Offers((("alpha", 2, None),)), Export("delivery"), Run(), Export("ads"),
    )),
    "a day of sending before the consent": History("full", Settings(), (
        Consents((Consent("bela", OWN, withdrawn=moment(0)), Consent("bela", OWN, moment(2)))), Days(3), Run(),
        Export("delivery", 0),
    )),
    "no ad of who was erased and came back is called back and sent at once": History("full", Settings(), (
        Export("ads"), Erase(("cili",)), Customers((("cili", 30, None),), ("age",)), Photos((("cili", "portrait2"),)),
        _BACK, Run(), Export("ads"),
    )),
    "an earlier withdrawal counts beside a later one after a restore": History("full", Settings(), (
        Consents((Consent("bela", OWN, withdrawn=moment(1)), Consent("bela", OWN, withdrawn=moment(9)))), Restore(),
        Export("ads"),
    )),
    "who is no customer any more has no ad": History("bare", Settings(unknown_age_is_adult=True), (
        Run(), Export("ads"), Customers((("anna", None, None), ("bela", 17, None)), ("age",)), Export("delivery"),
    )),
    "the day is set back": History("full", Settings(), (
        Consents((Consent("anna", OWN, withdrawn=moment(0)), Consent("anna", OWN, moment(4)))), Days(3), Run(),
        Days(-2), Export("ads"),
    )),
    "the same file again brings no photo of who was erased": History("full", Settings(), (
        Erase(("fanni",)), Photos(tuple(zip(FRIENDS, PORTRAITS, strict=False))),
    )),
    "a copy of what is there replaces nothing": History("full", Settings(), (
        Restore(), Restore("replaced"), Run("matches"), Restore(), Export("delivery"), Restore("replaced"),
    )),
    "who objects has no photo that only a later state knew": History("full", Settings(), (
        Photos((("emil", "portrait6"),)), Restore(), OptOuts((("emil", moment(0)),)),
    )),
}  # fmt: skip
