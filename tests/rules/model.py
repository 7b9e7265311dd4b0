"""The rules about people, in plain Python: who may get an offer, be shown, lend a likeness, and which ads may stand.

Written from the rules alone and without any of the product's code: `tests/rules/world.py` tells the same events to a
workspace and to `Rules`, and the two must agree. Times are UTC without an offset; a person is named by a word of the
tests, whatever a workspace calls that person.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

ADULT = 18
OFFERS, OWN, LENT, TRAFFIC = "offers", "own_face", "likeness_for_contacts", "traffic_data_marketing"
PURPOSES = (OFFERS, OWN, LENT, TRAFFIC)


@dataclass(frozen=True)
class Settings:
    """What a workspace was told.

    Args:
        offers_need_consent: yes, no, or auto = since consents were imported once.
        unknown_age_is_adult: who has no age is an adult.
        traffic_consent: calls of who did not agree say nothing of influence.
        every_face: ads are rendered for every face that may be shown, not only for the decided one.
    """

    offers_need_consent: str = "auto"
    unknown_age_is_adult: bool = False
    traffic_consent: bool = False
    every_face: bool = True


@dataclass(frozen=True)
class Consent:
    """One row of a file of consents."""

    person: str
    purpose: str
    granted: datetime | None = None
    expires: datetime | None = None
    withdrawn: datetime | None = None


@dataclass(frozen=True)
class Offer:
    """An offer: its words (texts, make, model) are what an ad shows; the last day counts."""

    words: tuple[str, ...]
    valid_to: date | None = None


@dataclass(frozen=True)
class Ad:
    """An ad as it was made."""

    ad_id: str
    customer: str
    arm: str
    subject: str | None
    offer: str
    words: tuple[str, ...]


@dataclass
class Facts:
    """What stands in the database, and comes back with a backup of it.

    Args:
        customers: person -> age and birth date as imported.
        customers_known: customers were imported once.
        parties: people seen in call records.
        calls: caller, callee, moment.
        grants: person and purpose -> when granted, until when.
        photos: person -> portraits.
        treatments: person -> when an offer, or none, was made.
        acts: person -> when something was done.
        offers: by id.
        ads: those of the last finished run that were allowed at every moment since.
        named: whoever an import named and no erasure forgot.
        journal: what made all this but the ads, in order: the file it came by ("" = none), the event and its arguments.
    """

    customers: dict[str, tuple[int | None, date | None]] = field(default_factory=dict)
    customers_known: bool = False
    parties: set[str] = field(default_factory=set)
    calls: set[tuple[str, str, datetime]] = field(default_factory=set)
    grants: dict[tuple[str, str], set[tuple[datetime, datetime | None]]] = field(default_factory=dict)
    photos: dict[str, set[str]] = field(default_factory=dict)
    treatments: dict[str, set[datetime]] = field(default_factory=dict)
    acts: dict[str, set[datetime]] = field(default_factory=dict)
    offers: dict[str, Offer] = field(default_factory=dict)
    ads: dict[str, Ad] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    journal: list[tuple[str, str, tuple]] = field(default_factory=list)

    def forget(self, person: str) -> None:
        """Everything about one person."""
        for table in (self.customers, self.photos, self.treatments, self.acts):
            table.pop(person, None)
        for key in [key for key in self.grants if key[0] == person]:
            del self.grants[key]


class Rules:
    """Every event in order, and what follows from them. Each command is told with the moment `m` at which it ran.

    Attributes:
        listed: people who must not come back; for ever.
        withdrawals: person and purpose -> moments; for ever, as a backup does not undo them.
        handed_out: ads that left, by id.
        perhaps: ids of ads that stood in the table when others left, and may count as handed out.
        called_back: ids of handed-out ads whose customer or subject was erased.
        handed_out_again: those of them that left once more later.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.facts = Facts()
        self.listed: set[str] = set()
        self.withdrawals: dict[tuple[str, str], set[datetime]] = {}
        self.consents_imported = False
        self.backups: dict[str, Facts] = {}
        self.handed_out: dict[str, Ad] = {}
        self.perhaps: dict[str, Ad] = {}
        self.called_back: set[str] = set()
        self.handed_out_again: set[str] = set()

    # ---- who may -------------------------------------------------------------------------------------------------

    def is_customer(self, person: str) -> bool:
        """Without a customers table every party is one."""
        if person in self.listed:
            return False
        facts = self.facts
        return person in facts.customers if facts.customers_known else person in facts.parties

    def is_adult(self, person: str, m: datetime) -> bool:
        """18 years on the day of m, by the smaller of the age told and the age that the birth date gives."""
        age, born = self.facts.customers.get(person, (None, None))
        ages = [] if age is None else [age]
        if born is not None:
            ages.append(m.year - born.year - ((m.month, m.day) < (born.month, born.day)))
        return min(ages) >= ADULT if ages else self.settings.unknown_age_is_adult

    def agreed(self, person: str, purpose: str, m: datetime) -> bool:
        """The newest event at or before m counts; a withdrawal beats a grant of the same moment, and the earlier
        expiry the later one."""
        grants = [g for g in self.facts.grants.get((person, purpose), ()) if g[0] <= m]
        ends = [w for w in self.withdrawals.get((person, purpose), ()) if w <= m]
        newest = max([g[0] for g in grants] + ends, default=None)
        if newest is None or newest in ends:
            return False
        until = min(expires or datetime.max for granted, expires in grants if granted == newest)
        return m < until

    @property
    def offers_need_consent(self) -> bool:
        """Asked for, or since consents were imported once."""
        asked = self.settings.offers_need_consent
        return self.consents_imported if asked == "auto" else asked == "yes"

    def may_get_offers(self, person: str, m: datetime) -> bool:
        """A customer who is an adult, on no list, and agreed where that is needed."""
        if not self.is_customer(person) or not self.is_adult(person, m):
            return False
        return not self.offers_need_consent or self.agreed(person, OFFERS, m)

    def may_show_own_face(self, person: str, m: datetime) -> bool:
        """A person's own photo may choose the model that this person sees."""
        return person not in self.listed and self.is_adult(person, m) and self.agreed(person, OWN, m)

    def may_lend(self, person: str, m: datetime) -> bool:
        """A person's photo may choose the model that others see."""
        return person not in self.listed and self.is_adult(person, m) and self.agreed(person, LENT, m)

    def may_embed(self, portrait: str, m: datetime) -> bool:
        """Somebody who has this photo may be shown or lends the likeness."""
        holders = [p for p, photos in self.facts.photos.items() if portrait in photos]
        return any(self.may_show_own_face(p, m) or self.may_lend(p, m) for p in holders)

    def may_influence(self, person: str, m: datetime) -> bool:
        """A person's calls may say who influences whom."""
        if person in self.listed:
            return False
        return not self.settings.traffic_consent or self.agreed(person, TRAFFIC, m)

    def may_show(self, customer: str, arm: str, subject: str | None, m: datetime) -> bool:
        """An ad for this customer, chosen by this subject's face."""
        if not self.may_get_offers(customer, m):
            return False
        if arm == "own_face":
            return subject == customer and self.may_show_own_face(customer, m)
        if arm == "influencer_face":
            return subject is not None and self.may_lend(subject, m)
        return True

    def may_stand(self, ad: Ad, m: datetime) -> bool:
        """An ad may be in the workspace or leave it."""
        offer = self.facts.offers.get(ad.offer)
        return offer is not None and offer.words == ad.words and self.may_show(ad.customer, ad.arm, ad.subject, m)

    def wanted(self, contacts: dict[str, list[str]], m: datetime) -> set[tuple[str, str, str | None]]:
        """Customer, arm and subject of every ad that may be shown after a finished run, were all photos good.

        Args:
            contacts: customer -> contacts whose face may be asked for, the most influential first.
            m: the moment of the run.
        """
        found: set[tuple[str, str, str | None]] = set()
        for person in {*self.facts.customers, *self.facts.parties}:
            lent = [c for c in contacts.get(person, ()) if self.facts.photos.get(c) and self.may_lend(c, m)]
            faces = {"own_face": [person], "influencer_face": lent[:1], "random_face": [None], "no_face": [None]}
            for arm, subjects in faces.items():
                for subject in subjects:
                    photo = arm != "own_face" or self.facts.photos.get(person)
                    if photo and self.may_show(person, arm, subject, m):
                        found.add((person, arm, subject))
        return found

    @staticmethod
    def decided(shown: set[tuple[str, str, str | None]]) -> set[tuple[str, str, str | None]]:
        """Of the ads that may be shown the one for each customer: the own face, else the contact's, else none."""
        order = ("own_face", "influencer_face", "no_face")
        known = [ad for arm in reversed(order) for ad in shown if ad[1] == arm]
        return {*{ad[0]: ad for ad in known}.values()}

    # ---- what happened -------------------------------------------------------------------------------------------

    def tell(self, file: str, event: str, *args: object) -> None:
        """An event that may be taken back with the file it came by ("" = it stays for ever)."""
        self.facts.journal.append((file, event, args))
        getattr(self, event)(*args)

    def undo(self, file: str) -> None:
        """As if that file had never come: all else happens again.

        The list and withdrawals stay; ads, and what was computed of people it named, follow at the next run.
        """
        journal = [entry for entry in self.facts.journal if entry[0] != file]
        events = {event for _, event, _ in journal}
        if "import_consents" not in events and not any(self.withdrawals.values()):
            self.consents_imported = False
        asked, was = self.consents_imported, self.facts
        self.facts = Facts(ads=was.ads)
        for entry in journal:
            self.tell(*entry[:2], *entry[2])
        self.facts.named |= was.named
        self.consents_imported = asked

    def import_customers(self, rows: dict[str, tuple], columns: tuple[str, ...]) -> None:
        """Later rows replace earlier ones; columns that are not in the file keep what they had."""
        for person, (age, born) in rows.items():
            if person in self.listed:
                continue
            was = self.facts.customers.get(person, (None, None))
            self.facts.customers[person] = (age if "age" in columns else was[0], born if "birth" in columns else was[1])
            self.facts.named.add(person)
        self.facts.customers_known = True

    def import_consents(self, rows: list[Consent]) -> None:
        """Each row is a grant, a withdrawal, or one of each."""
        for row in rows:
            if row.person in self.listed:
                continue
            key = (row.person, row.purpose)
            if row.granted is not None:
                self.facts.grants.setdefault(key, set()).add((row.granted, row.expires))
            if row.withdrawn is not None:
                self.withdrawals.setdefault(key, set()).add(row.withdrawn)
            self.facts.named.add(row.person)
        self.consents_imported = True

    def import_photos(self, rows: list[tuple[str, str]]) -> None:
        """Person and portrait."""
        for person, portrait in rows:
            if person not in self.listed:
                self.facts.photos.setdefault(person, set()).add(portrait)
                self.facts.named.add(person)

    def import_treatments(self, rows: list[tuple[str, datetime]]) -> None:
        """Person and when; one campaign, so that a later row replaces the earlier one."""
        for person, at in rows:
            if person not in self.listed:
                self.facts.treatments[person] = {at}
                self.facts.named.add(person)

    def import_acts(self, rows: list[tuple[str, datetime]]) -> None:
        """Person and when; whoever the person is, a customer or not."""
        for person, at in rows:
            if person not in self.listed:
                self.facts.acts.setdefault(person, set()).add(at)
                self.facts.named.add(person)

    def import_offers(self, offers: dict[str, Offer]) -> None:
        """New offers, and new words of known ones."""
        self.facts.offers |= offers

    def import_calls(self, calls: list[tuple[str, str, datetime]]) -> None:
        """Of people on the list too: their records are kept so that repeats are known."""
        self.facts.calls |= set(calls)
        people = {person for call in calls for person in call[:2]}
        self.facts.parties |= people
        self.facts.named |= people

    def opt_out(self, people: set[str]) -> None:
        """On the list, for ever."""
        self.listed |= people
        self.facts.named |= people

    def erase(self, people: set[str], *, opt_out: bool, found: bool) -> None:
        """Forget people; found: anybody of them was there, so that copies of the database went too."""
        self.tell("", "forget", people)
        self.facts.ads = {i: ad for i, ad in self.facts.ads.items() if not {ad.customer, ad.subject} & people}
        gone = {i for i, ad in self.perhaps.items() if {ad.customer, ad.subject} & people}
        self.called_back |= gone
        self.handed_out_again -= gone
        if opt_out:
            self.listed |= people
        if found:
            self.backups = {}

    def forget(self, people: set[str]) -> None:
        """No row of these people."""
        for person in people:
            self.facts.forget(person)
        self.facts.calls = {c for c in self.facts.calls if not {c[0], c[1]} & people}
        self.facts.parties -= people
        self.facts.named -= people

    def purge(self, before: datetime) -> None:
        """Forget what is older, and the copies that hold it."""
        self.tell("", "drop_before", before)
        self.backups = {}

    def drop_before(self, before: datetime) -> None:
        """Calls, treatments and acts before a moment, and the parties of whom nothing is left."""
        facts = self.facts
        facts.calls = {c for c in facts.calls if c[2] >= before}
        for name in ("treatments", "acts"):
            dated = getattr(facts, name)
            setattr(facts, name, {p: kept for p, at in dated.items() if (kept := {t for t in at if t >= before})})
        calling = {person for call in facts.calls for person in call[:2]}
        agreeing = {person for person, _ in {*facts.grants, *self.withdrawals}}
        told = {*facts.customers, *facts.treatments, *facts.acts, *facts.photos}
        facts.parties &= calling | agreeing | self.listed | told

    def settle(self, m: datetime) -> None:
        """Hold what stands to the rules of this moment, as every command does."""
        for person in self.listed:
            self.facts.forget(person)
        self.facts.ads = {i: ad for i, ad in self.facts.ads.items() if self.may_stand(ad, m)}

    def finish_run(self, ads: list[Ad]) -> None:
        """A run that ended well made these."""
        self.facts.ads = {ad.ad_id: ad for ad in ads}

    def back_up(self) -> None:
        """After a finished run, erasure or purge."""
        self.backups["last-run"] = deepcopy(self.facts)

    def restore(self, name: str) -> None:
        """Put a copy in place; the list, the withdrawals and what was handed out stay as they are."""
        now = deepcopy(self.facts)
        self.facts = deepcopy(self.backups[name])
        if name != "replaced":
            self.backups["replaced"] = now

    def deliverable(self, m: datetime, as_of: date, decided: set[tuple[str, str, str | None]]) -> set[str]:
        """Ids of the ads that may be sent on a day, asked at moment m; decided: customer, arm and subject shown."""
        then = end_of(as_of)
        return {
            i for i, ad in self.facts.ads.items()
            if (ad.customer, ad.arm, ad.subject) in decided and self.may_stand(ad, m) and self.may_stand(ad, then)
            and (self.facts.offers[ad.offer].valid_to or date.max) >= as_of
        }  # fmt: skip

    def hand_out(self, ids: set[str]) -> None:
        """These ads left; the others that stand may be taken for handed out."""
        self.handed_out_again |= self.called_back & {*self.facts.ads}
        self.handed_out |= {i: self.facts.ads[i] for i in ids}
        self.perhaps |= self.facts.ads

    def gone(self) -> tuple[set[str], set[str]]:
        """Ids that have to be called back at least, and at most."""
        here = {*self.facts.ads}
        return {*self.handed_out} - here, {*self.perhaps} - here

    def because(self, ad_id: str, m: datetime) -> set[str]:
        """Why an ad is called back; several words where the rules leave it open."""
        ad = self.perhaps[ad_id]
        people = {ad.customer} | ({ad.subject} - {None})
        told = {"erased"} if ad_id in self.called_back else set()
        if people & self.listed:
            told.add("opted_out")
        if not told or ad_id in self.handed_out_again:
            told.add("replaced" if self.may_show(ad.customer, ad.arm, ad.subject, m) else "no_consent")
        return told


def end_of(day: date) -> datetime:
    """The last microsecond of a day, which is the moment of a command whose day is set."""
    return datetime.combine(day, time()) + timedelta(days=1) - timedelta(microseconds=1)
