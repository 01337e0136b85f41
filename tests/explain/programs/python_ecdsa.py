"""Requests signed with the package ecdsa, sent with the standard library (pip install ecdsa). One function a case."""

import base64
import hashlib
import json
import os
import sys
import urllib.error
import urllib.request
from datetime import datetime

from ecdsa import SigningKey
from ecdsa.util import sigencode_der, sigencode_der_canonize, sigencode_string, sigencode_strings

HOST = os.environ["CLOUDKIT_URL"]
PATH = "/database/1/iCloud.com.example.Ledger/development/public/records/query"
BODY = json.dumps({"query": {"recordType": "Account"}, "resultsLimit": 1}, separators=(",", ":")).encode()
KEY = SigningKey.from_pem(open(os.environ["KEYS"] + "/one.pem").read())


def iso_date():
    return datetime.fromisoformat(os.environ["NOW"].replace("Z", "+00:00")).strftime("%Y-%m-%dT%H:%M:%SZ")


def message(date, digest=None):
    digest = digest or base64.b64encode(hashlib.sha256(BODY).digest()).decode()
    return ":".join([date, digest, PATH]).encode()


def send(date, signature, path=PATH):
    headers = {
        "X-Apple-CloudKit-Request-KeyID": os.environ["KEY_ID"],
        "X-Apple-CloudKit-Request-ISO8601Date": date,
        "X-Apple-CloudKit-Request-SignatureV1": signature,
    }
    try:
        urllib.request.urlopen(urllib.request.Request(HOST + path, data=BODY, headers=headers))
    except urllib.error.HTTPError:
        pass


def right():
    """A random nonce."""
    date = iso_date()
    signature = KEY.sign(message(date), hashfunc=hashlib.sha256, sigencode=sigencode_der)
    send(date, base64.b64encode(signature).decode())


def right_deterministic():
    """The nonce of RFC 6979."""
    date = iso_date()
    signature = KEY.sign_deterministic(message(date), hashfunc=hashlib.sha256, sigencode=sigencode_der)
    send(date, base64.b64encode(signature).decode())


def right_canonical():
    """Always a low s."""
    date = iso_date()
    signature = KEY.sign_deterministic(message(date), hashfunc=hashlib.sha256, sigencode=sigencode_der_canonize)
    send(date, base64.b64encode(signature).decode())


def defaults():
    """SHA-1, and r and s as raw bytes, unless it is told otherwise."""
    date = iso_date()
    send(date, base64.b64encode(KEY.sign(message(date))).decode())


def signature_wrong_digest():
    date = iso_date()
    send(date, base64.b64encode(KEY.sign(message(date), sigencode=sigencode_der)).decode())


def signature_raw_rs():
    date = iso_date()
    signature = KEY.sign_deterministic(message(date), hashfunc=hashlib.sha256, sigencode=sigencode_string)
    send(date, base64.b64encode(signature).decode())


def signature_hex():
    date = iso_date()
    send(date, KEY.sign(message(date), hashfunc=hashlib.sha256, sigencode=sigencode_der).hex())


def signature_raw_rs_hex_and_body_hash_hex():
    date = iso_date()
    signed = message(date, hashlib.sha256(BODY).hexdigest())
    send(date, KEY.sign(signed, hashfunc=hashlib.sha256).hex())


def signature_as_tuple():
    """Two numbers as bytes, as text: (b'…', b'…')."""
    date = iso_date()
    send(date, str(KEY.sign(message(date), hashfunc=hashlib.sha256, sigencode=sigencode_strings)))


def digest_applied_twice():
    date = iso_date()
    digest = hashlib.sha256(message(date)).digest()
    send(date, base64.b64encode(KEY.sign(digest, hashfunc=hashlib.sha256, sigencode=sigencode_der)).decode())


def digest_not_applied():
    """sign_digest, told to take what is too long for a digest."""
    date = iso_date()
    signature = KEY.sign_digest(message(date), sigencode=sigencode_der, allow_truncate=True)
    send(date, base64.b64encode(signature).decode())


def two_captures():
    """Nobody knows the key; both requests are signed over path, date and hash, in this order."""
    global BODY
    for limit in (1, 2):
        BODY = json.dumps({"query": {"recordType": "Account"}, "resultsLimit": limit}, separators=(",", ":")).encode()
        date = iso_date()
        signed = ":".join([PATH, date, base64.b64encode(hashlib.sha256(BODY).digest()).decode()]).encode()
        signature = KEY.sign_deterministic(signed, hashfunc=hashlib.sha256, sigencode=sigencode_der)
        send(date, base64.b64encode(signature).decode())


globals()[sys.argv[1]]()
