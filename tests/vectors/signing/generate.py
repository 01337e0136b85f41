#!/usr/bin/env python3
"""Makes the signing vectors beside it, with other people's implementations of ECDSA.

    pip install ecdsa==0.19.2 && python3 generate.py

One directory is one request: `context.json` (what was asked), `body.bin`, `body_hash.txt`, `message.txt` (the text that
is signed), `signature.txt` and `headers.txt`. Signatures marked `deterministic` come from the package `ecdsa` with the
nonce of RFC 6979, and another implementation has to give the same bytes. The others have a random nonce, or the other s,
and can only be verified: those come from OpenSSL, from Node's crypto and from `ecdsa`. They change with every run.

Every signature is verified with OpenSSL before it is written.
"""

import base64
import hashlib
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from ecdsa import NIST256p, SigningKey
from ecdsa.util import sigdecode_der, sigencode_der

HERE = Path(__file__).parent
LEDGER = "/database/1/iCloud.com.example.Ledger"
DATE = "2016-01-25T22:15:43Z"
V1_BODY = b'{"query":{"recordType":"Account"},"resultsLimit":1}'

# The public sample key of RFC 6979 A.2.5, and two numbers with leading zeros. Never use them in earnest.
KEYS = {
    "rfc6979": 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721,
    "leading_zeros": 0x00000000A9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F,
    "one": 1,
}
KEY_IDS = {name: hashlib.sha256(b"example key ID of " + name.encode()).hexdigest() for name in KEYS}


def signing_key(name):
    return SigningKey.from_secret_exponent(KEYS[name], NIST256p, hashlib.sha256)


def deterministic(key, message):
    return signing_key(key).sign_deterministic(message, sigencode=sigencode_der, hashfunc=hashlib.sha256)


def with_high_s(wanted):
    def sign(key, message):
        r, s = sigdecode_der(deterministic(key, message), NIST256p.order)
        if (s > NIST256p.order // 2) != wanted:
            s = NIST256p.order - s
        return sigencode_der(r, s, NIST256p.order)

    return sign


def with_openssl(key, message):
    return run(["openssl", "dgst", "-sha256", "-sign", HERE / "keys" / f"{key}.pem"], message)


def with_node(key, message):
    script = (
        "const fs = require('fs'), crypto = require('crypto');"
        "const key = fs.readFileSync(process.argv[1]);"
        "process.stdout.write(crypto.createSign('SHA256').update(fs.readFileSync(0)).sign(key));"
    )
    return run(["node", "-e", script, HERE / "keys" / f"{key}.pem"], message)


def with_python(key, message):
    return signing_key(key).sign(message, sigencode=sigencode_der, hashfunc=hashlib.sha256)


def with_short_integers(key, message):
    """Tries nonces until both integers need fewer than 32 bytes, which makes the DER shorter than usual."""
    for nonce in range(1, 1 << 24):
        signature = signing_key(key).sign(message, k=nonce, sigencode=sigencode_der, hashfunc=hashlib.sha256)
        if len(signature) < 69:
            return signature
    raise AssertionError("no short signature")


def run(command, stdin):
    return subprocess.run([str(part) for part in command], input=stdin, check=True, capture_output=True).stdout


MADE_BY = {
    deterministic: "ecdsa (Python), RFC 6979",
    with_openssl: "openssl dgst -sha256 -sign",
    with_node: "crypto.createSign of Node",
    with_python: "ecdsa (Python), random nonce",
    with_short_integers: "ecdsa (Python), a nonce chosen for its short signature",
}


def case(name, body=V1_BODY, operation="records/query", *, subpath=None, environment="development", method="POST",
         database="public", date=DATE, key="rfc6979", sign=deterministic, made_by=None, expected=None):
    subpath = subpath or f"{LEDGER}/{environment}/{database}/{operation}"
    body_hash = base64.b64encode(hashlib.sha256(body).digest()).decode()
    message = f"{date}:{body_hash}:{subpath}".encode()
    der = sign(key, message)
    signature = base64.b64encode(der).decode()
    assert expected is None or signature == expected, (name, signature)

    with tempfile.NamedTemporaryFile() as file:
        file.write(der)
        file.flush()
        public = HERE / "keys" / f"{key}.public.pem"
        run(["openssl", "dgst", "-sha256", "-verify", public, "-signature", file.name], message)

    directory = HERE / name
    directory.mkdir()
    context = {
        "key": key,
        "keyId": KEY_IDS[key],
        "date": date,
        "method": method,
        "subpath": subpath,
        "deterministic": sign is deterministic,
        "madeBy": made_by or MADE_BY[sign],
    }
    (directory / "context.json").write_text(json.dumps(context, indent=2, ensure_ascii=False) + "\n")
    (directory / "body.bin").write_bytes(body)
    (directory / "body_hash.txt").write_text(body_hash)
    (directory / "message.txt").write_bytes(message)
    (directory / "signature.txt").write_text(signature)
    (directory / "headers.txt").write_text(
        f"x-apple-cloudkit-request-keyid: {KEY_IDS[key]}\n"
        f"x-apple-cloudkit-request-iso8601date: {date}\n"
        f"x-apple-cloudkit-request-signaturev1: {signature}\n"
    )


def main():
    for old in HERE.iterdir():
        if old.is_dir():
            shutil.rmtree(old)
    (HERE / "keys").mkdir()
    for name in KEYS:
        key = signing_key(name)
        (HERE / "keys" / f"{name}.pem").write_bytes(key.to_pem())
        public = run(["openssl", "pkey", "-pubin", "-pubout"], key.verifying_key.to_pem())
        (HERE / "keys" / f"{name}.public.pem").write_bytes(public)

    # The two vectors that everybody has.
    case("v1_query", expected="MEUCIDOubTqfYJdMTy56oiitfK8e6tGT119InVfFUD231WeXAiEA8WSQy57QMDIIsXJvzbkwKEQFwdFOBhUNmZP9TcGLtf8=")
    case("v2_get_without_body", b"", "users/caller", method="GET",
         expected="MEUCIQCva/B7UbInBYwnOmiahjcjgb82QHedbFZFWXVUEApA7gIgXKKf9lCAH7St0xpkVndYMjJWvKul8EjPFeEbsxQyQ1I=")

    # Bodies.
    case("body_empty_post", b"", "zones/list")
    case("body_one_byte", b"x")
    case("body_zero_byte", b"\0")
    case("body_empty_object", b"{}", "records/lookup")
    case("body_newline_at_end", V1_BODY + b"\n")
    case("body_crlf", b'{\r\n  "query": {\r\n    "recordType": "Account"\r\n  }\r\n}\r\n')
    case("body_byte_order_mark", b"\xef\xbb\xbf" + V1_BODY)
    case("body_non_ascii", '{"operations":[{"record":{"fields":{"title":{"value":"Zürich – 東京 🗼"}}}}]}'.encode(), "records/modify")
    case("body_unicode_escapes", rb'{"operations":[{"record":{"fields":{"title":{"value":"Z\u00fcrich \ud83d\uddfc \/"}}}}]}', "records/modify")
    case("body_decomposed_accents", '{"name":"Zu\u0308rich"}'.encode(), "records/modify")
    case("body_latin1", '{"name":"Zürich"}'.encode("latin-1"), "records/modify")
    case("body_pretty_printed", json.dumps(json.loads(V1_BODY), indent=4).encode())
    case("body_not_text", bytes(range(256)), "assets/upload")
    case("body_sha256_block", b"a" * 64)
    case("body_16_kilobytes", b'{"operations":[' + b",".join(b'{"operationType":"create","record":{"recordName":"r%04d"}}' % n for n in range(280)) + b"]}", "records/modify")

    # Where it goes.
    case("path_production", environment="production")
    case("path_private", b"{}", "zones/list", database="private")
    case("path_shared", b"{}", "zones/list", database="shared")
    case("path_query_string", operation="records/query?remapEnums=true&getCurrentSyncToken=true")
    case("path_empty_query", operation="records/query?")
    case("path_percent_encoded_container", subpath="/database/1/iCloud.com.example.Z%C3%BCrich%20Ledger/development/public/records/query")
    case("path_lower_case_escapes", subpath="/database/1/iCloud.com.example.Z%c3%bcrich/development/public/records/query")
    case("path_colons", subpath="/database/1/iCloud.com.example:Ledger/development/public/records/query?a=1:2")
    case("path_trailing_slash", operation="records/query/")
    case("path_subscriptions", b'{"operations":[]}', "subscriptions/modify", environment="production")

    # When.
    case("date_1970", date="1970-01-01T00:00:00Z")
    case("date_before_leap_second", date="2016-12-31T23:59:59Z")
    case("date_after_leap_second", date="2017-01-01T00:00:00Z")
    case("date_leap_day", date="2024-02-29T12:00:00Z")
    case("date_2038", date="2038-01-19T03:14:08Z")
    case("date_year_9999", date="9999-12-31T23:59:59Z")

    # Other keys.
    case("key_with_leading_zeros", key="leading_zeros")
    case("key_one", key="one")

    # Other signatures: these can be verified only.
    case("signature_high_s", sign=with_high_s(True), made_by="ecdsa (Python), high s")
    case("signature_low_s", sign=with_high_s(False), made_by="ecdsa (Python), low s")
    case("signature_short_integers", sign=with_short_integers)
    for number in range(1, 4):
        case(f"signature_openssl_{number}", f'{{"attempt":{number}}}'.encode(), sign=with_openssl)
        case(f"signature_node_{number}", f'{{"attempt":{number}}}'.encode(), sign=with_node)
        case(f"signature_python_{number}", f'{{"attempt":{number}}}'.encode(), sign=with_python)


if __name__ == "__main__":
    main()
