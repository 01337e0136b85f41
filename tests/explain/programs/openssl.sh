#!/usr/bin/env bash
# Requests signed with the openssl command and sent with curl. One function a case.
set -euo pipefail
cd "$KEYS"

key=one.pem
key_id=$KEY_ID
host=${CLOUDKIT_URL:-https://api.apple-cloudkit.com}
database=/database/1/iCloud.com.example.Ledger/development/public
body='{"query":{"recordType":"Account"},"resultsLimit":1}'
path=$database/records/query

date_utc() { date -u -d "$NOW" +%Y-%m-%dT%H:%M:%SZ; }
sha256_base64() { openssl dgst -sha256 -binary | openssl base64 -A; }
sign() { openssl dgst -sha256 -sign "$key" | openssl base64 -A; }

send() { # date signature [body]
    curl -sS -o /dev/null "$host$path" \
        -H "X-Apple-CloudKit-Request-KeyID: $key_id" \
        -H "X-Apple-CloudKit-Request-ISO8601Date: $1" \
        -H "X-Apple-CloudKit-Request-SignatureV1: $2" \
        -H 'Content-Type: application/json' \
        --data-binary "${3-$body}"
}

get() { # date signature
    curl -sS -o /dev/null "$host$path" \
        -H "X-Apple-CloudKit-Request-KeyID: $key_id" \
        -H "X-Apple-CloudKit-Request-ISO8601Date: $1" \
        -H "X-Apple-CloudKit-Request-SignatureV1: $2"
}

right() {
    local now hash
    now=$(date_utc)
    hash=$(printf %s "$body" | sha256_base64)
    send "$now" "$(printf %s "$now:$hash:$path" | sign)"
}

right_production() {
    path=/database/1/iCloud.com.example.Ledger/production/public/records/query
    right
}

right_empty_body_hashed() {
    local now hash
    now=$(date_utc)
    path=$database/users/caller
    hash=$(printf '' | sha256_base64)
    get "$now" "$(printf %s "$now:$hash:$path" | sign)"
}

right_empty_body_left_out() {
    local now
    now=$(date_utc)
    path=$database/users/caller
    get "$now" "$(printf %s "$now::$path" | sign)"
}

# The first byte of s in DER: an r or s of 33 bytes begins with 00, because its highest bit is set.
s_is_high() {
    local hex r_length
    hex=$(printf %s "$1" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
    r_length=$((16#${hex:6:2}))
    [ "${hex:$((8 + 2 * r_length + 2)):2}" = 21 ]
}

right_high_s() {
    local now hash signature
    now=$(date_utc)
    hash=$(printf %s "$body" | sha256_base64)
    until signature=$(printf %s "$now:$hash:$path" | sign) && s_is_high "$signature"; do :; done
    send "$now" "$signature"
}

right_low_s() {
    local now hash signature
    now=$(date_utc)
    hash=$(printf %s "$body" | sha256_base64)
    until signature=$(printf %s "$now:$hash:$path" | sign) && ! s_is_high "$signature"; do :; done
    send "$now" "$signature"
}

# Two records of 750,000 characters each.
right_large() {
    local now hash file
    now=$(date_utc)
    path=$database/records/modify
    file=$(mktemp)
    local text
    text=$(head -c 562500 /dev/zero | openssl base64 -A)
    printf '{"operations":[' >"$file"
    printf '{"operationType":"create","record":{"recordType":"Account","recordName":"a","fields":{"memo":{"value":"%s"}}}},' "$text" >>"$file"
    printf '{"operationType":"create","record":{"recordType":"Account","recordName":"b","fields":{"memo":{"value":"%s"}}}}]}' "$text" >>"$file"
    hash=$(sha256_base64 <"$file")
    send "$now" "$(printf %s "$now:$hash:$path" | sign)" "@$file"
    rm "$file"
}

right_file_with_newline() {
    local now hash file
    now=$(date_utc)
    file=$(mktemp)
    cat >"$file" <<'JSON'
{
    "query": { "recordType": "Account" },
    "resultsLimit": 1
}
JSON
    hash=$(sha256_base64 <"$file")
    send "$now" "$(printf %s "$now:$hash:$path" | sign)" "@$file"
    rm "$file"
}

# echo ends what it writes with a newline, and so the newline is hashed.
body_changed_by_echo() {
    local now hash
    now=$(date_utc)
    hash=$(echo "$body" | sha256_base64)
    send "$now" "$(printf %s "$now:$hash:$path" | sign)"
}

# curl -d @file leaves out the newlines of the file; --data-binary would not.
body_changed_by_curl() {
    local now hash file
    now=$(date_utc)
    file=$(mktemp)
    printf '%s\n' "$body" >"$file"
    hash=$(sha256_base64 <"$file")
    curl -sS -o /dev/null "$host$path" \
        -H "X-Apple-CloudKit-Request-KeyID: $key_id" \
        -H "X-Apple-CloudKit-Request-ISO8601Date: $now" \
        -H "X-Apple-CloudKit-Request-SignatureV1: $(printf %s "$now:$hash:$path" | sign)" \
        -d "@$file"
    rm "$file"
}

body_hash_hex() {
    local now hash
    now=$(date_utc)
    hash=$(printf %s "$body" | openssl dgst -sha256 | awk '{print $2}')
    send "$now" "$(printf %s "$now:$hash:$path" | sign)"
}

body_hash_base64_of_hex() {
    local now hash
    now=$(date_utc)
    hash=$(printf %s "$body" | sha256sum | cut -d' ' -f1 | tr -d '\n' | base64 -w0)
    send "$now" "$(printf %s "$now:$hash:$path" | sign)"
}

# echo, this time before signing.
newline_after_message() {
    local now hash
    now=$(date_utc)
    hash=$(printf %s "$body" | sha256_base64)
    send "$now" "$(echo "$now:$hash:$path" | sign)"
}

signature_wrong_digest() {
    local now hash
    now=$(date_utc)
    hash=$(printf %s "$body" | sha256_base64)
    send "$now" "$(printf %s "$now:$hash:$path" | openssl dgst -sha1 -sign "$key" | openssl base64 -A)"
}

digest_applied_twice() {
    local now hash
    now=$(date_utc)
    hash=$(printf %s "$body" | sha256_base64)
    send "$now" "$(printf %s "$now:$hash:$path" | openssl dgst -sha256 -binary | sign)"
}

# Without -A openssl breaks its base64 into lines of 64 characters.
signature_base64_broken() {
    local now hash signature
    now=$(date_utc)
    hash=$(printf %s "$body" | sha256_base64)
    signature=$(printf %s "$now:$hash:$path" | openssl dgst -sha256 -sign "$key" | openssl base64 | tr '\n' ' ')
    send "$now" "$signature"
}

signature_hex() {
    local now hash
    now=$(date_utc)
    hash=$(printf %s "$body" | sha256_base64)
    send "$now" "$(printf %s "$now:$hash:$path" | openssl dgst -sha256 -hex -sign "$key" | sed 's/.*= //')"
}

date_has_offset() {
    local now hash
    now=$(TZ=America/New_York date -d "$NOW" +%Y-%m-%dT%H:%M:%S%z)
    hash=$(printf %s "$body" | sha256_base64)
    send "$now" "$(printf %s "$now:$hash:$path" | sign)"
}

date_without_zone() {
    local now hash
    now=$(date -u -d "$NOW" +%Y-%m-%dT%H:%M:%S)
    hash=$(printf %s "$body" | sha256_base64)
    send "$now" "$(printf %s "$now:$hash:$path" | sign)"
}

date_wrong_format() {
    local now hash
    now=$(date -u -d "$NOW" '+%a, %d %b %Y %H:%M:%S GMT')
    hash=$(printf %s "$body" | sha256_base64)
    send "$now" "$(printf %s "$now:$hash:$path" | sign)"
}

date_in_seconds() {
    local now hash
    now=$(date -u -d "$NOW" +%s)
    hash=$(printf %s "$body" | sha256_base64)
    send "$now" "$(printf %s "$now:$hash:$path" | sign)"
}

# The clock is read again for the header, and by then the second has changed.
date_header_differs() {
    local hash signature
    hash=$(printf %s "$body" | sha256_base64)
    signature=$(printf %s "$(date_utc):$hash:$path" | sign)
    NOW=$(date -u -d "$NOW + 1 second" +%Y-%m-%dT%H:%M:%S.%3NZ)
    send "$(date_utc)" "$signature"
}

# The clock of the machine shows Tokyo's time, and the program believes that it is UTC.
date_local_time() {
    local now hash
    now=$(TZ=Asia/Tokyo date -d "$NOW" +%Y-%m-%dT%H:%M:%SZ)
    hash=$(printf %s "$body" | sha256_base64)
    send "$now" "$(printf %s "$now:$hash:$path" | sign)"
}

full_url_signed() {
    local now hash
    now=$(date_utc)
    hash=$(printf %s "$body" | sha256_base64)
    send "$now" "$(printf %s "$now:$hash:https://api.apple-cloudkit.com$path" | sign)"
}

method_in_message() {
    local now hash
    now=$(date_utc)
    hash=$(printf %s "$body" | sha256_base64)
    send "$now" "$(printf %s "POST:$now:$hash:$path" | sign)"
}

path_trailing_slash() {
    local now hash
    now=$(date_utc)
    hash=$(printf %s "$body" | sha256_base64)
    send "$now" "$(printf %s "$now:$hash:$path/" | sign)"
}

path_without_leading_slash() {
    local now hash
    now=$(date_utc)
    hash=$(printf %s "$body" | sha256_base64)
    send "$now" "$(printf %s "$now:$hash:${path#/}" | sign)"
}

key_on_secp256k1() { key=secp256k1.pem; right; }
key_on_secp384r1() { key=secp384r1.pem; right; }
key_of_rsa() { key=rsa.pem; right; }

database_private() {
    path=/database/1/iCloud.com.example.Ledger/development/private/records/query
    right
}

environment_capitalised() {
    path=/database/1/iCloud.com.example.Ledger/Development/public/records/query
    right
}

container_lower_case() {
    path=/database/1/icloud.com.example.Ledger/development/public/records/query
    right
}

container_is_bundle_id() {
    path=/database/1/com.example.Ledger/development/public/records/query
    right
}

user_endpoint() {
    path=$database/users/discover
    body='{"lookupInfos":[{"emailAddress":"ines@example.com"}]}'
    right
}

key_id_in_quotes() { key_id="\"$KEY_ID\""; right; }
key_id_upper_case() { key_id=${KEY_ID^^}; right; }
key_id_cut() { key_id=${KEY_ID:0:32}; right; }

# The public key, as the Console wants it pasted, on one line and without its labels.
public_key_as_key_id() { key_id=$(sed '/-----/d' one.public.pem | tr -d '\n'); right; }

# An API token looks like a key ID.
api_token_as_key_id() { key_id=$API_TOKEN; right; }

# Signed with a key, and the ID is the one of the key before it.
key_of_another_id() { key=two.pem; right; }

# Each of these prints a command instead of running it.

curl_command() { # date signature
    printf '%s\n' "curl -X POST \\"
    printf '%s\n' "  'https://api.apple-cloudkit.com$path' \\"
    printf '%s\n' "  -H 'Content-Type: application/json' \\"
    printf '%s\n' "  -H 'X-Apple-CloudKit-Request-KeyID: $key_id' \\"
    printf '%s\n' "  -H 'X-Apple-CloudKit-Request-ISO8601Date: $1' \\"
    printf '%s\n' "  -H 'X-Apple-CloudKit-Request-SignatureV1: $2' \\"
    printf '%s\n' "  -d '$body'"
}

command_right() {
    local now hash
    now=$(date_utc)
    hash=$(printf %s "$body" | sha256_base64)
    curl_command "$now" "$(printf %s "$now:$hash:$path" | sign)"
}

command_body_hash_hex() {
    local now hash
    now=$(date_utc)
    hash=$(printf %s "$body" | openssl dgst -sha256 -r | cut -d' ' -f1)
    curl_command "$now" "$(printf %s "$now:$hash:$path" | sign)"
}

# A name with an apostrophe, which ends the quotes, is escaped, and begins them again.
command_with_apostrophe() {
    local now hash shown
    now=$(date_utc)
    path=$database/records/modify
    body="{\"operations\":[{\"operationType\":\"create\",\"record\":{\"recordType\":\"Account\",\"fields\":{\"memo\":{\"value\":\"Ines's own\"}}}}]}"
    hash=$(printf %s "$body" | sha256_base64)
    shown=${body//\'/\'\\\'\'}
    body=$shown curl_command "$now" "$(printf %s "$now:$hash:$path" | sign)"
}

# Copied from a page that turned the quotation mark before the name of a header into a typographic one.
command_with_typographic_quote() {
    local now hash
    now=$(date_utc)
    hash=$(printf %s "$body" | sha256_base64)
    curl_command "$now" "$(printf %s "$now:$hash:$path" | sign)" | sed "s/'\(X-Apple-CloudKit-Request-KeyID: [0-9a-f]*\)'/“\1\"/; s/“/\"“/"
}

"$1"
