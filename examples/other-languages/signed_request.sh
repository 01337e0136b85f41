#!/usr/bin/env bash
# A signed request with nothing but a shell, OpenSSL and curl: saves a record, and looks it up again.
#
# It reads the variables that `cloudkit container serve` prints. With CLOUDKIT_URL=https://api.apple-cloudkit.com it
# speaks to Apple's service.
set -euo pipefail

call() { # OPERATION BODY
    local path="/database/1/$CLOUDKIT_CONTAINER/$CLOUDKIT_ENVIRONMENT/public/$1" body=$2
    local date hash signature
    # Whole seconds in UTC, without a fraction.
    date=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    # Base64 of the 32 bytes of the hash, not of their hexadecimal digits.
    hash=$(printf '%s' "$body" | openssl dgst -sha256 -binary | openssl base64 -A)
    # The path as it is sent: no host, no scheme. Nothing may follow it, not even a line end.
    signature=$(printf '%s' "$date:$hash:$path" |
        openssl dgst -sha256 -sign "$CLOUDKIT_PRIVATE_KEY_FILE" | openssl base64 -A)
    # --data-binary sends the bytes that were hashed; --data would take line ends out.
    curl --silent --show-error --fail-with-body "$CLOUDKIT_URL$path" \
        -H 'Content-Type: application/json' \
        -H "X-Apple-CloudKit-Request-KeyID: $CLOUDKIT_KEY_ID" \
        -H "X-Apple-CloudKit-Request-ISO8601Date: $date" \
        -H "X-Apple-CloudKit-Request-SignatureV1: $signature" \
        --data-binary "$body"
    echo
}

name="note-from-shell-$$"
call records/modify '{"operations":[{"operationType":"create","record":{"recordName":"'"$name"'","recordType":"Note","fields":{"text":{"value":"Hello from the shell"}}}}]}'
call records/lookup '{"records":[{"recordName":"'"$name"'"}]}'
