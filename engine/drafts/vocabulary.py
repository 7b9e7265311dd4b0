"""What stands in coded columns: words of several languages for directions, kinds, answered or not, and genders."""

from __future__ import annotations

import re

from engine.drafts import names

EMPTY = frozenset({"null", "\\n", "none", "nan", "n/a", "na", "-", "--", "(null)", "nil"})
NOBODY = frozenset({
    "null", "none", "nan", "n/a", "na", "-", "unknown", "(unknown)", "anonymous", "anonim", "anonym", "withheld",
    "private", "unavailable", "restricted", "unbekannt", "anonimo", "inconnu", "masque", "desconocido", "sconosciuto",
    "ismeretlen", "nieznany",
    "onbekend", "okand",
    "-1", "-2", "-3", "blocked", "no number", "no caller id", "payphone", "privado", "prive",
})  # fmt: skip

OUT = """
    keluar, panggilan keluar, goi di, odchadzajuci, odchozi hovor, odchozi sms, outgoing sms, soitettu puhelu,
    lahtenyt, utgaaende, utgaende samtale, вихідний, вихідні, вихідна, изходящ, изходящо, изходящи, صادر, صادرة,
    خروجی, יוצא, יוצאת, εξερχομενη, εξερχομενο, โทรออก, 発信, 발신, out, outgoing, outbound, outbound api, outbound
    dial, outgoing call, mo, moc, mocall, mo call, mo call record, mosms, mosm, smo, originating, originated, orig,
    originator, originate, origination, mobile originated, mobile originating, dialed, dialled, dialed call, placed,
    sent, send, made, user out, usr out, sms mo, mo sms, egress, ausgehend, abgehend, ausgang, gesendet, gewahlt,
    raus, aus, abgang, saliente, salida, realizada, enviado, enviada, emitida, emitido, hecha, originada, originado,
    sortant, sortante, sortie, emis, emise, envoye, envoyee, depart, passe, uscente, uscita, in uscita, effettuata,
    effettuato, inviato, inviata, efetuada, efectuada, saida, feita, kimeno, kuldott, inditott, hivott irany kimeno,
    wychodzace, wychodzacy, wychodzaca, wychodzacych, wyslane, wyslany, wykonane, uitgaand, uitgaande, uit,
    verzonden, gebeld, utgaende, ut, skickat, skickad, ringt, giden, giden arama, gonderilen, gonderildi, yapilan,
    исходящий, исходящая, исходящее, исходящие, исх, отправлено, отправленное, отправленный, 主叫, 呼出, 拨出, 去电,
    发送, 发出, 已拨电话, 去话, 已发送, odchozi, efectuat, efectuata, iesire, initiat, udgaende, ud, lahteva,
    soitettu, odlazni, outbound call, dialled number"""
IN = """
    entgangen, entgangene, entgangener anruf, masuk, panggilan masuk, tak terjawab, goi den, goi nho, prichadzajuci,
    prichozi hovor, saapunut, inngaaende, вхідний, вхідні, вхідна, пропущений, входящ, входящо, входящи, пропуснат,
    وارد, واردة, ورودی, נכנס, נכנסת, εισερχομενη, εισερχομενο, αναπαντητη, รับสาย, 着信, 수신, ubesvart, tapt,
    vastaamaton, vastaamatta, in, incoming, inbound, incoming call, mt, mtc, mtcall, mt call, mt call record, mtsms,
    mtsm, smt, terminating, terminated, term, terminator, termination, mobile terminated, mobile terminating,
    received, receive, recv, missed, missed call, rejected, declined, user in, usr in, sms mt, mt sms, ingress,
    eingehend, ankommend, eingang, empfangen, verpasst, abgelehnt, rein, ein, zugang, entrante, entrada, recibida,
    recibido, perdida, rechazada, rechazado, entrant, arrivee, recu, recue, manque, manquee, rejete, rejetee, in
    arrivo, in entrata, entrata, ricevuta, ricevuto, persa, rifiutata, recebida, recebido, rejeitada, bejovo,
    fogadott, nem fogadott, elutasitott, erkezett, przychodzace, przychodzacy, przychodzaca, przychodzacych,
    odebrane, odebrany, nieodebrane, odrzucone, inkomend, inkomende, ontvangen, gemist, geweigerd, inkommande,
    mottaget, mottagen, missat, missad, gelen, gelen arama, alinan, cevapsiz, reddedilen, alindi, входящий,
    входящая, входящее, входящие, вх, принято, принятый, полученное, получено, пропущенный, пропущенные,
    отклоненный, 被叫, 呼入, 来电, 接收, 接听, 未接, 拒接, 来话, 已接收, prichozi, primit, primita, intrare,
    indgaende, inngaende, saapuva, vastaanotettu, dolazni, inbound call, zmeskany, zmeskane, pierdut, pierduta,
    ubesvaret"""
# Codes of one letter (and to, from) mean something only beside each other, in one language or another.
PAIRS = (
    ("to", "from"),
    ("o", "i"),
    ("s", "e"),
    ("a", "e"),
    ("u", "e"),
    ("u", "i"),
    ("k", "b"),
    ("w", "p"),
    ("o", "t"),
    ("s", "r"),
    ("d", "r"),
)
MISSED = """
    entgangen, entgangene, entgangener anruf, tak terjawab, goi nho, пропущений, пропуснат, αναπαντητη, ubesvart,
    tapt, vastaamaton, vastaamatta, missed incoming, incoming missed, missed, missed call, rejected, declined,
    verpasst, abgelehnt, perdida, rechazada, rechazado, manque, manquee, rejete, rejetee, persa, rifiutata,
    rejeitada, nem fogadott, elutasitott, nieodebrane, odrzucone, gemist, geweigerd, missat, missad, cevapsiz,
    reddedilen, пропущенный, пропущенные, отклоненный, 未接, 拒接, zmeskany, zmeskane, pierdut, pierduta, ubesvaret"""
KINDS = {
    "text": """
        ts21, ts22, t21, t22, kurzmitteilung, kurzmitteilungen, kurznachrichten,
        zprava, sprava, zpravy, tekstmelding, sms zpravy, pesan, tin nhan, повідомлення, съобщение, poruka, رسالة,
        הודעה, μηνυμα, メール, 문자,
        sms, mms, text, texts, text message, message, msg, imessage, sm, short message, smsmo, smsmt, mosms, mtsms,
        mo sms record, mt sms record, mo smsrecord, mt smsrecord, smo, smt, kurznachricht, nachricht, textnachricht,
        mensaje, texto, mensaje de texto, texte, messaggio, messaggi, messaggio di testo, mensagem, mensagem de
        texto, uzenet, szoveges uzenet, szoveg, wiadomosc, wiadomosc tekstowa, tekst, bericht, tekstbericht,
        meddelande, textmeddelande, mesaj, kisa mesaj, сообщение, смс, ммс, текст, 短信, 彩信, 短消息, 点对点短信,
        sms zprava, textova zprava, mesaj text, sms besked, tekstiviesti, mensajes, mensagens, messages texte,
        messaggi sms, mensajes de texto, mensajes 2 vias, nachrichten""",
    "data": """
        datove sluzby, mobiilidata, datapaketti, mobildata, du lieu, paket data, дані, мобилни данни, بيانات,
        δεδομενα, データ, 데이터, date internet,
        data, gprs, internet, web, packet, packet data, ps, ps data, pdp, gprs call, gprscall, gprs session, sgsn,
        pgw, ggsn, data session, datasession, mobile data, browsing, dataservice, daten, datenverbindung, mobile
        daten, datensitzung, datos, donnees, dati, dados, adat, adatforgalom, mobilnet, dane, transmisja danych,
        gegevens, surf, datatrafik, veri, mobil veri, данные, интернет, трафик, передача данных, 数据, 流量, 上网,
        数据业务, 数据流量, datove pripojeni, mobilni data, trafic de date, date mobile, mobildata, data forbrug,
        datenvolumen""",
    "call": """
        ts11, t11, ts12, sprachtelefonie, sprachverbindung, sprachdienst, sprachverkehr,
        panggilan, suara, telepon, cuoc goi, thoai, дзвінок, голосовий дзвінок, обаждане, разговор, razgovor, govor,
        puhelut, aanipuhelu, taleoppkald, taleopkald, مكالمة, שיחה, κληση, 通話, 음성, appels emis, samtaler,
        call, calls, voice, voice call, voicecall, audio, telephony, telephone, telefon, phone, phone call, speech,
        tel, video call, videocall, video, volte, vowifi, voip, circuit call, cs, cs voice, cs call, moc, mtc, mo
        call, mt call, mocall, mtcall, mo call record, mt call record, mobile originated call, mobile terminated
        call, local call, voice out, voice in, vo, facetime, landline, pstn, sprache, sprachanruf, anruf, gesprach,
        telefonie, telefonat, voz, llamada, llamada de voz, voix, appel, appel vocal, appel voix, vocal, chiamata,
        voce, chiamata vocale, fonia, chamada, chamada de voz, hang, hangivas, hivas, beszelgetes, beszed, hanghivas,
        rozmowa, polaczenie, glos, polaczenie glosowe, glosowe, gesprek, oproep, spraak, telefoongesprek, samtal,
        tal, rost, rostsamtal, arama, ses, konusma, gorusme, sesli, sesli arama, звонок, голос, разговор, вызов,
        голосовой, голосовой вызов, телефония, 通话, 语音, 电话, 话音, 语音通话, 语音业务, 语音电话, hovor, volani,
        hlas, hlasovy hovor, apel, apel vocal, convorbire, opkald, samtale, tale, puhelu, poziv, bellen, mobiel
        bellen, gesproken, llamadas, appels, chamadas, chiamate, anrufe, rozmowy, glosowa, rozmowa glosowa""",
}  # fmt: skip
YES = """
    answered, answer, completed, complete, success, successful, ok, connected, connect, normal, normal clearing,
    normal call clearing, normal hangup, accepted, call connected, yes, y, true, t, 1, 1 0, delivered, established,
    picked up, talked, 200 ok, ja, j, beantwortet, angenommen, erfolgreich, verbunden, si, s, contestada, contestado,
    atendida, atendido, respondida, completada, exitosa, oui, o, repondu, repondue, abouti, aboutie, decroche,
    reussi, risposta, risposto, risposta data, completata, riuscita, sim, completado, igen, i, fogadott, fogadva,
    sikeres, megvalaszolt, tak, odebrane, odebrano, zrealizowane, polaczono, udane, beantwoord, opgenomen, geslaagd,
    besvarat, besvarad, besvarade, lyckat, lyckad, evet, e, cevaplandi, cevaplanan, yanitlandi, basarili, да,
    отвечен, отвечено, принят, состоялся, успешно, успешный, отвеченный, 已接, 接通, 成功, 已接通, 是, 已接听, 应答,
    prijato, prijaty, raspuns, preluat, besvaret, vastattu, odgovoreno"""
NO = """
    no answer, noanswer, not answered, unanswered, notanswered, busy, user busy, line busy, failed, fail, failure,
    error, congestion, cancel, canceled, cancelled, originator cancel, caller cancel, missed, missed call, rejected,
    call rejected, reject, declined, abandoned, abandon, unavailable, timeout, time out, no user response, no route
    destination, unallocated number, unreachable, chanunavail, not connected, unsuccessful, not available, no pickup,
    noanswered, subscriber absent, recovery on timer expire, lose race, unknown, ring no answer, rna, hung up, no
    response, no, n, false, f, 0, 0 0, besetzt, verpasst, nicht angenommen, nicht beantwortet, keine antwort,
    abgelehnt, nein, fehlgeschlagen, nicht erreicht, abgebrochen, ocupado, ocupada, no contestada, no contesta, sin
    respuesta, perdida, rechazada, fallida, fallido, cancelada, cancelado, non, occupe, occupee, sans reponse, non
    repondu, non repondue, manque, manquee, echec, echoue, refuse, annule, pas de reponse, occupato, occupata, non
    risposto, non risposta, nessuna risposta, persa, fallita, fallito, rifiutata, annullata, nao, nao atendida, nao
    atendido, sem resposta, rejeitada, falhou, falha, nem, foglalt, nem fogadott, nem valaszolt, nincs valasz,
    sikertelen, elutasitott, megszakitott, nie, zajety, zajete, nieodebrane, nieodebrano, brak odpowiedzi, odrzucone,
    nieudane, anulowane, nee, bezet, in gesprek, gemist, niet beantwoord, niet opgenomen, geen antwoord, geweigerd,
    mislukt, geannuleerd, nej, upptagen, upptaget, ej besvarat, ej besvarad, obesvarat, obesvarad, inget svar,
    missat, missad, avvisat, misslyckat, misslyckad, avbrutet, hayir, h, mesgul, cevapsiz, cevaplanmadi,
    yanitlanmadi, reddedildi, basarisiz, iptal, нет, занято, не отвечен, нет ответа, без ответа, пропущен,
    пропущенный, отклонен, не принят, не состоялся, неуспешно, ошибка, отменен, 未接, 未接通, 忙, 忙线, 失败, 无应答,
    拒接, 否, 未接听, 取消, 占线, neprijato, neprijaty, zmeskano, zmeskany, obsazeno, nepreluat, fara raspuns,
    ocupat, ubesvaret, optaget, ei vastattu, varattu, unanswered call"""
CANCELLED = """
    cancelled, canceled, cancelled call, canceled call, abgebrochen, cancelada, cancelado, annule, annulee, annullata,
    geannuleerd, avbrutet, anulowane, megszakitott, iptal, отменен, отмененный, 已取消, zruseno, anulat"""
# Sorts of calls: a column of them tells nothing of directions, texts and data.
SORTS = names.those("""
    local national international intl mobile roaming internal external emergency domestic landline conference premium
    onnet offnet tollfree long distance ort fern inland ausland nacional internacional interna externa locale
    nationale internationale nazionale internazionale belfoldi kulfoldi krajowe zagraniczne standard normal special
    fixed net user movil fijo fija celular fixo mobil mobiel vast festnetz mobilfunk fisso cellulare fixe vezetekes
    komorkowy komorkowe stacjonarny stacjonarne mobilni pevna hazai halozaton belul kivul netz mobilnetz off on peer
    otro otra operador misma red
""")
FEMALE = """
    f, female, woman, w, z, zena, femeie, weiblich, frau, mujer, femenino, mulher, feminino, femme, feminin, donna,
    femmina, no, nő, kobieta, zenska, k, vrouw, v, kvinna, kadin, ж, жен, женский, женщина, 女, 2"""
MALE = """
    m, male, man, h, mannlich, herr, muz, barbat, mand, mann, hombre, masculino, homem, homme, masculin, uomo,
    maschio, ferfi, mezczyzna, meska, erkek, e, м, муж, мужской, мужчина, 男, 1"""


def _set(text: str) -> frozenset[tuple[str, ...]]:
    return frozenset(names.words(word) for word in re.split(r",\s*", " ".join(text.split())))


_OUT, _IN, _MISSED, _CANCELLED = (_set(t) for t in (OUT, IN, MISSED, CANCELLED))
_YES, _NO, _FEMALE, _MALE = (_set(t) for t in (YES, NO, FEMALE, MALE))
_KINDS = {kind: _set(text) for kind, text in KINDS.items()}


_ARROWS = dict.fromkeys(("->", "-->", "=>", "→", "⇒", "↗", ">", ">>"), "outgoing") | dict.fromkeys(
    ("<-", "<--", "<=", "←", "⇐", "↙", "<", "<<"), "incoming"
)
_GLUED = re.compile(r"(?:sms|mms|voice|call|text)(mo|mt|in|out)|(mo|mt|in|out)(?:sms|mms|voice|call|text)")


def _tells(word: str, whole: frozenset[tuple[str, ...]], *others: frozenset[tuple[str, ...]]) -> bool:
    """Whether a word is one of a set, or has exactly this set's words among its parts."""
    own = names.words(word)
    if own in whole or ("".join(own),) in whole:
        return True
    if any(own in other or ("".join(own),) in other for other in others):
        return False
    return _has(own, whole) and not any(_has(own, other) for other in others)


def _has(own: tuple[str, ...], whole: frozenset[tuple[str, ...]]) -> bool:
    """Whether a run of words, or one word of three letters or more, is in a set."""
    runs = {own[i:j] for i in range(len(own)) for j in range(i + 1, len(own) + 1)}
    return any(run in whole and (len(run) > 1 or len(run[0]) > 1) for run in runs)


def direction(word: str) -> str:
    """ "outgoing", "incoming" or "" (unknown) for a word of a direction column."""
    if word.strip() in _ARROWS:
        return _ARROWS[word.strip()]
    if match := _GLUED.fullmatch("".join(names.words(word))):
        return "outgoing" if (match[1] or match[2]) in ("mo", "out") else "incoming"
    if _tells(word, _OUT, _IN):
        return "outgoing"
    return "incoming" if _tells(word, _IN, _OUT) else ""


def missed(word: str) -> bool:
    """Whether a word of a direction column says that nobody answered."""
    return _tells(word, _MISSED)


def cancelled(word: str) -> bool:
    """Whether a word says that who called gave up."""
    return _tells(word, _CANCELLED)


def sort(word: str) -> bool:
    """Whether a word tells a sort of calls, such as to a mobile or abroad."""
    return set(names.words(word)) <= SORTS


def pair(words: set[str]) -> dict[str, str]:
    """Directions of two one-letter codes, empty where they are not exactly such a pair."""
    letters = {names.plain(word): word for word in words}
    for out, into in PAIRS:
        if set(letters) == {out, into}:
            return {letters[out]: "outgoing", letters[into]: "incoming"}
    return {}


def kind(word: str) -> str:
    """ "call", "text", "data" or "" (unknown) for a word of a column of kinds."""
    sets = list(_KINDS.items())
    if match := re.fullmatch(r"(sms|mms|voice|call|text)(?:mo|mt|in|out)", "".join(names.words(word))):
        return "call" if match[1] in ("voice", "call") else "text"
    for name, own in sets:
        if names.words(word) in own or ("".join(names.words(word)),) in own:
            return name
    found = [name for name, own in sets if _has(names.words(word), own)]
    if found == ["text", "call"] or found == ["data", "call"]:
        return found[0]
    return found[0] if len(found) == 1 else ""


def answered(word: str) -> str:
    """ "yes", "no" or "" (unknown) for a word of a column of results."""
    own = names.words(word)
    if own in _NO or ("".join(own),) in _NO:
        return "no"
    if own in _YES or ("".join(own),) in _YES:
        return "yes"
    return "no" if _has(own, _NO) else "yes" if _has(own, _YES) else ""


def gender(word: str) -> str:
    """ "female", "male" or "" (unknown)."""
    own = names.words(word)
    return "female" if own in _FEMALE else "male" if own in _MALE else ""
