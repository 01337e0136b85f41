// Requests signed with java.security.Signature and sent with java.net.http (Java 17). One method a case.

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.HexFormat;

class Requests {
    static final String DATABASE = "/database/1/iCloud.com.example.Ledger/development/public";
    static final String PATH = DATABASE + "/records/query";
    static final String BODY = "{\"query\":{\"recordType\":\"Account\"},\"resultsLimit\":1}";
    static final String NAMES =
        "{\"operations\":[{\"operationType\":\"create\",\"record\":{\"recordType\":\"Account\",\"fields\":{\"name\":{\"value\":\"%s\"}}}}]}";

    static Instant now() {
        return Instant.parse(System.getenv("NOW"));
    }

    static PrivateKey key() throws Exception {
        byte[] der = Files.readAllBytes(Path.of(System.getenv("KEYS"), "one.pkcs8.der"));
        return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der));
    }

    static byte[] digest(String algorithm, byte[] data) throws Exception {
        return MessageDigest.getInstance(algorithm).digest(data);
    }

    static String hash(String body) throws Exception {
        return Base64.getEncoder().encodeToString(digest("SHA-256", body.getBytes(StandardCharsets.UTF_8)));
    }

    static byte[] sign(String algorithm, byte[] message) throws Exception {
        Signature signature = Signature.getInstance(algorithm);
        signature.initSign(key());
        signature.update(message);
        return signature.sign();
    }

    static String sign(String message) throws Exception {
        return Base64.getEncoder().encodeToString(sign("SHA256withECDSA", message.getBytes(StandardCharsets.UTF_8)));
    }

    static void send(String date, String signature, byte[] body, String path) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(System.getenv("CLOUDKIT_URL") + path))
            .version(HttpClient.Version.HTTP_1_1)
            .header("Content-Type", "application/json")
            .header("X-Apple-CloudKit-Request-KeyID", System.getenv("KEY_ID"))
            .header("X-Apple-CloudKit-Request-ISO8601Date", date)
            .header("X-Apple-CloudKit-Request-SignatureV1", signature)
            .POST(BodyPublishers.ofByteArray(body))
            .build();
        HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
    }

    static void send(String date, String signature, String body) throws Exception {
        send(date, signature, body.getBytes(StandardCharsets.UTF_8), PATH);
    }

    static void right() throws Exception {
        String date = now().truncatedTo(ChronoUnit.SECONDS).toString();
        send(date, sign(date + ":" + hash(BODY) + ":" + PATH), BODY);
    }

    static void right_non_ascii() throws Exception {
        String path = DATABASE + "/records/modify";
        String date = DateTimeFormatter.ISO_INSTANT.format(now().truncatedTo(ChronoUnit.SECONDS));
        String body = NAMES.formatted("Zo\u00eb \u00c5ngstr\u00f6m, \u6771\u4eac");
        send(date, sign(date + ":" + hash(body) + ":" + path), body.getBytes(StandardCharsets.UTF_8), path);
    }

    static void signature_raw_rs() throws Exception {
        String date = now().truncatedTo(ChronoUnit.SECONDS).toString();
        byte[] message = (date + ":" + hash(BODY) + ":" + PATH).getBytes(StandardCharsets.UTF_8);
        send(date, Base64.getEncoder().encodeToString(sign("SHA256withECDSAinP1363Format", message)), BODY);
    }

    static void signature_wrong_digest() throws Exception {
        String date = now().truncatedTo(ChronoUnit.SECONDS).toString();
        byte[] message = (date + ":" + hash(BODY) + ":" + PATH).getBytes(StandardCharsets.UTF_8);
        send(date, Base64.getEncoder().encodeToString(sign("SHA1withECDSA", message)), BODY);
    }

    // SHA256withECDSA hashes by itself.
    static void digest_applied_twice() throws Exception {
        String date = now().truncatedTo(ChronoUnit.SECONDS).toString();
        byte[] message = (date + ":" + hash(BODY) + ":" + PATH).getBytes(StandardCharsets.UTF_8);
        send(date, Base64.getEncoder().encodeToString(sign("SHA256withECDSA", digest("SHA-256", message))), BODY);
    }

    static void signature_without_padding() throws Exception {
        String date = now().truncatedTo(ChronoUnit.SECONDS).toString();
        byte[] message = (date + ":" + hash(BODY) + ":" + PATH).getBytes(StandardCharsets.UTF_8);
        byte[] signature;
        do {
            signature = sign("SHA256withECDSA", message);
        } while (signature.length % 3 == 0);
        send(date, Base64.getEncoder().withoutPadding().encodeToString(signature), BODY);
    }

    // A string of bytes: [B@5e2de80c.
    static void signature_is_array() throws Exception {
        String date = now().truncatedTo(ChronoUnit.SECONDS).toString();
        byte[] message = (date + ":" + hash(BODY) + ":" + PATH).getBytes(StandardCharsets.UTF_8);
        send(date, sign("SHA256withECDSA", message).toString(), BODY);
    }

    static void body_hash_hex() throws Exception {
        String date = now().truncatedTo(ChronoUnit.SECONDS).toString();
        String hash = HexFormat.of().formatHex(digest("SHA-256", BODY.getBytes(StandardCharsets.UTF_8)));
        send(date, sign(date + ":" + hash + ":" + PATH), BODY);
    }

    static void body_hash_hex_upper() throws Exception {
        String date = now().truncatedTo(ChronoUnit.SECONDS).toString();
        String hash = HexFormat.of().withUpperCase().formatHex(digest("SHA-256", BODY.getBytes(StandardCharsets.UTF_8)));
        send(date, sign(date + ":" + hash + ":" + PATH), BODY);
    }

    static void date_has_fraction() throws Exception {
        String date = now().toString();
        send(date, sign(date + ":" + hash(BODY) + ":" + PATH), BODY);
    }

    static void date_has_offset() throws Exception {
        String date = now().truncatedTo(ChronoUnit.SECONDS).atZone(ZoneId.of("Europe/Berlin"))
            .format(DateTimeFormatter.ISO_OFFSET_DATE_TIME);
        send(date, sign(date + ":" + hash(BODY) + ":" + PATH), BODY);
    }

    static void date_without_zone() throws Exception {
        String date = now().truncatedTo(ChronoUnit.SECONDS).atZone(ZoneId.of("UTC")).toLocalDateTime().toString();
        send(date, sign(date + ":" + hash(BODY) + ":" + PATH), BODY);
    }

    // The hash is made of UTF-8, the body is sent as ISO-8859-1, with milliseconds in the date.
    static void charset_and_fraction() throws Exception {
        String path = DATABASE + "/records/modify";
        String date = now().toString();
        String body = NAMES.formatted("Zo\u00eb");
        send(date, sign(date + ":" + hash(body) + ":" + path), body.getBytes(StandardCharsets.ISO_8859_1), path);
    }

    // One of the five programs that fail on some input: the body is sent as ISO-8859-1, which is UTF-8 while it is ASCII.
    static void charset(String name) throws Exception {
        String path = DATABASE + "/records/modify";
        String date = now().truncatedTo(ChronoUnit.SECONDS).toString();
        String body = NAMES.formatted(name);
        send(date, sign(date + ":" + hash(body) + ":" + path), body.getBytes(StandardCharsets.ISO_8859_1), path);
    }

    static void charset_ascii_passes() throws Exception {
        charset("Ines");
    }

    static void charset_non_ascii_fails() throws Exception {
        charset("Zo\u00eb \u00c5ngstr\u00f6m");
    }

    // One of the five: what is before the point, and nothing if there is no point. On a whole second there is none.
    static String beforeThePoint() {
        String text = now().toString();
        int point = text.indexOf('.');
        return point < 0 ? "" : text.substring(0, point) + "Z";
    }

    static void date_before_point_passes() throws Exception {
        String date = beforeThePoint();
        send(date, sign(date + ":" + hash(BODY) + ":" + PATH), BODY);
    }

    static void date_before_point_fails() throws Exception {
        date_before_point_passes();
    }

    // An instant on a whole second has no fraction.
    static void date_on_whole_second_passes() throws Exception {
        date_has_fraction();
    }

    static void no_prefix_twice_hashed_and_raw() throws Exception {
        String date = now().truncatedTo(ChronoUnit.SECONDS).toString();
        byte[] message = (date + ":" + hash(BODY) + ":/records/query").getBytes(StandardCharsets.UTF_8);
        byte[] signature = sign("SHA256withECDSAinP1363Format", digest("SHA-256", message));
        send(date, Base64.getEncoder().encodeToString(signature), BODY);
    }

    public static void main(String[] arguments) throws Exception {
        Requests.class.getDeclaredMethod(arguments[0]).invoke(null);
    }
}
