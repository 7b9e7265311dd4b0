"""The words of call records that are understood without a mapping, in several languages; all others are rejected.

All in small letters. What a mapping says of a word goes before what stands here.
"""

from __future__ import annotations

from engine.logs.mapping import Profile

KINDS = {
    "call": (
        "call",
        "voice",
        "voice call",
        "phone call",
        "call record",
        "anruf",
        "llamada",
        "appel",
        "chamada",
        "hívás",
    ),
    "text": ("text", "sms", "mms", "text message"),
    "data": ("data", "gprs", "internet", "data session"),
}
INCOMING = (
    "in", "incoming", "inbound", "mt", "mtc", "mtcallrecord", "mtsmsrecord", "mobile terminated", "terminating",
    "received", "receive", "i", "incoming call", "incoming sms", "call in", "eingehend", "ankommend", "kommend",
    "empfangen", "entrante", "recibida", "recibido", "entrant", "entrée", "reçu", "reçue", "recu", "entrada",
    "recebida", "recebido", "in arrivo", "ricevuta", "inkomend", "inkommande", "przychodzące", "příchozí", "bejövő",
    "fogadott", "входящий", "gelen", "呼入", "被叫", "着信",
)  # fmt: skip
# An incoming call that nobody took: it is no talk, whatever its duration (seconds of ringing) says.
NOT_TAKEN = (
    "missed", "rejected", "declined", "missed call", "missed incoming", "missed_call", "blocked", "verpasst",
    "entgangen", "abgelehnt", "perdida", "rechazada", "manqué", "manque", "rejeté", "perdido", "rejeitada", "persa",
    "gemist", "missat", "nieodebrane", "zmeškaný", "nem fogadott", "nem_fogadott", "elutasított", "пропущенный",
    "cevapsız", "未接", "不在着信",
)  # fmt: skip
OUTGOING = (
    "out", "outgoing", "outbound", "outbound-api", "outbound-dial", "outbound-call", "outbound-reply", "mo", "moc",
    "mocallrecord", "mosmsrecord", "mobile originated", "originating", "dialed", "dialled", "placed", "sent", "o",
    "outgoing call", "outgoing sms", "call out", "ausgehend", "abgehend", "gehend", "gesendet", "saliente", "realizada",
    "enviada", "enviado", "sortant", "émis", "emis", "émise", "envoyé", "saída", "efetuada", "in uscita", "effettuata",
    "uitgaand", "utgående", "wychodzące", "odchozí", "kimenő", "hívott", "исходящий", "giden", "呼出", "主叫", "発信",
)  # fmt: skip
YES = (
    "true", "1", "1.0", "yes", "y", "t", "answered", "answer", "completed", "complete", "connected", "success",
    "successful", "succeeded", "ok", "normal", "normal_clearing", "normal clearing",
    "ja", "j", "angenommen", "beantwortet", "verbunden", "sí", "si", "contestada", "atendida", "respondida", "oui", "o",
    "répondu", "décroché", "sim", "sì", "risposta", "beantwoord", "besvarat", "besvarad", "tak", "odebrane", "ano",
    "přijatý", "igen", "fogadott", "да", "отвечен", "evet", "已接",
)  # fmt: skip
NO = (
    "false", "0", "0.0", "no", "n", "f", "missed", "missed call", "no answer", "no-answer", "no_answer", "noanswer",
    "not answered", "unanswered", "busy", "user_busy", "user busy", "failed", "fail", "failure", "congestion",
    "chanunavail", "cancel", "canceled", "cancelled", "originator_cancel", "originator cancel", "abandoned", "abandon",
    "rejected", "declined", "call_rejected", "call rejected", "no_user_response", "no user response",
    "unallocated_number", "unallocated number",
    "user_not_registered", "subscriber_absent", "lose_race", "timeout", "no_route_destination",
    "destination_out_of_order", "normal_temporary_failure", "recovery_on_timer_expire", "network_out_of_order",
    "not connected", "voicemail", "nein", "nicht angenommen", "unbeantwortet", "verpasst", "besetzt", "abgelehnt",
    "fehlgeschlagen", "no contestada", "no atendida", "sin respuesta", "ocupado", "perdida", "fallida", "non",
    "sans réponse", "non répondu", "manqué", "occupé", "échec", "não", "nao", "não atendida", "sem resposta",
    "occupato", "persa", "nee", "nej", "gemist", "bezet", "nie", "nieodebrane", "zajęte", "ne", "nepřijatý", "nem",
    "nem fogadott", "foglalt", "нет", "пропущен", "занято", "hayır", "cevapsız", "meşgul", "未接", "忙",
)  # fmt: skip
# Numbers of calls that are none.
NO_CALL_ID = (
    "", "0", "0.0", "-", "--", "null", "(null)", "<null>", "\\n", "none", "nil", "nan", "n/a", "na", "undefined",
    "unknown",
)  # fmt: skip


def kinds(profile: Profile) -> dict[str, str]:
    """Word of the kind column -> call, text or data."""
    found = dict(profile.kinds)
    for kind, words in KINDS.items():
        found = found | {word: kind for word in words if word not in found}
    return found


def directions(profile: Profile) -> dict[str, str]:
    """Word of the direction column -> in (caller and callee swap), out, or missed (incoming, and no talk)."""
    found = dict.fromkeys(profile.incoming, "in") | dict.fromkeys(profile.outgoing, "out")
    found = {word: "missed" if code == "in" and word in NOT_TAKEN else code for word, code in found.items()}
    for code, words in (("in", INCOMING), ("out", OUTGOING), ("missed", NOT_TAKEN)):
        found = found | {word: code for word in words if word not in found}
    return found


def answers(profile: Profile) -> dict[str, str]:
    """Word of the answered column -> yes, no, or empty where it says nothing and the duration tells.

    In a column that tells the direction as well, the words for directions say nothing.
    """
    found = dict.fromkeys(profile.answering, "yes") | dict.fromkeys(profile.unanswered, "no")
    for code, words in (("yes", YES), ("no", NO), ("", INCOMING), ("", OUTGOING)):
        found = found | {word: code for word in words if word not in found}
    return found
