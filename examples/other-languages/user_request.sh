#!/usr/bin/env bash
# A request in the name of a user, without a key: saves a record in the user's private database.
#
# It reads the variables that `cloudkit container serve --user alice` prints.
set -euo pipefail

# Web auth tokens hold characters that mean something else in a query.
encode() { # TEXT
    local text=$1 character index
    for ((index = 0; index < ${#text}; index++)); do
        character=${text:index:1}
        case $character in
        [a-zA-Z0-9.~_-]) printf '%s' "$character" ;;
        *) printf '%%%02X' "'$character" ;;
        esac
    done
}

path="/database/1/$CLOUDKIT_CONTAINER/$CLOUDKIT_ENVIRONMENT/private/records/modify"
tokens="ckAPIToken=$CLOUDKIT_API_TOKEN&ckWebAuthToken=$(encode "$CLOUDKIT_WEB_AUTH_TOKEN")"
curl --silent --show-error --fail-with-body "$CLOUDKIT_URL$path?$tokens" \
    -H 'Content-Type: application/json' \
    --data-binary '{"operations":[{"operationType":"create","record":{"recordType":"Note","fields":{"text":{"value":"Mine alone"}}}}]}'
echo
