<?php
// Requests signed with openssl_sign and sent with the stream wrapper for HTTP (PHP 8). One function a case.

$database = '/database/1/iCloud.com.example.Ledger/development/public';
$path = "$database/records/query";
$body = json_encode(['query' => ['recordType' => 'Account'], 'resultsLimit' => 1]);
$key = openssl_pkey_get_private('file://' . getenv('KEYS') . '/one.pem');

function now(): DateTimeImmutable
{
    return new DateTimeImmutable(getenv('NOW'));
}

function isoDate(): string
{
    return gmdate('Y-m-d\TH:i:s\Z', now()->getTimestamp());
}

function bodyHash(string $body): string
{
    return base64_encode(hash('sha256', $body, true));
}

function sign(string $message, $algorithm = OPENSSL_ALGO_SHA256): string
{
    global $key;
    openssl_sign($message, $signature, $key, $algorithm);
    return base64_encode($signature);
}

function send(string $date, string $signature, string $body, ?string $path = null, array $more = []): void
{
    $headers = [
        'Content-Type: application/json',
        'X-Apple-CloudKit-Request-KeyID: ' . getenv('KEY_ID'),
        "X-Apple-CloudKit-Request-ISO8601Date: $date",
        "X-Apple-CloudKit-Request-SignatureV1: $signature",
    ];
    $options = ['method' => 'POST', 'header' => array_merge($headers, $more), 'content' => $body, 'ignore_errors' => true];
    file_get_contents(getenv('CLOUDKIT_URL') . ($path ?? $GLOBALS['path']), false, stream_context_create(['http' => $options]));
}

function right(): void
{
    global $body, $path;
    $date = isoDate();
    send($date, sign("$date:" . bodyHash($body) . ":$path"), $body);
}

function right_escaped(): void
{
    // json_encode escapes slashes and everything beyond ASCII; what is hashed is sent.
    global $database;
    $path = "$database/records/modify";
    $record = ['recordType' => 'Account', 'fields' => ['name' => ['value' => 'Zoë / Ångström']]];
    $body = json_encode(['operations' => [['operationType' => 'create', 'record' => $record]]]);
    $date = isoDate();
    send($date, sign("$date:" . bodyHash($body) . ":$path"), $body, $path);
}

function signature_wrong_digest(): void
{
    // SHA-1, unless it is told otherwise.
    global $body, $path, $key;
    $date = isoDate();
    openssl_sign("$date:" . bodyHash($body) . ":$path", $signature, $key);
    send($date, base64_encode($signature), $body);
}

function body_hash_base64_of_hex(): void
{
    // hash() gives hex, unless it is told otherwise.
    global $body, $path;
    $date = isoDate();
    send($date, sign("$date:" . base64_encode(hash('sha256', $body)) . ":$path"), $body);
}

function body_hash_hex(): void
{
    global $body, $path;
    $date = isoDate();
    send($date, sign("$date:" . hash('sha256', $body) . ":$path"), $body);
}

function body_changed_by_slashes(): void
{
    global $database;
    $path = "$database/records/modify";
    $record = ['recordType' => 'Account', 'fields' => ['memo' => ['value' => 'https://example.com/a']]];
    $operations = ['operations' => [['operationType' => 'create', 'record' => $record]]];
    $date = isoDate();
    $signature = sign("$date:" . bodyHash(json_encode($operations)) . ":$path");
    send($date, $signature, json_encode($operations, JSON_UNESCAPED_SLASHES), $path);
}

function body_changed_by_escapes(): void
{
    global $database;
    $path = "$database/records/modify";
    $record = ['recordType' => 'Account', 'fields' => ['name' => ['value' => 'Zoë']]];
    $operations = ['operations' => [['operationType' => 'create', 'record' => $record]]];
    $date = isoDate();
    $signature = sign("$date:" . bodyHash(json_encode($operations)) . ":$path");
    send($date, $signature, json_encode($operations, JSON_UNESCAPED_UNICODE), $path);
}

function body_changed_by_pretty_print(): void
{
    global $body, $path;
    $date = isoDate();
    $signature = sign("$date:" . bodyHash($body) . ":$path");
    send($date, $signature, json_encode(json_decode($body), JSON_PRETTY_PRINT));
}

function date_has_offset(): void
{
    global $body, $path;
    $date = now()->format('c');
    send($date, sign("$date:" . bodyHash($body) . ":$path"), $body);
}

function date_has_fraction_and_offset(): void
{
    global $body, $path;
    $date = now()->format(DateTimeInterface::RFC3339_EXTENDED);
    send($date, sign("$date:" . bodyHash($body) . ":$path"), $body);
}

function signature_is_hmac(): void
{
    global $body, $path;
    $date = isoDate();
    $message = "$date:" . bodyHash($body) . ":$path";
    send($date, base64_encode(hash_hmac('sha256', $message, file_get_contents(getenv('KEYS') . '/one.pem'), true)), $body);
}

function full_url_signed(): void
{
    global $body, $path;
    $date = isoDate();
    send($date, sign("$date:" . bodyHash($body) . ":https://api.apple-cloudkit.com$path"), $body);
}

function base64_of_hex_and_wrong_digest(): void
{
    global $body, $path, $key;
    $date = isoDate();
    openssl_sign("$date:" . base64_encode(hash('sha256', $body)) . ":$path", $signature, $key);
    send($date, base64_encode($signature), $body);
}

function full_url_and_base64_of_hex_and_wrong_digest(): void
{
    global $body, $path, $key;
    $date = isoDate();
    openssl_sign("$date:" . base64_encode(hash('sha256', $body)) . ":https://api.apple-cloudkit.com$path", $signature, $key);
    send($date, base64_encode($signature), $body);
}

function issuer_id_as_key_id(): void
{
    // The issuer ID of App Store Connect.
    global $body, $path;
    putenv('KEY_ID=57246542-96fe-1a63-e053-0824d011072a');
    right();
}

function app_store_key_id_as_key_id(): void
{
    putenv('KEY_ID=2X9R4HXF34');
    right();
}

$argv[1]();
