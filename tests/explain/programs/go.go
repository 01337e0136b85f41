// Requests signed with crypto/ecdsa and sent with net/http (Go 1.19). One function a case.
package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

const (
	database = "/database/1/iCloud.com.example.Ledger/development/public"
	path     = database + "/records/query"
)

type query struct {
	Query        map[string]string `json:"query"`
	ResultsLimit int               `json:"resultsLimit"`
}

var content = query{map[string]string{"recordType": "Account"}, 1}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func now() time.Time { return must(time.Parse(time.RFC3339, os.Getenv("NOW"))) }

func isoDate() string { return now().UTC().Format("2006-01-02T15:04:05Z") }

func key() *ecdsa.PrivateKey {
	block, _ := pem.Decode(must(os.ReadFile(os.Getenv("KEYS") + "/one.pem")))
	return must(x509.ParseECPrivateKey(block.Bytes))
}

func hash(body []byte) string {
	sum := sha256.Sum256(body)
	return base64.StdEncoding.EncodeToString(sum[:])
}

func sign(message string) []byte {
	sum := sha256.Sum256([]byte(message))
	return must(ecdsa.SignASN1(rand.Reader, key(), sum[:]))
}

func signed(message string) string { return base64.StdEncoding.EncodeToString(sign(message)) }

func send(method, target, date, signature string, body io.Reader) {
	request := must(http.NewRequest(method, os.Getenv("CLOUDKIT_URL")+target, body))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Apple-CloudKit-Request-KeyID", os.Getenv("KEY_ID"))
	request.Header.Set("X-Apple-CloudKit-Request-ISO8601Date", date)
	request.Header.Set("X-Apple-CloudKit-Request-SignatureV1", signature)
	must(http.DefaultClient.Do(request)).Body.Close()
}

var cases = map[string]func(){
	"right": func() {
		body := must(json.Marshal(content))
		date := isoDate()
		send("POST", path, date, signed(date+":"+hash(body)+":"+path), bytes.NewReader(body))
	},

	// net/http writes the names of headers as it likes, with a capital after each hyphen.
	"right_get": func() {
		date := isoDate()
		path := database + "/users/caller"
		send("GET", path, date, signed(date+":"+hash(nil)+":"+path), nil)
	},

	"right_get_without_hash": func() {
		date := isoDate()
		path := database + "/users/caller"
		send("GET", path, date, signed(date+"::"+path), nil)
	},

	// The path of the URL, without its query.
	"right_query_string": func() {
		body := must(json.Marshal(content))
		date := isoDate()
		send("POST", path+"?remapEnums=true", date, signed(date+":"+hash(body)+":"+path), bytes.NewReader(body))
	},

	// An encoder ends what it writes with a newline, Marshal does not.
	"body_changed_by_encoder": func() {
		body := must(json.Marshal(content))
		date := isoDate()
		var sent bytes.Buffer
		if err := json.NewEncoder(&sent).Encode(content); err != nil {
			panic(err)
		}
		send("POST", path, date, signed(date+":"+hash(body)+":"+path), &sent)
	},

	// The reader was read for the hash, and nothing is left to send.
	"body_read_before": func() {
		body := strings.NewReader(string(must(json.Marshal(content))))
		date := isoDate()
		signature := signed(date + ":" + hash(must(io.ReadAll(body))) + ":" + path)
		send("POST", path, date, signature, body)
	},

	"body_hash_hex": func() {
		body := must(json.Marshal(content))
		date := isoDate()
		message := fmt.Sprintf("%s:%x:%s", date, sha256.Sum256(body), path)
		send("POST", path, date, signed(message), bytes.NewReader(body))
	},

	// SignASN1 takes a digest, and takes the first 32 bytes of what it is given for one.
	"digest_not_applied": func() {
		body := must(json.Marshal(content))
		date := isoDate()
		signature := must(ecdsa.SignASN1(rand.Reader, key(), []byte(date+":"+hash(body)+":"+path)))
		send("POST", path, date, base64.StdEncoding.EncodeToString(signature), bytes.NewReader(body))
	},

	"signature_without_padding": func() {
		body := must(json.Marshal(content))
		date := isoDate()
		signature := sign(date + ":" + hash(body) + ":" + path)
		for len(signature)%3 == 0 {
			signature = sign(date + ":" + hash(body) + ":" + path)
		}
		send("POST", path, date, base64.RawStdEncoding.EncodeToString(signature), bytes.NewReader(body))
	},

	"signature_raw_rs": func() {
		body := must(json.Marshal(content))
		date := isoDate()
		sum := sha256.Sum256([]byte(date + ":" + hash(body) + ":" + path))
		r, s, err := ecdsa.Sign(rand.Reader, key(), sum[:])
		if err != nil {
			panic(err)
		}
		raw := make([]byte, 64)
		r.FillBytes(raw[:32])
		s.FillBytes(raw[32:])
		send("POST", path, date, base64.StdEncoding.EncodeToString(raw), bytes.NewReader(body))
	},

	"date_has_offset": func() {
		body := must(json.Marshal(content))
		date := now().In(time.FixedZone("CET", 3600)).Format(time.RFC3339)
		send("POST", path, date, signed(date+":"+hash(body)+":"+path), bytes.NewReader(body))
	},

	"date_has_fraction": func() {
		body := must(json.Marshal(content))
		date := now().UTC().Format(time.RFC3339Nano)
		send("POST", path, date, signed(date+":"+hash(body)+":"+path), bytes.NewReader(body))
	},

	"message_joined_by_spaces": func() {
		body := must(json.Marshal(content))
		date := isoDate()
		send("POST", path, date, signed(date+" "+hash(body)+" "+path), bytes.NewReader(body))
	},

	"method_and_date_differ_and_hex": func() {
		body := must(json.Marshal(content))
		sum := sha256.Sum256(body)
		message := "POST:" + now().Add(-time.Second).UTC().Format("2006-01-02T15:04:05Z") + ":" + hex.EncodeToString(sum[:]) + ":" + path
		send("POST", path, isoDate(), signed(message), bytes.NewReader(body))
	},

	"full_url_and_order_and_lines": func() {
		body := must(json.Marshal(content))
		date := isoDate()
		message := "https://api.apple-cloudkit.com" + path + "\n" + date + "\n" + hash(body)
		send("POST", path, date, signed(message), bytes.NewReader(body))
	},

	"base64url_and_trailing_slash": func() {
		body := must(json.Marshal(content))
		date := isoDate()
		signature := ""
		for !strings.ContainsAny(signature, "-_") {
			signature = base64.URLEncoding.EncodeToString(sign(date + ":" + hash(body) + ":" + path + "/"))
		}
		send("POST", path, date, signature, bytes.NewReader(body))
	},
}

func main() { cases[os.Args[1]]() }
