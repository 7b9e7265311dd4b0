"""The words for the people of a call record: who called, who was called, the subscriber, the other party, a number.

Phrases stand between commas, in the languages of `roles`.
"""

PEOPLE: dict[str, str] = {
    "caller": """
        node from, vertex from, party from, หมายเลขต้นทาง, หมายเลขผู้โทร,
        orig msisdn, orig subscriber, מתקשר, מספר מתקשר, מקור,
        initiated by, started by, called from, call by, called by, calls from, made by,
        who called, who calls, caller phone number, вихідний номер, номер що телефонує, абонент що телефонує, nomor
        asal, nomor penelepon, penelepon, pengirim, so goi di, so goi, nguoi goi, broj a, pozivajuci broj, pozivni
        broj, volajuci, volajuce cislo, volajici strana, zdrojove cislo, lahettaja, soittava numero, soittajan
        puhelinnumero, opkalder, oppringer, anropare, номер на викащия, викащ, originante, numero originante,
        telefono origine, numero emissor, קו מתקשר, شماره تماس گیرنده, شماره مبدا, الرقم المتصل,
        incoming from,
        received
        from,
        source addr, source address, src addr, src address, cgpn, point origin,
        a, caller, calling, calling number, calling party, calling party number, calling no, calling msisdn, calling
        user, calling line, calling station, caller number, caller id number, caller id, caller no, caller phone,
        caller msisdn, caller num, caller user, caller party, a number, a num, a no, a party, a party number, a party
        no, a msisdn, a subscriber, a side, anumber, anum, aparty, src username, msisdn a, number a, party a, phone
        a, subscriber a, src, src number, src user, src no, source, source number, source phone, from, from number,
        from user, from phone, from msisdn, from id, origin, origin number, originating number, originating tn, orig
        tn, originating party, originating address, originator, orig number, orig party, orig addr, orig, origination
        number, origination, sender, sender number, sender id, sender address, initiator, ani, cli, call from, number
        from, phone from, calling id, user from, a rufnummer, rufnummer a, anrufer, anrufernummer, anrufende nummer,
        rufende nummer, rufender, absender, a teilnehmer, teilnehmer a, von, quelle, quellrufnummer, a nummer, nummer
        a, a nr, anr, von nummer, ruft an, numero a, origen, numero origen, numero de origen, llamante, numero
        llamante, abonado a, desde, remitente, telefono origen, emisor, linea origen, num origen, msisdn origen,
        numero que llama, appelant, numero appelant, num appelant, abonne a, emetteur, origine, expediteur, numero
        emetteur, msisdn appelant, num a, chiamante, numero chiamante, mittente, utenza chiamante, numero del
        chiamante, utenza a, da numero, chamador, numero chamador, origem, numero de origem, numero origem, assinante
        a, telefone origem, remetente, originador, telefone de origem, quem ligou, chamante, numero chamante, hivo,
        hivo szam, hivo fel, a szam, kuldo, forras, honnan, hivo telefonszam, hivo szama, dzwoniacy, numer dzwoniacy,
        numer dzwoniacego, numer a, abonent a, nadawca, zrodlo, od, numer wywolujacy, strona a, abonent wywolujacy,
        beller, bellend nummer, afzender, oproeper, bron, van, van nummer, bellende partij, uppringande, uppringande
        nummer, fran, avsandare, uppringare, fran nummer, anropande, anropande nummer, arayan, arayan numara, arayan
        no, arayan numarasi, gonderen, kaynak, a numarasi, a numara, arayan abone, вызывающий, звонящий, абонент а,
        номер а, отправитель, от кого, откуда, источник, номер вызывающего, кто звонил, вызывающий абонент, номер
        звонящего, исходящий номер, 主叫, 主叫号码, 主叫方, 呼叫方, 发送方, 发件人, 源号码, 主叫用户, 主叫电话,
        发送号码, 主叫方号码, gebeld vanaf, volajici, volajici cislo, cislo volajiciho, apelant, numar apelant,
        numarul apelant, opkaldende nummer, fra nummer, ringer, soittaja, soittajan numero, broj pozivatelja,
        pozivatelj, caller address, calling address, telefono chiamante, iniciador, telefone originador, 発信者番号,
        発信番号, 発信元, 発信者, 발신번호, 발신자, رقم المتصل, المتصل, καλων, αριθμος καλουντος""",
    "callee": """
        node to, vertex to, party to, uppringt, uppringt nr, หมายเลขปลายทาง, หมายเลขผู้รับ,
        term, term msisdn, term subscriber, יעד, מספר יעד, מקבל,
        calls to, made to,
        whom, who was called, nomor tujuan, penerima, so bi goi, so nhan, nguoi nhan, so bi goi den, pozvan, volany
        ucastnik, volane telefonni cislo, volana strana, volane, cielove cislo, cilove cislo, vastaanottajan numero,
        soitettu numero, opkaldt nummer, oppringt, anropat, викликаний номер, номер кому телефонують, набраний
        номер, номер на повикания, numero discado, no discado, linha discada, telefone discado, telefone chamado,
        numero marcado, telefono llamado, numero composto, numero selezionato, numer wywolany, aranilan numara,
        شماره مقصد, شماره گیرنده, الرقم المتصل به,
        outgoing to, sent to,
        target address, destination addr, dest address, dst addr, dst address, cdpn, point target,
        b, callee, called, called number, called party, called party number, called no, called msisdn, called user,
        called line, called station, callee number, callee id, callee no, callee phone, callee msisdn, callee num, b
        number, b num, b no, b party, b party number, b party no, b msisdn, b subscriber, b side, bnumber, bnum,
        bparty, msisdn b, number b, party b, phone b, subscriber b, dst, dst number, dst user, dst username, dst no,
        dest, dest number, dest phone, dest party, dest addr, destination, destination number, destination party,
        destination address, destination phone, destination user, destination msisdn, to, to number, to user, to
        phone, to msisdn, to id, term number, terminating number, terminating tn, term tn, terminating party,
        terminating address, recipient, recipient number, recipient id, recipient address, receiver, receiver number,
        receiver id, target number, target party, call to, number called, number to, phone to, user to, dest user id,
        dest user, b rufnummer, rufnummer b, angerufener, angerufene nummer, gerufene nummer, gerufener, empfanger,
        zielrufnummer, zielnummer, ziel, b teilnehmer, teilnehmer b, nach, an, an nummer, b nummer, nummer b, b nr,
        bnr, zielnr, numero b, destino, numero destino, numero de destino, llamado, numero llamado, abonado b, hacia,
        destinatario, telefono destino, receptor, linea destino, num destino, msisdn destino, numero marcado, appele,
        numero appele, num appele, abonne b, destinataire, numero destinataire, msisdn appele, num b, numero compose,
        vers, chiamato, numero chiamato, destinatario, utenza chiamata, numero del chiamato, utenza b, destinazione,
        chamado, numero chamado, assinante b, telefone destino, telefone de destino, numero discado, para, hivott,
        hivott szam, hivott fel, b szam, cimzett, cel, hova, hivott telefonszam, hivott szama, fogado, numer
        wybierany, odbierajacy, numer odbierajacy, numer b, abonent b, odbiorca, cel, numer wywolywany, strona b,
        wywolywany, abonent wywolywany, numer docelowy, gebelde, gebeld nummer, ontvanger, bestemming, naar, naar
        nummer, gebelde partij, gebelde nummer, uppringd, uppringt nummer, mottagare, till, till nummer, anropad,
        anropat nummer, uppringda, aranan, aranan numara, aranan no, aranan numarasi, alici, hedef, b numarasi, b
        numara, aranan abone, вызываемый, абонент б, абонент b, номер б, номер b, получатель, кому, куда, назначение,
        номер вызываемого, вызываемый абонент, набранный номер, принимающий, адресат, 被叫, 被叫号码, 被叫方, 接收方,
        收件人, 目标号码, 被叫用户, 被叫电话, 接收号码, 被叫方号码, volany, volane cislo, cislo volaneho, apelat,
        numar apelat, numarul apelat, kaldt nummer, kaldt, til nummer, oppringt nummer, vastaanottaja, kohdenumero,
        pozvani broj, broj pozvanog, numer wybrany, called address, telefono chiamato, recebedor, receptor da
        chamada, numero recebedor, 着信者番号, 着信番号, 着信先, 着信者, 착신번호, 수신번호, 수신자, رقم المستقبل,
        المستقبل, الرقم المطلوب, καλουμενος, αριθμος καλουμενου""",
    "callee_final": """
        final called, final called party, final called party number, final destination, final number, connected
        number, connected party, answered by, answering party, answering number, answering extension, terminated
        number, actual called number, last called party, final callee, zielnummer endgultig""",
    "callee_dialled": """
        original called, original called party, original called party number, dialed, dialled, dialed number, dialled
        number, dialed digits, dialled digits, number dialed, caller destination, dnid, dialed no, dst ousername, dst
        ouser, translated destination, did, did number, ddi, gewahlte nummer, original destination, redirecting
        number, redirected number, redirecting party, last redirect, last redirect dn, forwarded to, forwarding
        number, third party, diverted number, connected to via, diverting number, weiterleitung, c number, c party,
        cid rdnis, rdnis, forwarded number, transferred to, dnis, gewahlte rufnummer, digits dialed, digits
        dialled""",
    "subscriber": """
        participant a, participant id a, user a, user id a, person a, person id a, id a, node a,
        liittyma, liittymanumero, tilaaja, linje, abonnement, abonnementsnummer, telefonlinje, nomor anda, nomor
        pelanggan, pelanggan, nomor saya, thue bao, so thue bao, predplatnik, ucastnicke cislo, broj pretplatnika,
        pretplatnik, korisnik, telefonni cislo ucastnika, абонентський номер, telefone da linha, no linha, numero da
        linha, linha telefonica, numero abonado telefonico, utenza telefonica, numero utenza, numero della linea,
        ligne appelante, numero de la ligne, rufnummer des anschlusses, rufnummer anschluss, hatti, numer abonenta
        msisdn, own line, phone line number, service phone number, wireless line, mobile line,
        mit nummer, mitt nummer, oma numero, moje cislo, vlastni cislo, mijn nummer, meu numero, mi numero, mon
        numero,
        mio numero, meine nummer, numarul meu, numaram, moj numer, moj broj, mitt telefonnummer, sajat telefonszam,
        chargeable subscriber, participant, participant id,
        hat no, hat numarasi, abonnemang,
        msisdn, person, person id, person oid, subscriber, subscriber id, subscriber number, subscriber no, served
        msisdn, served party, served number, served user, served subscriber, user, user id, userid, uid, user number,
        ego, own number, service number, my number, own msisdn, local number, local party, near end, line, line
        number, customer, customer id, customer number, client, client id, owner, extension, ext, agent number, agent
        extension, agent, target, target no, home number, phone line, wireless number, account phone number,
        teilnehmer, rufnummer, kunde, kundennummer, eigene nummer, anschluss, nebenstelle, teilnehmernummer, eigene
        rufnummer, abonado, linea, usuario, cliente, numero abonado, numero propio, numero de linea, extension
        propia, abonne, ligne, utilisateur, numero abonne, numero de ligne, poste, msisdn abonne, utenza, abbonato,
        utente, linea chiamante propria, interno, assinante, linha, numero assinante, ramal, elofizeto, sajat szam,
        felhasznalo, ugyfel, elofizetoi szam, mellek, elofizeto szama, abonent, uzytkownik, numer abonenta, numer
        wlasny, klient, abonnee, gebruiker, klant, eigen nummer, abonneenummer, toestel, abonnent, anvandare, kund,
        eget nummer, abonnentnummer, anknytning, abone, kullanici, abone no, musteri, kendi numarasi, abone numarasi,
        абонент, пользователь, клиент, номер абонента, свой номер, мой номер, 用户号码, 本机号码, 用户, 手机号,
        手机号码, 本方号码, 计费号码, 业务号码, internal number, internal party, internal extension, own party, user
        phone, agent phone, ucastnik, cislo ucastnika, abonent msisdn, rufnummernanschluss, mobilfunknummer""",
    "other": """
        chat, chat id,
        participant b, participant id b, user b, user id b, person b, person id b, id b, node b,
        druga linija, nomor lawan, lawan bicara, so lien lac, correspondant appele, interlocuteur numero, numero
        interlocutore, numero del corrispondente, numero interlocutor, numero contraparte, numer drugiej strony,
        cislo protistrany, druhe telefonni cislo, toinen osapuoli numero, motpart nummer, номер співрозмовника,
        numero do contato, numero del contacto, number of other party, remote phone number, other phone number,
        other phone,
        andet nummer, annet nummer, toinen numero, druhe cislo, jine cislo, alt numar, celalalt numar, drugi broj,
        drugi numer,
        other, other party, other number, other party number, other msisdn, other end, other side, otherparty,
        counterpart, counterpart number, msisdn counterpart, counterparty, correspondent, correspondent id,
        correspondent number, peer, peer number, contact, contact number, contact id, opposite, opposite number,
        opposite party, remote, remote party, remote number, far end, second party, partner, partner number, external
        number, third party number, external party, alter, gegenstelle, gegenrufnummer, gegennummer,
        gesprachspartner, andere nummer, partnernummer, kontakt, kommunikationspartner, otro numero, otra parte,
        interlocutor, contraparte, numero contacto, contacto, numero contraparte, correspondant, numero
        correspondant, interlocuteur, autre numero, autre partie, contact numero, interlocutore, controparte,
        corrispondente, altro numero, contatto, outro numero, outra parte, contato, masik fel, partner szam, masik
        szam, partnerszam, masik szama, partner telefonszam, druga strona, rozmowca, inny numer, numer rozmowcy,
        numer kontaktu, tegenpartij, andere partij, gesprekspartner, ander nummer, tegennummer, motpart, andra
        parten, motpartsnummer, annat nummer, kontaktnummer, karsi taraf, karsi numara, diger numara, karsi no, karsi
        abone, собеседник, другая сторона, второй абонент, другой номер, номер собеседника, контакт, 对方号码,
        对端号码, 对方, 对方手机号, 对方电话, 对端, 通话号码, protistrana, druhy ucastnik, interlocutor numar,
        modpart, toinen osapuoli""",
    "number": """
        cislo, telefonni cislo, telefonne cislo, broj, broj telefona, puhelinnumero numero, nomor, nomor telepon, no
        telepon, so dien thoai, so, номер на телефон, телефонен номер, αριθμος, αριθμος τηλεφωνου, τηλεφωνο,
        telefonnr, telefon nr, tlf, tlf nr, telenr, หมายเลข, หมายเลขโทรศัพท์, رقم, رقم الهاتف, הטלפון, מספר, מספר
        טלפון, شماره, شماره تلفن, 전화번호, 電話番号,
        endpoint, tracking number,         number, phone, phone number, telephone, telephone number, tel, mobile,
        mobile number, phone no, tel no,
        address, nummer, telefon, telefonnummer, telefono, numero, telephone numero, telefone, szam, telefonszam,
        numer, numer telefonu, telefoonnummer, telefon numarasi, numara, телефон, номер, номер телефона, 电话,
        电话号码, 号码, telefonni cislo, numar, numar de telefon, puhelinnumero, cell number, cell phone number,
        mobile no, numero di telefono, numero de telephone, numero de telefono, numero telefono, numero de telefone,
        handynummer, mobilnummer, gsm, gsm no""",
}  # fmt: skip
