# ruff: noqa: E501 (rows of data, one a line)
"""Tables of customers, campaigns, offers, consents and outcomes in the words of several languages, with what they tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Plain:
    """One file: of which table, its text, and of each row the columns that count (None: it must not come in)."""

    name: str
    table: str
    text: str
    rows: tuple[dict[str, object], ...] | None


def _of(name: str, table: str, lines: list[str], columns: str, *rows: tuple) -> Plain:
    return Plain(
        name, table, "\n".join(lines) + "\n", tuple(dict(zip(columns.split(), row, strict=True)) for row in rows)
    )


def _d(y: int, m: int, d: int) -> datetime:
    return datetime(y, m, d)


def every() -> list[Plain]:
    """All of them."""
    f, m = "female", "male"
    return [
        _of("de_kunden", "customers", ["Kundennummer;Geburtsdatum;Geschlecht;Wohnort;Tarif", "36301;12.10.1980;weiblich;Bonn;L", "36302;31.01.1975;männlich;Köln;M", "36303;05.06.1999;w;Ulm;L"],
            "customer_id gender residence birth_date", ("36301", f, "Bonn", date(1980, 10, 12)), ("36302", m, "Köln", date(1975, 1, 31)), ("36303", f, "Ulm", date(1999, 6, 5))),
        _of("fr_clients", "customers", ["N° client;Date de naissance;Sexe;Ville", "1001;12/10/1980;F;Lyon", "1002;31/01/1975;H;Lille"],
            "customer_id gender residence birth_date", ("1001", f, "Lyon", date(1980, 10, 12)), ("1002", m, "Lille", date(1975, 1, 31))),
        _of("es_clientes", "customers", ["ID Cliente,Edad,Sexo,Ciudad,Ingresos", "c1,44,Mujer,Sevilla,1200.50", "c2,31,Hombre,Cádiz,900"], "customer_id age gender residence", ("c1", 44, f, "Sevilla"), ("c2", 31, m, "Cádiz")),
        _of("it_clienti", "customers", ["Codice cliente;Data di nascita;Sesso;Comune", "7;12/10/1980;Femmina;Bari", "8;31/01/1975;Maschio;Roma"], "customer_id gender residence birth_date", ("7", f, "Bari", date(1980, 10, 12)), ("8", m, "Roma", date(1975, 1, 31))),
        _of("pl_klienci", "customers", ["Numer klienta;Data urodzenia;Płeć;Miejscowość", "11;1980-10-12;Kobieta;Łódź", "12;1975-01-31;Mężczyzna;Kraków"], "customer_id gender residence birth_date", ("11", f, "Łódź", date(1980, 10, 12)), ("12", m, "Kraków", date(1975, 1, 31))),
        _of("hu_ugyfelek", "customers", ["Ügyfélszám;Születési dátum;Neme;Település", "21;1980.10.12.;nő;Pécs", "22;1975.01.31.;férfi;Győr"], "customer_id gender residence birth_date", ("21", f, "Pécs", date(1980, 10, 12)), ("22", m, "Győr", date(1975, 1, 31))),
        _of("pt_clientes", "customers", ["Código do cliente;Data de nascimento;Género;Cidade", "31;12-10-1980;Feminino;Porto", "32;31-01-1975;Masculino;Lisboa"], "customer_id gender residence birth_date", ("31", f, "Porto", date(1980, 10, 12)), ("32", m, "Lisboa", date(1975, 1, 31))),
        _of("tr_musteriler", "customers", ["Müşteri No;Yaş;Cinsiyet;Şehir", "41;44;Kadın;İzmir", "42;31;Erkek;Bursa"], "customer_id age gender residence", ("41", 44, f, "İzmir"), ("42", 31, m, "Bursa")),
        _of("two_births", "customers", ["customer_id,birth_date,date_of_birth,city", "1,1980-10-12,1980-10-13,Ulm", "2,1975-01-31,1975-01-30,Bonn"], "customer_id residence", ("1", "Ulm"), ("2", "Bonn")),
        _of("born_in_months", "customers", ["Kundennr;Geboren am;Ort", "1;12. Oktober 1980;Ulm", "2;3. März 1975;Bonn"], "customer_id birth_date residence", ("1", date(1980, 10, 12), "Ulm"), ("2", date(1975, 3, 3), "Bonn")),
        _of("de_aktion", "treatments", ["Kunde;Kampagne;Angebot;Versanddatum;Reaktion", "1;F1;A;01.07.2026;ja", "2;F1;B;13.07.2026;nein", "3;F1;;01.07.2026;nein"],
            "customer_id campaign_id offer_id sent_at accepted", ("1", "F1", "A", _d(2026, 7, 1), True), ("2", "F1", "B", _d(2026, 7, 13), False), ("3", "F1", None, _d(2026, 7, 1), False)),
        _of("fr_campagne", "treatments", ["Client;Campagne;Offre;Date d'envoi;Réponse", "1;F1;A;01/07/2026;oui", "2;F1;B;13/07/2026;non"], "customer_id offer_id sent_at accepted", ("1", "A", _d(2026, 7, 1), True), ("2", "B", _d(2026, 7, 13), False)),
        _of("es_campana", "treatments", ["Cliente,Campaña,Oferta,Fecha de envío,Aceptada", "1,F1,A,2026-07-01,S", "2,F1,B,2026-07-13,N"], "customer_id offer_id sent_at accepted", ("1", "A", _d(2026, 7, 1), True), ("2", "B", _d(2026, 7, 13), False)),
        _of("pl_kampania", "treatments", ["Klient;Kampania;Oferta;Data wysłania;Zaakceptowano", "1;F1;A;2026-07-01 10:00;tak", "2;F1;B;2026-07-13 11:00;nie"], "customer_id sent_at accepted", ("1", datetime(2026, 7, 1, 10), True), ("2", datetime(2026, 7, 13, 11), False)),
        _of("de_angebote", "offers", ["Angebotsnummer;Hersteller;Modell;Überschrift;Text;Schaltfläche;Wert;Kosten", "A;Nokia;X1;Neu;Jetzt neu;Kaufen;12,50;0,40", "B;;;Tarif;Mehr Daten;Wählen;8,00;0,30"], "offer_id headline call_to_action value cost", ("A", "Neu", "Kaufen", 12.5, 0.4), ("B", "Tarif", "Wählen", 8.0, 0.3)),
        _of("en_offers_money", "offers", ["Offer Code,Brand,Model,Title,Description,CTA,Margin,Contact cost", "A,Nokia,X1,New,Now new,Buy,12.50,0.40"], "offer_id headline call_to_action value cost", ("A", "New", "Buy", 12.5, 0.4)),
        _of("de_einwilligung", "consents", ["Kundennummer;Zweck;Erteilt am;Widerrufen am", "1;own_face;01.07.2026;", "2;offers;13.07.2026;"], "customer_id purpose granted_at", ("1", "own_face", _d(2026, 7, 1)), ("2", "offers", _d(2026, 7, 13))),
        _of("it_consensi", "consents", ["Cliente;Scopo;Data consenso;Scadenza", "1;own_face;13/07/2026;13/07/2027"], "customer_id purpose granted_at expires_at", ("1", "own_face", _d(2026, 7, 13), _d(2027, 7, 13))),
        _of("fr_opposition", "optouts", ["Abonné;Depuis", "1;13/07/2026", "2;14/07/2026"], "customer_id since", ("1", _d(2026, 7, 13)), ("2", _d(2026, 7, 14))),
        _of("epoch_treatments", "treatments", ["msisdn,campaign,offer,contacted_at,converted", "1,F1,A,1782864000,1", "2,F1,B,1783900800,0"], "customer_id sent_at accepted", ("1", _d(2026, 7, 1), True), ("2", _d(2026, 7, 13), False)),
        _of("accepted_days", "treatments", ["customer,campaign,offer,sent,accepted_on", "1,F1,A,2026-07-01,2026-07-03", "2,F1,B,2026-07-13,"], "customer_id sent_at accepted", ("1", _d(2026, 7, 1), True), ("2", _d(2026, 7, 13), False)),
        _of("signs_of_money", "offers", ["offer,headline,body,cta,value (EUR),cost (EUR)", "A,New,Now,Buy,€12.50,€0.40"], "offer_id value cost", ("A", 12.5, 0.4)),
        Plain("no_campaign", "treatments", "customer,segment,send_date,conversion\n1,Mail,2026-07-01,0\n2,None,2026-07-13,1\n", None),
        Plain("births_untold", "customers", "id,dob,gender\n1,03/04/1980,F\n2,05/06/1975,M\n", None),
        Plain("days_untold", "treatments", "Client;Campagne;Offre;Date envoi;Réponse\n1;F1;A;01/07/2026;oui\n2;F1;B;02/07/2026;non\n", None),
        Plain("words_untold", "treatments", "Client;Campaign;Offer;Date;Response\n1;F1;A;2026-07-01;maybe\n2;F1;B;2026-07-02;later\n", None),
        Plain("gender_digits", "customers", "id,gender,city\n1,1,Ulm\n2,2,Bonn\n", None),
    ]  # fmt: skip
