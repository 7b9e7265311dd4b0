"""The words for each role that a column of call records can play, in several languages.

Phrases stand between commas: English, German, Spanish, French, Italian, Portuguese, Hungarian, Polish, Dutch,
Swedish, Turkish, Russian, Chinese, Czech, Romanian, Danish, Norwegian,
Japanese, Korean, Arabic and Greek.
"""

from engine.drafts.people import PEOPLE

ROLES: dict[str, str] = {
    **PEOPLE,
    "direction": """
        call to from, to from,
        is caller, is originator, is initiator, was caller, caller flag, initiator flag,
        smer, smer hovoru, smer volania, smjer, suunta, retning, riktning samtal, arah, arah panggilan, chieu, chieu
        goi, chieu cuoc goi, напрямок, посока, jihat, κατευθυνση, اتجاه, اتجاه المكالمة, جهت, כיוון,
        direction, call direction, dir, in out, inout, io, i o, way, outgoing, incoming, is outgoing, is incoming,
        outbound, inbound, originating terminating, mo mt, momt, call way, traffic direction, msg direction, message
        direction, orig term, in or out, richtung, anrufrichtung, gesprachsrichtung, verkehrsrichtung, ein aus,
        direccion, sentido, direccion llamada, sens, sens appel, sens de l appel, sens communication, direzione,
        verso, verso chiamata, direcao, sentido da chamada, irany, hivas iranya, hivasirany, kierunek, kierunek
        polaczenia, richting, gespreksrichting, oproeprichting, riktning, samtalsriktning, yon, arama yonu, cagri
        yonu, направление, тип соединения, направление вызова, 方向, 呼叫方向, 通话方向, 呼叫类型, 通话类型, 主被叫,
        smer, smer hovoru, directie, directia, retning, suunta, smjer, call direction type""",
    "start": """
        init time, init timestamp, init at,
        zahajeni, cas zahajeni, datum zahajeni, cas zacatku, datum hovoru, waktu mulai, mulai, waktu panggilan, thoi
        gian bat dau, bat dau, pocetak, vrijeme pocetka, aloitus, aloitusaika, alkamisaika, startet, початок, час
        початку, дата дзвінка, начало на разговора, date begun, call began,
        submit time, submitted at, submit date, submission time, event dtm,
        initiation timestamp, started at, start, start time, start date, start datetime, start date time, start
        timestamp, start stamp,
        start at, started, starttime, begin, begin time, begin at, began, call start, call start time, call date,
        calldate, call time, call datetime, call begin, call timestamp, call date time, date of call, time of call,
        datetime of call, starting date, starting time, session start, session start time, initiation time,
        origination time, date time origination, initiated, initiated at, event time, event start, event date, event
        timestamp, setup time, seizure time, sent at, sent, date sent, send time, sent time, date received, received
        at, local start time, start utc, start local, utc start, record opening time, opening time, start epoch,
        connect date, time start, date start, beginn, anfang, startzeit, beginnzeit, gesprachsbeginn, anrufbeginn,
        anrufzeit, start datum, anrufdatum, beginn zeit, beginn datum, verbindungsbeginn, gesendet am,
        startzeitpunkt, datum beginn, datum uhrzeit, zeitpunkt, inicio, fecha inicio, fecha de inicio, hora inicio,
        hora de inicio, fecha hora inicio, inicio llamada, fecha llamada, comienzo, fecha hora, fecha y hora, debut,
        date debut, heure debut, date heure debut, debut appel, date appel, heure appel, date de debut, heure de
        debut, date heure, date et heure, horodatage, inizio, data inizio, ora inizio, data ora inizio, inizio
        chiamata, data chiamata, data ora, data e ora, data inicio, hora de inicio, data hora inicio, inicio da
        chamada, data da chamada, data hora, data e hora, kezdet, kezdes, kezdete, kezdo idopont, kezdes ideje,
        kezdesi ido, hivas kezdete, hivas ideje, hivas idopontja, idopont, kezdo ido, poczatek, start polaczenia,
        data rozpoczecia, czas rozpoczecia, data polaczenia, godzina rozpoczecia, poczatek polaczenia, data i
        godzina, rozpoczecie, begin gesprek, aanvang, begintijd, starttijd, begindatum, startdatum, datum tijd,
        aanvangstijd, datum en tijd, tijdstip, starttid, startdatum, borjan, paborjad, samtalsstart, starttidpunkt,
        datum tid, tidpunkt, datum och tid, baslangic, baslama zamani, baslangic zamani, baslangic tarihi, arama
        zamani, arama tarihi, cagri zamani, tarih saat, начало, время начала, дата начала, начало вызова, начало
        разговора, время вызова, дата вызова, дата и время, дата время, начало соединения, 开始, 开始时间, 起始时间,
        通话开始时间, 呼叫时间, 通话时间, 发送时间, 起始日期, 开始日期, 日期时间, date started, conversation start,
        date for start of charge, time for start of charge, datum a cas, zacatek, zacatek hovoru, cas hovoru, data si
        ora, data ora apel, inceput, starttidspunkt, tidspunkt, alkuaika, aloitusaika, poczatek rozmowy, data i czas,
        start dt, start tm, event start ts, start ts, 開始日時, 発信日時, 通話開始, 통화시작, 통화일시, 시작시간, وقت
        البداية, εναρξη, ωρα εναρξης, setup, setup ms, setup at""",
    "answer_time": """
        connected to agent, connected to agent timestamp, agent answer time,         answer, answer time, answered
        at, answer stamp, answer timestamp, answer date, answer epoch, answer datetime,
        connect, connect time, connected at, connected time, date time connect, connect timestamp, talk start,
        conversation start, time answered, pickup time, charging start, establish time, antwortzeit, annahmezeit,
        verbunden um, annahme, hora respuesta, hora de respuesta, heure reponse, heure de reponse, ora risposta, hora
        atendimento, fogadas ideje, fogadas, czas odebrania, odebrano, beantwoord om, opnametijd, svarstid, besvarad
        tid, cevap zamani, cevaplama zamani, время ответа, ответ, 应答时间, 接通时间, 接听时间, date connected,
        conversation connected, charging start time, answer ts, answer dt, answer tm, connect ms, answer ms""",
    "end": """
        ukonceni, cas ukonceni, cas konce, datum ukonceni, waktu selesai, selesai, waktu berakhir, thoi gian ket
        thuc, ket thuc, kraj, vrijeme zavrsetka, lopetus, paattymisaika, sluttet, avsluttet, кінець, час завершення,
        край, call ended,
        end, end time, end date, end stamp, end timestamp, end datetime, end at, ended at, ended, endtime, finish,
        finish time, finished at, stop, stop time, stopped at, hangup time, hangup, disconnect, disconnect time, date
        time disconnect, disconnected at, release time, call end, call end time, session end, closing time, date
        finalized, time end, terminated at, clear time, completed at, record closing time, end epoch, end utc, event
        end, ende, endzeit, gesprachsende, anrufende zeit, anrufende am, endzeitpunkt, verbindungsende, schluss, fin,
        fecha fin, hora fin, fecha de fin, hora de fin, fin llamada, fecha hora fin, termino, date fin, heure fin,
        fin appel, date heure fin, heure de fin, date de fin, fine, data fine, ora fine, fine chiamata, data ora
        fine, fim, data fim, hora fim, fim da chamada, data hora fim, veg, vege, befejezes, hivas vege, zaro idopont,
        veg ideje, vegzet, koniec, data zakonczenia, czas zakonczenia, zakonczenie, koniec polaczenia, eindtijd,
        einde, einde gesprek, einddatum, sluttid, slut, slutet, avslutad, samtalsslut, slutdatum, bitis, bitis
        zamani, bitis tarihi, son, конец, окончание, время окончания, дата окончания, конец вызова, время конца,
        конец разговора, завершение, 结束, 结束时间, 终止时间, 结束日期, 通话结束时间, date ended, conversation end,
        charging end time, charging end, konec, konec hovoru, cas konce, sfarsit, slutning, loppuaika, end dt, end
        tm, event end ts, end ts, 終了日時, 통화종료, 종료시간, وقت النهاية, ληξη, release ms, released at""",
    "time": """
        tanggal, waktu, jam, ngay, gio, thoi gian, datum i vrijeme, vrijeme, datum cas, datum a cas hovoru, hodina,
        dia hora, час, дата час, дата та час, дата и час, pvm, paiva, klo, kellonaika, dato og tid, dato tid, dato
        og klokkeslett, تاریخ, ساعت, تاريخ, تاريخ ووقت, วันที่, เวลา, תאריך, שעה,
        t, time, date, datetime, date time, timestamp, time stamp, ts, when, local time, local timestamp, local time
        stamp, utc, utc time, day, epoch, unix time, moment, occurred at, occurred, date utc, datum, zeit, uhrzeit,
        zeitstempel, tag, datum zeit, zeitpunkt, fecha, hora, marca de tiempo, heure, jour, data, ora, giorno, dia,
        datum ido, ido, idobelyeg, nap, godzina, czas, dzien, znacznik czasu, tijd, dag, tijdstempel, tid, klockslag,
        tidsstampel, tarih, saat, zaman, zaman damgasi, дата, время, час, метка времени, 时间, 日期, 时间戳, cas,
        den, ziua, dato, klokkeslaet, klokkeslett, paivamaara, aika, kello, dt, tm, call dt, call tm, event dt, event
        tm, 日時, 날짜, التاريخ, الوقت, ημερομηνια, ωρα, ημερομηνια και ωρα""",
    "time_meta": """
        done time, done date, delivered at, delivery time,
        created, created at, date created, created time, inserted, inserted at, insert time, updated, updated at,
        date updated, modified, processed, processed at, process date, load date, loaded at, file date, export date,
        imported at, record date, billing date, invoice date, rated at, rating time, charge date, bill date, period,
        cycle, expiry, activation date, expires, valid from, valid to, birth date, last updated, erstellt, geandert,
        exportiert, fecha proceso, date traitement, readable date""",
    "talk": """
        conv secs, conv sec, conv time, conv duration, conversation secs,
        billsec, bill sec, billable seconds, billable duration, talk, talk time, talk seconds, talk duration,
        talktime, talking, talk sec, talking time, talking duration, conversation, conversation time, conversation
        duration, connected duration, connected seconds, connected time s, duration answered, duration in call,
        connect duration, duration connected, connection duration, in call, in call time, answered seconds, answered
        duration, answer duration, answersec, speaking time, call duration connected, net duration, conversation
        seconds, in call duration, sprechzeit, gesprachszeit, gesprachsdauer, sprechdauer, tiempo conversacion,
        duracion conversacion, tiempo hablado, duree conversation, duree de conversation, temps de parole, durata
        conversazione, tempo conversazione, tempo de conversacao, duracao conversa, duracao da conversa, beszelgetes
        hossza, beszelgetesi ido, beszelgetes ideje, beszelgetesido, beszelgetes, czas rozmowy, dlugosc rozmowy,
        gesprekstijd, gespreksduur, spreektijd, samtalstid, taltid, samtalslangd, konusma suresi, gorusme suresi,
        длительность разговора, время разговора, продолжительность разговора, 通话时长, 通话时长秒, 应答时长""",
    "duration": """
        tid tim min sek, tid min sek, tid sek, tid s, czas s, czas sek, czas sekundy, zeit s, zeit sek, zeit min,
        tempo s, temps s, tiempo s, tiempo seg, time s, time sec, time secs, time seconds, time min, cas s, aika s,
        ido mp, ido masodperc, время с, время сек, ระยะเวลา, ระยะเวลาวินาที,
        dauer volumen, dauer menge, duracion volumen, duracion cantidad, duration volume, duration quantity, duree
        volume, duree quantite, durata volume, durata quantita, duracao volume, duur volume, объем услуги, объем
        услуг, длительность объем, משך בשניות,
        lasted, lasted s, lasted sec, lasted seconds, lasted min,
        how long, how long min, trvani hovoru, dlzka, dlzka hovoru, trvanie hovoru, doba hovoru, delka s, trajanje
        poziva, trajanje s, durasi, durasi detik, durasi s, lama, lama panggilan, thoi luong, thoi luong giay,
        puhelun kesto, kesto s, kesto sekuntia, kesto min, samtalelengde, lengde, taletid, varighet s, varighed s,
        varighed sekunder, varighet sekunder, varighed i sekunder, varighet i sekunder, dauer in sekunden, dauer in
        minuten, тривалість, тривалість сек, продължителност, времетраене, مدت, مدت مکالمه, משך, משך שיחה, length s,
        length sec, length seconds, length min, length minutes, length of call, call len,
        et, elapsed seconds,         event dur, call dur,
        duration, duration s, duration seconds, duration sec, durations, call duration, call duration s, call length,
        length, dur, seconds, secs, sec, elapsed, elapsed time, call seconds, call secs, total duration, total call
        event duration, session duration, usage duration, chargeable duration, actual duration, duration secs,
        duration min, duration minutes, duration mins, minutes, mins, min, duration ms, duration milliseconds,
        duration msec, event duration, time length, raw duration, sessiontime, session time, total seconds, total
        time, usage, holding time, call minutes, s, real duration, airtime minutes, minutes used, dauer, dauer sek,
        dauer sekunden, anrufdauer, verbindungsdauer, lange, sekunden, dauer s, dauer min, dauer minuten, minuten,
        sek, verbindungszeit, gesamtdauer, duracion, duracion segundos, duracion seg, duracion llamada, segundos,
        duracion minutos, minutos, tiempo total, duracion s, seg, duracion de llamada, duree, duree s, duree
        secondes, duree sec, duree appel, secondes, duree minutes, duree min, duree totale, duree de l appel, duree
        en secondes, durata, durata secondi, durata sec, durata chiamata, secondi, durata minuti, minuti, durata s,
        durata in secondi, duracao, duracao segundos, duracao seg, duracao chamada, duracao minutos, duracao da
        chamada, duracao s, duracao em segundos, hossz, hossza, idotartam, idotartam mp, hivas hossza, masodperc, mp,
        perc, hossz mp, idotartam masodperc, idotartam perc, tartam, hossz masodperc, czas trwania, dlugosc, sekundy,
        czas trwania s, czas trwania sek, czas trwania polaczenia, minuty, dlugosc polaczenia, trwanie, duur, duur
        seconden, gespreksduur totaal, seconden, duur sec, duur minuten, lengte, minuten, duur s, langd, varaktighet,
        sekunder, langd sek, langd sekunder, minuter, varaktighet sek, langd s, varaktighet s, varaktighet sekunder,
        sure, sure sn, sure saniye, saniye, arama suresi, cagri suresi, dakika, sure dakika, sure dk, sn, toplam
        sure, длительность, длительность сек, продолжительность, секунды, сек, минуты, мин, длительность вызова,
        длительность секунд, длительность с, длительность мин, продолжительность сек, продолжительность вызова, 时长,
        时长秒, 持续时间, 秒, 分钟, 时长分钟, 总时长, 通话秒数, 呼叫时长, delka, delka hovoru, delka s, doba trvani,
        trvani, durata apel, durata apelului, varighed, varighet, kesto, trajanje, call duration hh mm ss, durata hh
        mm ss, total sec, total secs, total s, dur sec, dur s, 通話時間, 通話時間秒, 통화시간, 통화시간초, المدة, مدة
        المكالمة, المدة بالثواني, διαρκεια, διαρκεια δευτ, διαρκεια κλησης""",
    "billed": """
        billed sec, billed secs,
        bill duration, billed duration, billed seconds, billed minutes, charged duration, charged seconds, rated
        duration, rated seconds, rounded duration, rounded seconds, rounded minutes, bill minutes, billable minutes,
        charged minutes, invoiced seconds, abgerechnete dauer, duree facturee, duracion facturada, durata addebitata,
        duracao faturada, duracao tarifada, szamlazott ido, czas naliczony, 计费时长""",
    "ring": """
        ring, ringing, ring time, ring duration, ring seconds, ringing time, ringing duration, time to answer, answer
        delay, wait, wait time, waitsec, wait seconds, progresssec, progress sec, pdd, post dial delay, setup
        duration, setup seconds, queue time, hold, hold time, hold duration, holdtime, queue wait, alert time,
        alerting, parked time, park time, delay, latency, wrap up, acw, klingeldauer, rufdauer, klingelzeit, rufzeit,
        wartezeit, tiempo timbrado, tiempo de espera, timbre, duree sonnerie, temps sonnerie, sonnerie, attente,
        temps attente, tempo squillo, squillo, squilli, tempo attesa, tempo de toque, tempo toque, toque, tempo de
        espera, espera, csengetes, csengetesi ido, csengesi ido, varakozas, czas dzwonienia, dzwonienie, dzwonek,
        czas oczekiwania, oczekiwanie, beltijd, overgaan, wachttijd, ringtid, vantetid, ringsignal, calma suresi,
        calma, bekleme suresi, время дозвона, дозвон, ожидание, время ожидания, 振铃, 振铃时长, 等待时长, vyzvaneni,
        doba vyzvaneni, apel timp, ringetid""",
    "kind": """
        bearer, bearer service, basic service code, tele service, teleservice code, service code,
        laji, tapahtuma, typ udalosti, druh sluzby, jenis, jenis layanan, jenis panggilan, loai, loai cuoc goi, loai
        dich vu, vrsta, vrsta usluge, usluga vrsta, tip usluge, тип послуги, послуга, вид послуги, сервиз, type
        communication reseau, نوع, نوع المكالمة, סוג, سرویس,
        kind, call type, record type, event type, type, interaction, interaction type, service, service type, type of
        call, usage type, cdr type, communication type, traffic type, call category, category, product, event,
        service name, type of service, activity, channel type, media, media type, activity type, comm type, message
        type, tor, type record, teleservice, basic service, transaction type, usage category, art, typ, anrufart,
        dienst, dienstart, verbindungsart, ereignis, leistung, verkehrsart, gesprachsart, ereignistyp, tipo, tipo
        llamada, tipo de llamada, servicio, tipo servicio, tipo de servicio, evento, tipo evento, clase, type appel,
        type d appel, type service, nature, prestation, evenement, type evenement, type communication, type de
        communication, tipo chiamata, servizio, tipo servizio, tipo di servizio, genere, tipo chamada, tipo de
        chamada, servico, tipo de servico, tipus, hivas tipusa, szolgaltatas, hivastipus, esemeny, fajta, tipusa,
        szolgaltatas tipusa, rodzaj, rodzaj polaczenia, typ polaczenia, usluga, zdarzenie, typ zdarzenia, typ uslugi,
        rodzaj uslugi, soort, soort gesprek, gesprekstype, dienst type, gebeurtenis, soort verkeer, tjanst,
        samtalstyp, handelse, slag, tjanstetyp, tur, arama turu, hizmet, cagri turu, olay, servis, hizmet turu, тип,
        тип вызова, вид, услуга, тип услуги, событие, вид услуги, вид связи, тип события, 类型, 业务类型, 服务类型,
        呼叫种类, 通信类型, 事件类型, 通信方式, druh, druh hovoru, typ hovoru, typ sluzby, sluzba, tip apel, tip
        serviciu, opkaldstype, tjeneste, laji""",
    "answered": """
        vysledek hovoru, stav volania, stav hovoru, tulos, hasil, trang thai, ishod, результат дзвінка, resultat av
        samtale,
        answered, disposition, status, call status, result, call result, outcome, answered flag, is answered, answer
        indicator, completion, release status, call state, missed, missed call, is missed, action result, call
        outcome, call disposition, completed, connected, successful, success, call completion, answer state,
        ergebnis, anrufstatus, angenommen, beantwortet, zustand, estado, resultado, estado llamada, contestada,
        estado de la llamada, statut, etat, resultat, statut appel, resultat appel, etat appel, stato, esito,
        risultato, esito chiamata, stato chiamata, situacao, estado da chamada, status da chamada, resultado da
        chamada, atendida, allapot, eredmeny, statusz, hivas allapota, fogadva, fogadott, hivas eredmenye, stan,
        wynik, status polaczenia, odebrane, wynik polaczenia, resultaat, gespreksstatus, toestand, beantwoord,
        samtalsstatus, besvarad, utfall, resultat samtal, durum, sonuc, arama durumu, cagri durumu, cevaplandi,
        статус, результат, состояние, статус вызова, результат вызова, отвечен, исход, 状态, 通话状态, 呼叫结果,
        结果, 接通状态, 呼叫状态, 是否接通, stav, stav hovoru, vysledek, stare, rezultat, resultat opkald, tila, last
        leg disposition""",
    "cause": """
        hangup cause, cause, release cause, cause code, disconnect cause, hangup cause name, cause value, termination
        cause, disconnect reason, termination reason, reason, end reason, cause for term, cause for termination,
        hangup cause id, hangup reason, sip code, sip response code, q850, release reason, release code, hangup
        disposition, disconnect code, causa, motivo, auslosegrund, trenngrund, abbruchgrund, raison, bontas oka,
        przyczyna, reden, orsak, neden, причина, причина завершения, 原因, 挂断原因, 释放原因""",
    "up": """
        octets out, out octets, octets sent,
        up, uplink, upload, upstream, volume up, vol up, volume upload, volume uplink, uplink volume, bytes up, bytes
        sent, bytes out, up bytes, upload bytes, uplink bytes, data up, data volume uplink, data volume gprs uplink,
        uploaded, tx, tx bytes, octets up, uplink octets, output octets, sent bytes, up volume, up kb, up mb, volume
        outgoing, upload kb, upload mb, uplink kb, uplink mb, data volume outgoing, gesendete daten, hochgeladen,
        volumen up, volumen hoch, subida, datos subida, volumen subida, montant, volume montant, envoi, donnees
        montantes, dati inviati, volume inviato, enviados, dados enviados, volume subida, feltoltes, feltoltott,
        wyslane dane, wyslano, verzonden data, geupload, uppladdat, uppladdning, yukleme, gonderilen veri, исходящий
        трафик, отправлено байт, передано, 上行, 上行流量, acctinputoctets, acct input octets, odeslana data,
        odeslano""",
    "down": """
        octets in, in octets, octets received,
        down, downlink, download, downstream, volume down, vol down, volume download, volume downlink, downlink
        volume, bytes down, bytes received, bytes in, down bytes, download bytes, downlink bytes, data down, data
        volume downlink, data volume gprs downlink, downloaded, rx, rx bytes, octets down, downlink octets, input
        octets, received bytes, down volume, down kb, down mb, volume incoming, download kb, download mb, downlink
        kb, downlink mb, data volume incoming, empfangene daten, heruntergeladen, volumen down, volumen runter,
        bajada, datos bajada, descarga, volumen bajada, descendant, volume descendant, reception, donnees
        descendantes, dati ricevuti, volume ricevuto, recebidos, dados recebidos, volume descida, letoltes,
        letoltott, pobrane dane, pobrano, ontvangen data, gedownload, nedladdat, nedladdning, indirme, alinan veri,
        входящий трафик, получено байт, принято, 下行, 下行流量, acctoutputoctets, acct output octets, stazena data,
        stazeno""",
    "volume": """
        volume, volume mb, volume total, total volume, data volume, data usage, bytes, total bytes, total octets,
        data mb, data kb, traffic, traffic volume, traffic mb, traffic kb, megabytes, kilobytes, gigabytes, mb, kb,
        gb, octets, usage mb, usage kb, usage bytes, volume kb, volume bytes, data bytes, datenvolumen, datenmenge,
        volumen, volumen mb, volumen kb, trafico, consumo datos, volumen datos, volume donnees, consommation, volume
        de donnees, volume dati, traffico, traffico dati, volume de dados, trafego, adatmennyiseg, adatforgalom,
        forgalom, ilosc danych, transfer, zuzycie danych, transfer danych, hoeveelheid data, dataverbruik,
        datavolume, datamangd, dataforbrukning, veri miktari, kullanim mb, трафик, объем, объем данных, объем
        трафика, 流量, 总流量, 数据流量""",
    "imei": """
        imei, served imei, imeisv, handset imei, device imei, equipment id, equipment identity, geratenummer, 设备号,
        终端串号""",
    "imei_a": """
        imei a, a imei, calling imei, caller imei, originating imei, imei caller, src imei, imei calling, a party
        imei, imei origen""",
    "imei_b": """
        imei b, b imei, called imei, callee imei, terminating imei, imei callee, dst imei, imei called, b party imei,
        imei destino""",
    "tac_a": "tac a, a tac, caller tac, calling tac, originating tac, tac caller",
    "tac_b": "tac b, b tac, callee tac, called tac, terminating tac, tac callee",
    "tac": "tac, type allocation code, served tac, handset tac, device tac, imei tac, tac code",
    "cell": """
        cell, cell id, cellid, cell identifier, cell identity, cgi, ecgi, cell tower, tower, tower id, antenna,
        antenna id, bts, bts id, site id, location id, first cell, first cell id, start cell, first cgi, base
        station, station id, cell site, cell global id, zelle, zell id, zellid, funkzelle, celda, antena, id celda,
        cellule, id cellule, antenne, cella, id cella, celula, erb, id celula, cellaazonosito, cella azonosito,
        bazisallomas, komorka, id komorki, stacja bazowa, cel id, zendmast, cel nummer, cellid, basstation, mast,
        hucre, hucre id, baz istasyonu, сота, базовая станция, ид соты, номер соты, 基站, 小区, 基站编号, 小区号,
        小区编号""",
    "cell_a": """
        cell a, a cell, calling cell, caller cell, originating cell, cell caller, cell id a, calling cell id, orig
        cell, a party cell, caller cell id, cell origin""",
    "cell_b": """
        cell b, b cell, called cell, callee cell, terminating cell, cell callee, cell id b, called cell id, dest
        cell, b party cell, callee cell id, cell destination""",
    "call_id": """
        interaction id, conversation id, msg id,
        call id, callid, call sid, call uuid, uuid, call reference, call ref, reference id, network call reference,
        global call id, global call id call id, unique id, uniqueid, record id, cdr id, session id, transaction id,
        message id, message sid, sid, usage id, call identifier, correlation id, linked id, linkedid, guid, anruf id,
        verbindungs id, gesprachs id, id llamada, id appel, id chiamata, id chamada, hivas azonosito, id polaczenia,
        gespreks id, samtals id, cagri id, ид вызова, 通话标识, 呼叫标识""",
    "utc_offset": """
        utc offset, utc time offset, timezone offset, time zone offset, tz offset, gmt offset, offset,
        zeitzonenversatz, smescenie utc, смещение utc""",
    "zone": """
        time zone, timezone, tz, zeitzone, zona horaria, fuseau horaire, fuso orario, fuso horario, idozona, strefa
        czasowa, tijdzone, tidszon, saat dilimi, часовой пояс, 时区""",
    "count": """
        n calls, calls, weight, count, n texts, texts, number of calls, num calls, call count, sms count, total
        calls, anzahl, nombre, cantidad, numero di chiamate, quantidade, darab, liczba, aantal, antal, adet,
        количество, 次数, 数量""",
    "event": """
        eventtype, eventtime, event name, userdeftype, channame, linkedid event, leg id, leg number, channel event""",
    "ignore": """
        name, caller name, caller id name, callee name, called name, contact name, display name, user display name,
        user name, username, login user id, customer name, first name, last name, cust name, subscriber name, full
        name, price, cost, charge, amount, fee, rate, tariff, currency, total, buy, sell, vat, tax, price unit, total
        cost, total price, total amount, connection fee, codec, read codec, write codec, context, dcontext, channel,
        dst channel, dstchannel, src channel, last app, last data, lastapp, lastdata, ama flags, account code,
        account, account id, account sid, account number, clid, user field, userfield, sequence, domain, src domain,
        dst domain, from domain, to domain, tag, from tag, to tag, sip from tag, sip to tag, from uri, to uri, ip, ip
        address, source ip, destination ip, src ip, dst ip, source port, destination port, nat ip, nat port, port,
        protocol, apn, imsi, served imsi, iccid, mcc, mnc, plmn, operator, network, country, country code, country
        name, network name, state name, city, region, province, latitude, longitude, lat, lon, lng, note, notes,
        comment, remarks, text, body, message, subject, flag, flags, trunk, trunk group, route, gateway, switch, msc,
        msc id, device, device name, orig device name, dest device name, node, node id, location, user location,
        department, group, capability, number type, domestic international, call domain, user agent, agent string,
        hash, checksum, row, row id, line no, no, nr, index, idx, seq, sequence number, record number, serial, serial
        number, z pk, id, pk, key, error, error code, last cell, last cell id, last cgi, end cell, lac, sac, rat, rat
        type, direction name, sip call id, conference id, queue, queue name, recording, recording url, recording
        path, transcript, sentiment, tags, mos, jitter, packet loss, bandwidth, service provider, provider, carrier,
        brand, model, manufacturer, dial code, dialcode, prefix, area code, area, destination dialed, destination
        country, destination name, location name, origin country, kosten, preis, betrag, wahrung, coste, importe,
        precio, moneda, cout, prix, montant ttc, montant ht, devise, costo, prezzo, importo, valuta, custo, preco,
        valor, moeda, dij, ar, koltseg, penznem, koszt, cena, oplata, waluta, kosten eur, prijs, valuta code,
        kostnad, pris, belopp, ucret, tutar, fiyat, стоимость, цена, сумма, валюта, 费用, 金额, 通话费, 通信地点,
        通话地点, nom, nombre del cliente, nombre, nome, nev, imie, nazwisko, naam, namn, ad, ad soyad, имя, фио,
        姓名, 名称, bleg uuid, aleg uuid, leg uuid, parent call sid, parent call uuid, phone number sid, group sid,
        account sid, answered by type, forwarded from, caller id lookup, lookup""",
}  # fmt: skip
