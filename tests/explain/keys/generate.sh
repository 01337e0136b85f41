#!/bin/sh
# Makes the keys that the programs sign with. Test keys: never use them in earnest. What it makes is committed.
# Needs openssl 3. New keys make every capture out of date: run ../record.py afterwards.
set -eu
cd "$(dirname "$0")"

# Two keys by Apple's recipe, and the first in the other container that Java and PHP like.
for name in one two; do
    openssl ecparam -name prime256v1 -genkey -noout -out "$name.pem"
    openssl ec -in "$name.pem" -pubout -out "$name.public.pem" 2>/dev/null
done
openssl pkcs8 -topk8 -nocrypt -in one.pem -out one.pkcs8.pem
openssl pkcs8 -topk8 -nocrypt -in one.pem -outform DER -out one.pkcs8.der

# Keys that CloudKit cannot use.
openssl ecparam -name secp256k1 -genkey -noout -out secp256k1.pem
openssl ecparam -name secp384r1 -genkey -noout -out secp384r1.pem
openssl genrsa -out rsa.pem 2048 2>/dev/null
for name in secp256k1 secp384r1 rsa; do
    openssl pkey -in "$name.pem" -pubout -out "$name.public.pem"
done
