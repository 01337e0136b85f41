"""Requests signed with the package cryptography, sent with requests or httpx (pip install cryptography requests httpx).

One function a case."""

import base64
import hashlib
import json
import os
import sys
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

import httpx
import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

HOST = os.environ["CLOUDKIT_URL"]
KEY_ID = os.environ["KEY_ID"]
DATABASE = "/database/1/iCloud.com.example.Ledger/development/public"
PATH = DATABASE + "/records/query"
BODY = {"query": {"recordType": "Account"}, "resultsLimit": 1}

with open(os.environ["KEYS"] + "/one.pem", "rb") as file:
    KEY = serialization.load_pem_private_key(file.read(), password=None)


def now():
    return datetime.fromisoformat(os.environ["NOW"].replace("Z", "+00:00"))


def iso_date():
    return now().strftime("%Y-%m-%dT%H:%M:%SZ")


def body_hash(body):
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def sign(message):
    return base64.b64encode(KEY.sign(message.encode(), ec.ECDSA(hashes.SHA256()))).decode()


def headers(date, signature, key_id=KEY_ID):
    return {
        "Content-Type": "application/json",
        "X-Apple-CloudKit-Request-KeyID": key_id,
        "X-Apple-CloudKit-Request-ISO8601Date": date,
        "X-Apple-CloudKit-Request-SignatureV1": signature,
    }


def send(date, signature, body, path=PATH):
    requests.post(HOST + path, data=body, headers=headers(date, signature))


def right():
    body = json.dumps(BODY).encode()
    date = iso_date()
    send(date, sign(f"{date}:{body_hash(body)}:{PATH}"), body)


def right_non_ascii():
    path = DATABASE + "/records/modify"
    record = {"recordType": "Account", "fields": {"name": {"value": "Zoë Ångström, 東京 🦀"}}}
    operations = {"operations": [{"operationType": "create", "record": record}]}
    body = json.dumps(operations, ensure_ascii=False).encode("utf-8")
    date = iso_date()
    send(date, sign(f"{date}:{body_hash(body)}:{path}"), body, path)


def right_requests_json():
    """requests serialises as json.dumps does, so hash and body agree."""
    date = iso_date()
    signature = sign(f"{date}:{body_hash(json.dumps(BODY).encode())}:{PATH}")
    requests.post(HOST + PATH, json=BODY, headers=headers(date, signature))


def right_chunked():
    """The body comes from a generator, so requests does not know its length and sends it in chunks."""
    body = json.dumps(BODY).encode()
    date = iso_date()
    signature = sign(f"{date}:{body_hash(body)}:{PATH}")
    requests.post(HOST + PATH, data=iter([body[:20], body[20:]]), headers=headers(date, signature))


def body_changed_by_httpx():
    """httpx serialises without spaces since 0.28, json.dumps with them."""
    date = iso_date()
    signature = sign(f"{date}:{body_hash(json.dumps(BODY).encode())}:{PATH}")
    httpx.post(HOST + PATH, json=BODY, headers=headers(date, signature))


def body_changed_by_sorted_keys():
    body = {"resultsLimit": 1, "query": {"recordType": "Account"}}
    date = iso_date()
    signature = sign(f"{date}:{body_hash(json.dumps(body, sort_keys=True).encode())}:{PATH}")
    send(date, signature, json.dumps(body).encode())


def body_charset_changed():
    path = DATABASE + "/records/modify"
    record = {"recordType": "Account", "fields": {"name": {"value": "Zoë Ångström"}}}
    text = json.dumps({"operations": [{"operationType": "create", "record": record}]}, ensure_ascii=False)
    date = iso_date()
    signature = sign(f"{date}:{body_hash(text.encode('utf-8'))}:{path}")
    send(date, signature, text.encode("latin-1"), path)


def body_hash_hex():
    body = json.dumps(BODY).encode()
    date = iso_date()
    send(date, sign(f"{date}:{hashlib.sha256(body).hexdigest()}:{PATH}"), body)


def body_hash_base64_of_hex():
    body = json.dumps(BODY).encode()
    date = iso_date()
    digest = base64.b64encode(hashlib.sha256(body).hexdigest().encode()).decode()
    send(date, sign(f"{date}:{digest}:{PATH}"), body)


def body_hash_base64url():
    """The body is one whose hash has a character in which the two alphabets differ."""
    body = json.dumps({**BODY, "resultsLimit": 3}).encode()
    digest = base64.urlsafe_b64encode(hashlib.sha256(body).digest()).decode()
    assert set(digest) & set("-_"), digest
    date = iso_date()
    send(date, sign(f"{date}:{digest}:{PATH}"), body)


def body_hash_without_padding():
    body = json.dumps(BODY).encode()
    date = iso_date()
    send(date, sign(f"{date}:{body_hash(body).rstrip('=')}:{PATH}"), body)


def body_hash_wrong_algorithm():
    body = json.dumps(BODY).encode()
    date = iso_date()
    digest = base64.b64encode(hashlib.sha1(body).digest()).decode()
    send(date, sign(f"{date}:{digest}:{PATH}"), body)


def body_hash_is_repr_of_bytes():
    """An f-string of bytes has b'…' around them."""
    body = json.dumps(BODY).encode()
    date = iso_date()
    send(date, sign(f"{date}:{base64.b64encode(hashlib.sha256(body).digest())}:{PATH}"), body)


def date_has_fraction():
    body = json.dumps(BODY).encode()
    date = now().replace(tzinfo=None).isoformat() + "Z"
    send(date, sign(f"{date}:{body_hash(body)}:{PATH}"), body)


def date_has_offset():
    body = json.dumps(BODY).encode()
    date = now().isoformat(timespec="seconds")
    send(date, sign(f"{date}:{body_hash(body)}:{PATH}"), body)


def date_with_space():
    body = json.dumps(BODY).encode()
    date = str(now().replace(microsecond=0, tzinfo=None))
    send(date, sign(f"{date}:{body_hash(body)}:{PATH}"), body)


def signature_raw_rs():
    body = json.dumps(BODY).encode()
    date = iso_date()
    der = KEY.sign(f"{date}:{body_hash(body)}:{PATH}".encode(), ec.ECDSA(hashes.SHA256()))
    r, s = utils.decode_dss_signature(der)
    send(date, base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode(), body)


def digest_applied_twice():
    """Without Prehashed, ECDSA(SHA256()) hashes what it is given."""
    body = json.dumps(BODY).encode()
    date = iso_date()
    digest = hashlib.sha256(f"{date}:{body_hash(body)}:{PATH}".encode()).digest()
    send(date, base64.b64encode(KEY.sign(digest, ec.ECDSA(hashes.SHA256()))).decode(), body)


def signature_wrong_digest():
    body = json.dumps(BODY).encode()
    date = iso_date()
    signature = KEY.sign(f"{date}:{body_hash(body)}:{PATH}".encode(), ec.ECDSA(hashes.SHA512()))
    send(date, base64.b64encode(signature).decode(), body)


def host_and_path_signed():
    body = json.dumps(BODY).encode()
    date = iso_date()
    send(date, sign(f"{date}:{body_hash(body)}:api.apple-cloudkit.com{PATH}"), body)


def other_environment_signed():
    body = json.dumps(BODY).encode()
    date = iso_date()
    send(date, sign(f"{date}:{body_hash(body)}:{PATH.replace('development', 'production')}"), body)


def path_percent_encoded_when_signed():
    body = json.dumps(BODY).encode()
    date = iso_date()
    send(date, sign(f"{date}:{body_hash(body)}:{quote(PATH, safe='')}"), body)


def message_without_date():
    body = json.dumps(BODY).encode()
    send(iso_date(), sign(f"{body_hash(body)}:{PATH}"), body)


def message_without_body_hash():
    body = json.dumps(BODY).encode()
    date = iso_date()
    send(date, sign(f"{date}:{PATH}"), body)


def method_at_end():
    body = json.dumps(BODY).encode()
    date = iso_date()
    send(date, sign(f"{date}:{body_hash(body)}:{PATH}:POST"), body)


def full_url_and_base64_of_hex():
    body = json.dumps(BODY).encode()
    date = iso_date()
    digest = base64.b64encode(hashlib.sha256(body).hexdigest().encode()).decode()
    send(date, sign(f"{date}:{digest}:https://api.apple-cloudkit.com{PATH}"), body)


def path_without_prefix_and_sha1():
    body = json.dumps(BODY).encode()
    date = iso_date()
    digest = base64.b64encode(hashlib.sha1(body).digest()).decode()
    send(date, sign(f"{date}:{digest}:{PATH.removeprefix('/database/1')}"), body)


def raw_body_without_path_with_microseconds():
    body = json.dumps(BODY).encode()
    date = now().replace(tzinfo=None).isoformat() + "Z"
    send(date, sign(f"{date}:{body.decode()}"), body)


def bearer_token_beside_signature():
    body = json.dumps(BODY).encode()
    date = iso_date()
    signature = sign(f"{date}:{body_hash(body)}:{PATH}")
    token = "eyJhbGciOiJFUzI1NiIsImtpZCI6IjJYOVI0SFhGMzQifQ.eyJpc3MiOiJFWEFNUExFIn0.c2lnbmF0dXJl"
    requests.post(HOST + PATH, data=body, headers={**headers(date, signature), "Authorization": f"Bearer {token}"})


def compressed_after_hashing():
    import gzip

    body = json.dumps(BODY).encode()
    date = iso_date()
    signature = sign(f"{date}:{body_hash(body)}:{PATH}")
    sent = headers(date, signature) | {"Content-Encoding": "gzip"}
    requests.post(HOST + PATH, data=gzip.compress(body, mtime=0), headers=sent)


def form_in_place_of_json():
    """data= of a dict is sent as a form."""
    date = iso_date()
    signature = sign(f"{date}:{body_hash(json.dumps({'resultsLimit': 1}).encode())}:{PATH}")
    requests.post(HOST + PATH, data={"resultsLimit": 1}, headers=headers(date, signature))


def date_cut_passes():
    """The last seven characters are the microseconds, as long as there are any."""
    body = json.dumps(BODY).encode()
    date = now().replace(tzinfo=None).isoformat()[:-7] + "Z"
    send(date, sign(f"{date}:{body_hash(body)}:{PATH}"), body)


def date_cut_fails():
    date_cut_passes()


def stale():
    """A retry with the headers of the first attempt, 47 minutes later."""
    body = json.dumps(BODY).encode()
    date = (now() - timedelta(minutes=47)).strftime("%Y-%m-%dT%H:%M:%SZ")
    send(date, sign(f"{date}:{body_hash(body)}:{PATH}"), body)


def clock_ahead():
    body = json.dumps(BODY).encode()
    date = (now().astimezone(timezone.utc) + timedelta(minutes=21)).strftime("%Y-%m-%dT%H:%M:%SZ")
    send(date, sign(f"{date}:{body_hash(body)}:{PATH}"), body)


globals()[sys.argv[1]]()
