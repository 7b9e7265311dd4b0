"""A draft for a file of customers, campaigns, handsets, offers, consents or objections."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

from engine.drafts import names, spans, vocabulary
from engine.drafts.draft import Draft, Line, Sql, name_in_sql
from engine.drafts.sheet import Column, Sheet
from engine.intake.language import COLUMNS, OPEN

_PERSON = """
    customer id, customer, customer number, client id, client, subscriber id, subscriber, msisdn, user id, person id,
    account holder id, phone, phone number, mobile number, id, kundennummer, kunden id, kunde, kunden nr, kdnr,
    teilnehmer, teilnehmernummer, rufnummer, cliente, id cliente, numero cliente, abonado, client no, numero client,
    id client, abonne, codice cliente, id utente, utenza, codigo cliente, assinante, ugyfel, ugyfelszam, ugyfel
    azonosito, elofizeto, klient, numer klienta, id klienta, abonent, klantnummer, klant, klant id, abonnee,
    kundnummer, kund, kund id, abonnent, musteri, musteri no, musteri numarasi, abone, abone no, клиент, номер
    клиента, ид клиента, абонент, 客户, 客户编号, 客户号, 用户编号, 手机号, telefonszam"""
WORDS: dict[str, str] = {
    "customer_id": _PERSON,
    "age": "age, age years, alter, edad, age ans, eta, idade, eletkor, kor, wiek, leeftijd, alder, yas, возраст, 年龄",
    "birth_date": """
        birth date, birthdate, date of birth, dob, birthday, born, born on, geburtsdatum, geburtstag, geb datum,
        geboren, geboren am, datum narozeni, data nasterii, fodselsdato, nacimiento, naissance, nascita, fecha
        nacimiento, fecha de nacimiento, date naissance, date de naissance, data nascita, data di nascita, data
        nascimento, data de nascimento, nascimento, szuletesi datum, szuletesi ido, szuletett, szuletes, data
        urodzenia, geboortedatum, fodelsedatum, dogum tarihi, дата рождения, 出生日期, 生日""",
    "residence": """
        residence, city, town, place, home town, home city, location, place of residence, municipality, settlement,
        region, wohnort, ort, stadt, gemeinde, ciudad, residencia, localidad, municipio, ville, commune, lieu de
        residence, residence ville, citta, comune, residenza, cidade, municipio, localidade, varos, telepules,
        lakohely, lakhely, miasto, miejscowosc, miejsce zamieszkania, woonplaats, stad, plaats, gemeente, bostadsort,
        ort stad, kommun, sehir, ikamet, il, город, место жительства, 城市, 居住地""",
    "gender": """
        gender, sex, geschlecht, genero, sexo, sexe, genre, sesso, genere, nem, neme, plec, geslacht, kon, cinsiyet,
        пол, 性别""",
    "campaign_id": """
        campaign id, campaign, campaign code, kampagne, kampagnen id, kampagnen nr, aktion, campana, id campana,
        campagne, id campagne, campagna, campanha, kampany, kampany azonosito, kampania, id kampanii, kampanj,
        kampanya, кампания, 活动, 活动编号""",
    "offer_id": """
        offer id, offer, offer code, product offered, angebot, angebots id, angebot nr, angebotsnummer, oferta, id
        oferta, offre, id offre, offerta, ajanlat, ajanlat azonosito, aanbod, aanbieding, erbjudande, teklif,
        предложение, оффер, 优惠, 套餐编号""",
    "sent_at": """
        sent at, sent, date sent, send date, sent date, contacted at, contact date, treatment date, gesendet,
        gesendet am, versandt am, versanddatum, datum, enviado, fecha envio, fecha de envio, date envoi, date d
        envoi, envoye le, inviato, data invio, data envio, enviado em, kuldve, kuldes datuma, kuldes ideje, data
        wyslania, wyslano, verzonden, verzonden op, verzenddatum, skickad, skickat datum, gonderim tarihi, дата
        отправки, отправлено, 发送时间, date, 发送日期""",
    "accepted": """
        accepted, accept, response, responded, converted, bought, purchased, conversion, taken up, angenommen,
        gekauft, reaktion, zusage, aceptado, aceptada, respuesta, accepte, acceptee, reponse, accettato, accettata,
        risposta, aceito, aceite, resposta, elfogadta, elfogadva, valasz, vasarolt, zaakceptowano, przyjeto,
        odpowiedz, geaccepteerd, aangenomen, reactie, accepterad, accepterat, svar, kabul, kabul edildi, принято,
        принял, отклик, 接受, 是否接受""",
    "tac": "tac, type allocation code, tac code",
    "manufacturer": """
        manufacturer, brand, brand name, maker, make, vendor, oem, hersteller, marke, fabricante, marca, fabricant,
        marque, constructeur, produttore, gyarto, marka, producent, merk, fabrikant, tillverkare, marke, uretici,
        производитель, бренд, 品牌, 厂商, 制造商""",
    "model": """
        model, model name, marketing name, device model, handset, handset model, modell, modelo, modele, modello,
        tipus, model telefonu, модель, 型号, 机型""",
    "released": """
        released, release date, release year, launch date, announced, allocation date, released on, erschienen,
        erscheinungsdatum, lanzamiento, date sortie, data uscita, lancamento, megjelenes, data premiery, uitgebracht,
        lanserad, дата выхода, 发布日期""",
    "headline": """
        headline, title, titel, uberschrift, titulo, titre, titolo, cim, tytul, kop, rubrik, baslik, заголовок, 标题""",
    "body": """
        body, text, copy, description, beschreibung, cuerpo, texto, descripcion, corps, texte, testo, descrizione,
        szoveg, leiras, tresc, opis, tekst, omschrijving, brodtext, metin, текст, описание, 正文""",
    "call_to_action": """
        call to action, cta, button, button text, handlungsaufforderung, schaltflache, knopf, llamada a la accion,
        boton, appel a l action, bouton, invito, chiamata all azione, pulsante, botao, chamada para acao, gomb, gomb
        szovege, felhivas, przycisk, wezwanie, knop, knapp, buton, tlacitko, кнопка, 按钮""",
    "value": """
        value, margin, profit, revenue, wert, erlos, valor, ingreso, valeur, valore, ertek, wartosc, waarde, varde,
        deger, ценность, 价值""",
    "cost": """
        cost, costs, contact cost, price, kosten, coste, costo, cout, costi, custo, koltseg, koszt, kostnad, maliyet,
        стоимость, 成本""",
    "purpose": """
        purpose, consent purpose, consent type, zweck, einwilligungszweck, finalidad, proposito, finalite, objet,
        scopo, finalita, finalidade, cel, doel, andamal, amac, цель, 目的""",
    "granted_at": """
        granted at, granted, consent date, given at, consented at, erteilt am, erteilt, einwilligung am, otorgado,
        fecha consentimiento, donne le, date consentement, concesso, data consenso, concedido, megadva, hozzajarulas
        datuma, udzielono, verleend, givet, verildi, дата согласия, 同意时间""",
    "expires_at": """
        expires at, expires, expiry, expiry date, valid until, valid to, ablauf, gultig bis, ablaufdatum, vence,
        caduca, fecha vencimiento, expire le, date expiration, scade, scadenza, expira, validade, lejarat, lejar,
        wygasa, vervalt, gar ut, bitis, истекает, 到期时间""",
    "withdrawn_at": """
        withdrawn at, withdrawn, withdrawal date, revoked at, revoked, widerrufen am, widerruf, retirado, fecha
        retiro, retire le, date retrait, ritirato, revocato, revogado, visszavonva, visszavonas, wycofano,
        ingetrokken, aterkallad, geri alindi, отозвано, 撤回时间""",
    "since": """
        since, opted out at, opt out date, opted out, date, seit, abgemeldet am, desde, depuis, dal, ota, kelte, od,
        sinds, sedan, itibaren, с, дата, 自""",
    "path": """
        path, file, file name, filename, photo, image, picture, datei, bild, foto, fichero, archivo, ruta, fichier,
        chemin, percorso, arquivo, caminho, fajl, eleresi ut, plik, bestand, sokvag, fil, dosya, файл, путь, 文件,
        路径""",
    "photo_id": "photo id, image id, picture id, bild id, foto id, id foto, id photo",
    "arm": """
        arm, group, variant, treatment, cell, gruppe, arm gruppe, grupo, groupe, gruppo, csoport, grupa, groep,
        grupp, grup, группа, 组""",
    "at": """
        at, time, date, timestamp, when, zeit, datum, fecha, heure, data, idopont, tijd, tid, tarih, дата, время,
        时间""",
    "experiment_id": "experiment id, experiment, test id, versuch",
    "act": """
        act, action, what, event, ereignis, aktion, handlung, evento, acto, action, evenement, azione, esemeny,
        zdarzenie, gebeurtenis, handelse, olay, событие, действие, 事件""",
    "hair": "hair, hair colour, hair color, haarfarbe",
}  # fmt: skip
_NEEDED = {
    "customers": ("customer_id",), "treatments": ("customer_id", "campaign_id", "sent_at", "accepted"),
    "devices": ("tac", "model"),
    "acts": ("customer_id", "act", "at"), "consents": ("customer_id", "purpose"), "optouts": ("customer_id",),
    "offers": ("offer_id", "headline", "body", "call_to_action", "value", "cost"),
    "photos": ("customer_id", "path"),
    "inventory": ("path",), "exposures": ("customer_id", "at"), "outcomes": ("customer_id", "at"),
}  # fmt: skip
_MONEY = ("value", "cost")
_TIMES = ("sent_at", "granted_at", "expires_at", "withdrawn_at", "since", "at", "released")


@cache
def _phrases(column: str) -> tuple[tuple[str, ...], ...]:
    text = WORDS.get(column, column.replace("_", " "))
    return tuple(names.words(phrase) for phrase in re.split(r",\s*", " ".join(text.split())))


def draft(sheet: Sheet, table: str) -> Draft:
    """Draft a mapping of one of the other tables.

    Args:
        sheet: of the file.
        table: a key of `engine.intake.language.COLUMNS`.

    Returns:
        What was found; what is needed and unclear is left to be decided.
    """
    made = Draft(table=table)
    ours = list(COLUMNS[table])
    if table == "customers" and "birth_date" not in ours:
        ours.insert(2, "birth_date")
    found = _assign(sheet, ours)
    found |= {our: [_bare(c) for c in found[our]] for our in _MONEY if our in found}
    money = [c for our in _MONEY for c in found.get(our, []) if c.sql]
    spans.decimal([*(c for c in sheet.columns if c.numeric and not c.times), *money], made)
    for column in ours:
        several = found.get(column, [])
        if len(several) > 1:
            text = f"several columns may be it: {', '.join(c.name for c in several)}."
            if column in _NEEDED.get(table, ()):
                made.leave(column, text)
            else:
                made.checks.append(f"{column} is left out: {text}")
        elif several:
            _say(sheet, made, column, several[0])
    for column in _NEEDED.get(table, ()):
        if column not in made.columns and column not in made.undecided:
            made.leave(column, f"no column is named so. Columns: {', '.join(c.name for c in sheet.columns)}.")
    if "age" in made.columns:
        made.columns.pop("birth_date", None)
    if table in OPEN and (rest := [c.name for c in sheet.columns if not any(c in own for own in found.values())]):
        made.checks.append(f"further columns, kept unless they read like names or addresses: {', '.join(rest)}.")
    return made


def _assign(sheet: Sheet, ours: list[str]) -> dict[str, list[Column]]:
    """The file's columns that may be each of ours: those whose name tells it best, and no other of ours better."""
    if not sheet.header:
        return {}
    found: dict[str, list[tuple[tuple[int, int], Column]]] = {}
    for column in sheet.columns:
        scores = {our: max(names.score(column.name, p) for p in _phrases(our)) for our in ours}
        best = max(scores.values(), default=(0, 0))
        if best[0]:
            our = next(o for o in ours if scores[o] == best)
            found.setdefault(our, []).append((best, column))
    best_of = {our: [c for score, c in own if score[0] == max(s[0] for s, _ in own)] for our, own in found.items()}
    # A column called exactly as ours is ours, whatever the draft says.
    exact = {our: [c for c in own if c.name.strip().casefold() == our] for our, own in best_of.items()}
    return {our: exact[our] or own for our, own in best_of.items()}


def _bare(column: Column) -> Column:
    """A column of amounts without signs of money."""
    signs = {sign for v in column.distinct for sign in re.findall(r"[^\d\s.,+-]+", v)}
    if column.numeric or not 0 < len(signs) <= 2 or "'" in "".join(signs):
        return column
    values, text = column.values, name_in_sql(column.name)
    for sign in sorted(signs):
        values, text = tuple(v.replace(sign, "") for v in values), f"replace({text}, '{sign}', '')"
    bare = replace(column, values=tuple(v.strip() for v in values), sql=f"trim({text})")
    return bare if bare.numeric else column


def _say(sheet: Sheet, made: Draft, ours: str, column: Column) -> None:
    """Draft one column, if its values bear out what its name says."""
    if ours == "accepted" and column.times and 0 < len(column.filled) < len(column.values) and _blank(column):
        text = f"CASE WHEN {name_in_sql(column.name)} IS NULL THEN 'no' ELSE 'yes' END"
        made.columns[ours] = Line(Sql(text), "days on which people accepted; who has none has not", False)
    elif ours in ("accepted", "gender") and column.filled:
        _say_words(made, ours, column)
    elif ours == "age":
        numbers = [n for n in column.numbers() if n is not None]
        good = numbers and sum(0 < n < 120 for n in numbers) >= 0.9 * len(column.filled)
        if good:
            made.columns[ours] = Line(column.name, "its name and values")
        else:
            made.checks.append(f"age is left out: {column.name} has other values than ages.")
    elif (ours in _TIMES or ours == "birth_date") and column.filled:
        _say_time(sheet, made, ours, column)
    else:
        made.columns[ours] = Line(
            column.where if column.sql else column.name,
            "its name" + (" and values" if column.filled else "; it is empty"),
            bool(column.filled),
        )


def _blank(column: Column) -> bool:
    """Whether what says nothing is empty, and no word such as NULL."""
    return sum(not v for v in column.values) == len(column.values) - len(column.filled)


def _say_words(made: Draft, ours: str, column: Column) -> None:
    tell = _accepted if ours == "accepted" else vocabulary.gender
    words = {w: tell(w) for w in column.distinct}
    unknown = [w for w, m in words.items() if not m or (w.isdigit() and ours == "gender")]
    if unknown:
        meant = f'"{unknown[0]}" = "{"yes" if ours == "accepted" else "female"}" (or another)'
        made.leave(
            ours,
            f"{column.name} has words that are not known ({', '.join(unknown[:6])}).",
            f'{ours} = "{column.name}" under [columns] and {meant} under [values.{ours}]',
        )
        return
    made.columns[ours] = Line(column.name, "known words")
    for word, meaning in sorted(words.items()):
        if meaning and word != meaning and word.lower() not in ("true", "false"):
            made.say(f"values.{ours}", word.lower(), meaning, "a known word")


def _accepted(word: str) -> str:
    return vocabulary.answered(word)


def _say_time(sheet: Sheet, made: Draft, ours: str, column: Column) -> None:
    read = column.times
    needed = ours in _NEEDED.get(made.table, ())
    if read is None:
        if re.fullmatch(r"(19|20)\d\d", column.filled[0]):  # a year
            made.columns[ours] = Line(column.name, "years", False)
        elif needed:
            made.leave(ours, f"{column.name} does not read as days or times.")
        else:
            made.checks.append(f"{ours} is left out: {column.name} does not read as days or times.")
        return
    if read.rivals:
        shown = ", ".join(list(column.distinct)[:3])
        text = (
            f"{column.name} reads as day/month and as month/day alike ({shown}). Say which with formats under [time]."
        )
        if needed or ours == "birth_date":  # an import takes it by its name all the same
            made.leave(ours, text)
        else:
            made.checks.append(f"{ours} is left out: {text}")
        return
    made.columns[ours] = Line(column.where, "its name and values")
    if read.order in ("seconds", "milliseconds", "microseconds"):
        made.say("time", "form", read.order, "numbers since 1970")
    elif read.formats:
        own = made.tables.get("time", {}).get("formats")
        both = [*(own.value if own else []), *(f for f in read.formats if not own or f not in own.value)]
        made.say("time", "formats", both, "as the values are written")
