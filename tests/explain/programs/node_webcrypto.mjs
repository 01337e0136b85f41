// Requests signed with WebCrypto, as in a browser, Deno or a Worker. One function a case.
// Those whose names begin with `har` or `command` print what a browser's developer tools export.
import { readFileSync } from "node:fs";

const { CLOUDKIT_URL, KEYS, KEY_ID, API_TOKEN } = process.env;
const clock = () => new Date(process.env.NOW);
const encoder = new TextEncoder();

const path = "/database/1/iCloud.com.example.Ledger/development/public/records/query";
const query = { query: { recordType: "Account" }, resultsLimit: 1 };

async function importKey() {
  const pem = readFileSync(`${KEYS}/one.pkcs8.pem`, "utf8");
  const base64 = pem.replace(/-----[^-]+-----|\s/g, "");
  const der = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  return crypto.subtle.importKey("pkcs8", der, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
}

const key = await importKey();
const isoDate = () => clock().toISOString().replace(/\.\d+Z$/, "Z");
const base64 = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const sha256 = (text) => crypto.subtle.digest("SHA-256", encoder.encode(text));
const ecdsa = (data, hash = "SHA-256") => crypto.subtle.sign({ name: "ECDSA", hash }, key, data);

// WebCrypto gives r and s, 32 bytes each; CloudKit wants the DER sequence of two integers.
function toDer(raw) {
  const integer = (bytes) => {
    let start = 0;
    while (start < bytes.length - 1 && bytes[start] === 0) start++;
    const trimmed = [...bytes.slice(start)];
    if (trimmed[0] & 0x80) trimmed.unshift(0);
    return [0x02, trimmed.length, ...trimmed];
  };
  const bytes = new Uint8Array(raw);
  const content = [...integer(bytes.slice(0, 32)), ...integer(bytes.slice(32))];
  return new Uint8Array([0x30, content.length, ...content]);
}

const headers = (date, signature) => ({
  "Content-Type": "application/json",
  "X-Apple-CloudKit-Request-KeyID": KEY_ID,
  "X-Apple-CloudKit-Request-ISO8601Date": date,
  "X-Apple-CloudKit-Request-SignatureV1": signature,
});
const send = (date, signature, body) => fetch(CLOUDKIT_URL + path, { method: "POST", headers: headers(date, signature), body });

const cases = {
  async right() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const message = `${date}:${base64(await sha256(body))}:${path}`;
    await send(date, base64(toDer(await ecdsa(encoder.encode(message)))), body);
  },

  async signature_raw_rs() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const message = `${date}:${base64(await sha256(body))}:${path}`;
    await send(date, base64(await ecdsa(encoder.encode(message))), body);
  },

  async signature_raw_rs_and_body_hash_hex() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const message = `${date}:${hex(await sha256(body))}:${path}`;
    await send(date, base64(await ecdsa(encoder.encode(message))), body);
  },

  // As in a JSON Web Signature: r and s in the URL alphabet, without padding.
  async signature_raw_rs_and_base64url() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const message = `${date}:${base64(await sha256(body))}:${path}`;
    let signature;
    do {
      signature = base64(await ecdsa(encoder.encode(message))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    } while (!/[-_]/.test(signature));
    await send(date, signature, body);
  },

  async signature_raw_rs_and_hex() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const message = `${date}:${base64(await sha256(body))}:${path}`;
    await send(date, hex(await ecdsa(encoder.encode(message))), body);
  },

  async signature_raw_rs_and_wrong_digest() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const message = `${date}:${base64(await sha256(body))}:${path}`;
    await send(date, base64(await ecdsa(encoder.encode(message), "SHA-384")), body);
  },

  // subtle.sign hashes by itself.
  async digest_applied_twice() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const message = `${date}:${base64(await sha256(body))}:${path}`;
    await send(date, base64(toDer(await ecdsa(await sha256(message)))), body);
  },

  async digest_applied_twice_and_lines() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const message = `${date}\n${base64(await sha256(body))}\n${path}`;
    await send(date, base64(toDer(await ecdsa(await sha256(message)))), body);
  },

  async raw_rs_and_method_and_body_hash_hex() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const message = `POST:${date}:${hex(await sha256(body))}:${path}`;
    await send(date, base64(await ecdsa(encoder.encode(message))), body);
  },

  async signature_is_array_buffer() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const message = `${date}:${base64(await sha256(body))}:${path}`;
    await send(date, `${await ecdsa(encoder.encode(message))}`, body);
  },

  // Without await.
  async signature_is_promise() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const message = `${date}:${base64(await sha256(body))}:${path}`;
    await send(date, `${ecdsa(encoder.encode(message))}`, body);
  },

  // Two integers of 32 bytes each, whatever their first bit: one that is set makes the number negative.
  async signature_der_not_strict() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const message = `${date}:${base64(await sha256(body))}:${path}`;
    let raw;
    do {
      raw = new Uint8Array(await ecdsa(encoder.encode(message)));
    } while (raw[0] < 0x80);
    const der = [0x30, 0x44, 0x02, 0x20, ...raw.slice(0, 32), 0x02, 0x20, ...raw.slice(32)];
    await send(date, base64(new Uint8Array(der)), body);
  },

  async signature_placeholder() {
    await send(isoDate(), btoa("signature goes here"), JSON.stringify(query));
  },

  async date_lower_case_z() {
    const date = isoDate().toLowerCase();
    const body = JSON.stringify(query);
    const message = `${date}:${base64(await sha256(body))}:${path}`;
    await send(date, base64(toDer(await ecdsa(encoder.encode(message)))), body);
  },

  async command_of_chrome() {
    const date = isoDate();
    const body = JSON.stringify({ query: { recordType: "Account", filterBy: [{ fieldName: "name", comparator: "EQUALS", fieldValue: { value: "Zoë's" } }] } });
    const message = `${date}:${base64(await sha256(body))}:${path}`;
    const signature = base64(await ecdsa(encoder.encode(message)));
    // Chrome writes a body with an apostrophe or beyond ASCII in the quotes of bash that know escapes.
    const quoted = body.replace(/['\u0080-\uffff]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
    process.stdout.write(`curl 'https://api.apple-cloudkit.com${path}' \\
  -H 'accept: */*' \\
  -H 'accept-language: en-GB,en;q=0.9' \\
  -H 'content-type: application/json' \\
  -H 'origin: http://localhost:5173' \\
  -H 'priority: u=1, i' \\
  -H 'referer: http://localhost:5173/' \\
  -H 'sec-ch-ua: "Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"' \\
  -H 'sec-ch-ua-mobile: ?0' \\
  -H 'sec-ch-ua-platform: "macOS"' \\
  -H 'sec-fetch-dest: empty' \\
  -H 'sec-fetch-mode: cors' \\
  -H 'sec-fetch-site: cross-site' \\
  -H 'user-agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36' \\
  -H 'x-apple-cloudkit-request-iso8601date: ${date}' \\
  -H 'x-apple-cloudkit-request-keyid: ${KEY_ID}' \\
  -H 'x-apple-cloudkit-request-signaturev1: ${signature}' \\
  --data-raw $'${quoted}'
`);
  },

  async command_of_firefox() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const message = `${date}:${hex(await sha256(body))}:${path}`;
    const signature = base64(toDer(await ecdsa(encoder.encode(message))));
    process.stdout.write(
      `curl 'https://api.apple-cloudkit.com${path}' --compressed -X POST -H 'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0' -H 'Accept: */*' -H 'Accept-Language: en-US,en;q=0.5' -H 'Accept-Encoding: gzip, deflate, br, zstd' -H 'Referer: http://localhost:5173/' -H 'Content-Type: application/json' -H 'X-Apple-CloudKit-Request-KeyID: ${KEY_ID}' -H 'X-Apple-CloudKit-Request-ISO8601Date: ${date}' -H 'X-Apple-CloudKit-Request-SignatureV1: ${signature}' -H 'Origin: http://localhost:5173' -H 'Connection: keep-alive' --data-raw '${body}'\n`,
    );
  },

  async har_of_chrome() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const message = `${date}:${base64(await sha256(body))}:${path}`;
    printHar(chromeHar([chromeEntry(date, base64(await ecdsa(encoder.encode(message))), body)]));
  },

  async har_of_chrome_right() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const message = `${date}:${base64(await sha256(body))}:${path}`;
    printHar(chromeHar([chromeEntry(date, base64(toDer(await ecdsa(encoder.encode(message)))), body)]));
  },

  // The headers were made when the page was loaded, and sent when the button was pressed, 52 minutes later.
  async har_of_chrome_stale() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const message = `${date}:${base64(await sha256(body))}:${path}`;
    const signature = base64(toDer(await ecdsa(encoder.encode(message))));
    printHar(chromeHar([chromeEntry(date, signature, body, new Date(+clock() + 52 * 60_000))]));
  },

  // The page, a preflight, an image, and then the request.
  async har_of_firefox() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const message = `${date}:${await sha512(body)}:${path}`;
    printHar(firefoxHar(date, base64(toDer(await ecdsa(encoder.encode(message)))), body, 401));
  },

  // A key that may not write: the answer is a refusal, but not of the signature.
  async har_of_firefox_role_missing() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const message = `${date}:${base64(await sha256(body))}:${path}`;
    printHar(firefoxHar(date, base64(toDer(await ecdsa(encoder.encode(message)))), body, 403));
  },

  // The request is right. The browser has sent it on a connection that it had open to another of Apple's hosts.
  async har_of_chrome_coalesced() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const message = `${date}:${base64(await sha256(body))}:${path}`;
    const entry = chromeEntry(date, base64(toDer(await ecdsa(encoder.encode(message)))), body);
    const content = { size: 0, mimeType: "text/html", text: "" };
    entry.response = { ...entry.response, status: 421, statusText: "Misdirected Request", content };
    printHar(chromeHar([entry]));
  },

  // The body was ISO-8859-1, which is not UTF-8, so the file has another character in place of its last letter.
  async har_of_chrome_body_as_text() {
    const date = isoDate();
    const bytes = Uint8Array.from('{"query":{"recordType":"Account"},"note":"Zo\u00eb"}', (c) => c.charCodeAt(0));
    const hash = base64(await crypto.subtle.digest("SHA-256", bytes));
    const signature = base64(toDer(await ecdsa(encoder.encode(`${date}:${hash}:${path}`))));
    printHar(chromeHar([chromeEntry(date, signature, new TextDecoder().decode(bytes))]));
  },

  // The body was left out of the file.
  async har_of_chrome_without_body() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const message = `${date}:${base64(await sha256(body))}:${path}`;
    const entry = chromeEntry(date, base64(await ecdsa(encoder.encode(message))), body);
    delete entry.request.postData;
    printHar(chromeHar([entry]));
  },

  // A page that sends no credentials at all.
  async har_of_firefox_no_credentials() {
    printHar(firefoxHar(null, null, JSON.stringify(query), 400));
  },

  // No signature but an API token, for a database that needs a user.
  async har_of_firefox_sign_in() {
    printHar(firefoxHar(null, null, JSON.stringify(query), 421, `${path.replace("/public/", "/private/")}?ckAPIToken=${API_TOKEN}`));
  },
};

const sha512 = async (text) => base64(await crypto.subtle.digest("SHA-512", encoder.encode(text)));
const printHar = (har) => process.stdout.write(JSON.stringify(har, null, 2) + "\n");
const REFUSALS = {
  401: { uuid: "173179e2-0000-4000-8000-000000000001", serverErrorCode: "AUTHENTICATION_FAILED", reason: "Authentication failed" },
  400: { uuid: "173179e2-0000-4000-8000-000000000004", serverErrorCode: "BAD_REQUEST", reason: "no auth method found" },
  403: { uuid: "173179e2-0000-4000-8000-000000000002", serverErrorCode: "ACCESS_DENIED", reason: "Access denied" },
  421: {
    uuid: "173179e2-0000-4000-8000-000000000003",
    serverErrorCode: "AUTHENTICATION_REQUIRED",
    reason: "request needs authorization",
    redirectURL: "https://idmsa.apple.com/appleauth/auth/signin",
  },
};

function chromeEntry(date, signature, body, sent = clock()) {
  const refusal = JSON.stringify(REFUSALS[401]);
  return {
    _connectionId: "1173",
    _initiator: { type: "script", stack: { callFrames: [{ functionName: "load", scriptId: "12", url: "http://localhost:5173/src/main.js", lineNumber: 41, columnNumber: 17 }] } },
    _priority: "High",
    _resourceType: "fetch",
    cache: {},
    connection: "443",
    pageref: "page_1",
    request: {
      method: "POST",
      url: `https://api.apple-cloudkit.com${path}`,
      httpVersion: "http/2.0",
      headers: [
        { name: ":authority", value: "api.apple-cloudkit.com" },
        { name: ":method", value: "POST" },
        { name: ":path", value: path },
        { name: ":scheme", value: "https" },
        { name: "accept", value: "*/*" },
        { name: "content-length", value: String(encoder.encode(body).length) },
        { name: "content-type", value: "application/json" },
        { name: "origin", value: "http://localhost:5173" },
        { name: "user-agent", value: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36" },
        { name: "x-apple-cloudkit-request-iso8601date", value: date },
        { name: "x-apple-cloudkit-request-keyid", value: KEY_ID },
        { name: "x-apple-cloudkit-request-signaturev1", value: signature },
      ],
      queryString: [],
      cookies: [],
      headersSize: -1,
      bodySize: encoder.encode(body).length,
      postData: { mimeType: "application/json", text: body },
    },
    response: {
      status: 401,
      statusText: "",
      httpVersion: "http/2.0",
      headers: [
        { name: "access-control-allow-origin", value: "http://localhost:5173" },
        { name: "content-type", value: "application/json; charset=UTF-8" },
        { name: "date", value: sent.toUTCString() },
        { name: "server", value: "AppleHttpServer/78689afb4479" },
      ],
      cookies: [],
      content: { size: refusal.length, mimeType: "application/json", text: refusal },
      redirectURL: "",
      headersSize: -1,
      bodySize: -1,
      _transferSize: 412,
      _error: null,
      _fetchedViaServiceWorker: false,
    },
    serverIPAddress: "17.248.145.107",
    startedDateTime: sent.toISOString(),
    time: 182.3350000018254,
    timings: { blocked: 1.9, dns: -1, ssl: -1, connect: -1, send: 0.31, wait: 179.2, receive: 0.9, _blocked_queueing: 1.1, _workerStart: -1 },
  };
}

function chromeHar(entries) {
  const page = { startedDateTime: clock().toISOString(), id: "page_1", title: "http://localhost:5173/", pageTimings: { onContentLoad: 88.2, onLoad: 121.5 } };
  return { log: { version: "1.2", creator: { name: "WebInspector", version: "537.36" }, pages: [page], entries } };
}

function firefoxHar(date, signature, body, status, target = path) {
  const refusal = JSON.stringify(REFUSALS[status]);
  const startedDateTime = clock().toISOString().replace("Z", "+00:00");
  const entry = (method, url, requestHeaders, postData, code, content) => ({
    startedDateTime,
    request: {
      bodySize: postData ? postData.text.length : 0,
      method,
      url,
      httpVersion: "HTTP/2",
      headers: requestHeaders,
      cookies: [],
      queryString: [],
      headersSize: 912,
      ...(postData ? { postData } : {}),
    },
    response: {
      status: code,
      statusText: "",
      httpVersion: "HTTP/2",
      headers: [{ name: "date", value: clock().toUTCString() }],
      cookies: [],
      content,
      redirectURL: "",
      headersSize: 301,
      bodySize: 301 + content.size,
    },
    cache: {},
    timings: { blocked: 0, dns: 0, connect: 0, ssl: 0, send: 0, wait: 171, receive: 0 },
    time: 171,
    _securityState: "secure",
    serverIPAddress: "17.248.145.107",
    connection: "443",
    pageref: "page_1",
  });
  const credentials = signature
    ? [
        { name: "X-Apple-CloudKit-Request-KeyID", value: KEY_ID },
        { name: "X-Apple-CloudKit-Request-ISO8601Date", value: date },
        { name: "X-Apple-CloudKit-Request-SignatureV1", value: signature },
      ]
    : [];
  const common = [
    { name: "Host", value: "api.apple-cloudkit.com" },
    { name: "User-Agent", value: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0" },
  ];
  const url = `https://api.apple-cloudkit.com${target}`;
  const empty = { mimeType: "text/html", size: 0, text: "" };
  const entries = [
    entry("GET", "http://localhost:5173/", common.slice(1), null, 200, { mimeType: "text/html", size: 14, text: "<h1>Ledger</h1>" }),
    entry("OPTIONS", url, [...common, { name: "Access-Control-Request-Method", value: "POST" }], null, 200, empty),
    entry(
      "POST",
      url,
      [...common, { name: "Content-Type", value: "application/json" }, ...credentials],
      { mimeType: "application/json", params: [], text: body },
      status,
      { mimeType: "application/json; charset=UTF-8", size: refusal.length, text: refusal },
    ),
    entry("GET", "http://localhost:5173/favicon.ico", common.slice(1), null, 404, empty),
  ];
  const creator = { name: "Firefox", version: "145.0" };
  const pages = [{ id: "page_1", pageTimings: { onContentLoad: 91, onLoad: 130 }, startedDateTime, title: "http://localhost:5173/" }];
  return { log: { version: "1.2", creator, browser: creator, pages, entries } };
}

await cases[process.argv[2]]();
