#!/usr/bin/env python3
"""A signed request in Python: saves a record, and looks it up again.

It reads the variables that `cloudkit container serve` prints. With CLOUDKIT_URL=https://api.apple-cloudkit.com it speaks
to Apple's service. Needs the package `cryptography`.
"""

import base64
import hashlib
import json
import os
import urllib.error
import urllib.request
import uuid
from datetime import datetime, timezone

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

with open(os.environ["CLOUDKIT_PRIVATE_KEY_FILE"], "rb") as file:
    KEY = serialization.load_pem_private_key(file.read(), password=None)


def call(operation, payload):
    path = (
        f"/database/1/{os.environ['CLOUDKIT_CONTAINER']}"
        f"/{os.environ['CLOUDKIT_ENVIRONMENT']}/public/{operation}"
    )
    # Serialised once: the bytes that are hashed are the bytes that are sent.
    body = json.dumps(payload).encode()
    # Whole seconds in UTC; isoformat() would add a fraction and +00:00.
    date = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    # Base64 of the 32 bytes of the hash, not of hexdigest().
    body_hash = base64.b64encode(hashlib.sha256(body).digest()).decode()
    signature = KEY.sign(f"{date}:{body_hash}:{path}".encode(), ec.ECDSA(hashes.SHA256()))
    request = urllib.request.Request(
        os.environ["CLOUDKIT_URL"] + path,
        data=body,
        headers={
            "Content-Type": "application/json",
            "X-Apple-CloudKit-Request-KeyID": os.environ["CLOUDKIT_KEY_ID"],
            "X-Apple-CloudKit-Request-ISO8601Date": date,
            "X-Apple-CloudKit-Request-SignatureV1": base64.b64encode(signature).decode(),
        },
    )
    try:
        with urllib.request.urlopen(request) as reply:
            return json.load(reply)
    except urllib.error.HTTPError as error:
        # The test container says here why it refuses.
        explanation = error.headers.get("x-cloudkit-explain", "")
        raise SystemExit(f"{error.code} {error.read().decode()} {explanation}") from None


name = f"note-from-python-{uuid.uuid4()}"
record = {"recordName": name, "recordType": "Note", "fields": {"text": {"value": "Hello from Python"}}}
call("records/modify", {"operations": [{"operationType": "create", "record": record}]})
found = call("records/lookup", {"records": [{"recordName": name}]})["records"][0]
print(found["recordName"], found["recordChangeTag"], found["fields"]["text"]["value"])
