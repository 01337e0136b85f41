# Requests signed with OpenSSL::PKey::EC and sent with Net::HTTP (Ruby 3). One method a case.

require "base64"
require "digest"
require "json"
require "net/http"
require "openssl"
require "time"

HOST = URI(ENV.fetch("CLOUDKIT_URL"))
DATABASE = "/database/1/iCloud.com.example.Ledger/development/public"
PATH = "#{DATABASE}/records/query"
BODY = JSON.generate(query: { recordType: "Account" }, resultsLimit: 1)
KEY = OpenSSL::PKey::EC.new(File.read("#{ENV.fetch("KEYS")}/one.pem"))

def now = Time.iso8601(ENV.fetch("NOW"))

def send_request(date, signature, body: BODY, path: PATH)
  request = Net::HTTP::Post.new(path)
  request["Content-Type"] = "application/json"
  request["X-Apple-CloudKit-Request-KeyID"] = ENV.fetch("KEY_ID")
  request["X-Apple-CloudKit-Request-ISO8601Date"] = date
  request["X-Apple-CloudKit-Request-SignatureV1"] = signature
  request.body = body
  Net::HTTP.start(HOST.host, HOST.port) { |http| http.request(request) }
end

def right
  date = now.utc.iso8601
  message = [date, Digest::SHA256.base64digest(BODY), PATH].join(":")
  send_request(date, Base64.strict_encode64(KEY.sign("SHA256", message)))
end

# dsa_sign_asn1 takes a digest.
def right_with_digest
  date = now.utc.iso8601
  message = [date, Digest::SHA256.base64digest(BODY), PATH].join(":")
  send_request(date, Base64.strict_encode64(KEY.dsa_sign_asn1(Digest::SHA256.digest(message))))
end

def digest_not_applied
  date = now.utc.iso8601
  message = [date, Digest::SHA256.base64digest(BODY), PATH].join(":")
  send_request(date, Base64.strict_encode64(KEY.dsa_sign_asn1(message)))
end

def body_hash_hex
  date = now.utc.iso8601
  message = [date, Digest::SHA256.hexdigest(BODY), PATH].join(":")
  send_request(date, Base64.strict_encode64(KEY.sign("SHA256", message)))
end

def signature_base64url
  date = now.utc.iso8601
  message = [date, Digest::SHA256.base64digest(BODY), PATH].join(":")
  signature = ""
  signature = Base64.urlsafe_encode64(KEY.sign("SHA256", message)) until signature.match?(/[-_]/)
  send_request(date, signature)
end

def date_has_fraction
  date = now.utc.iso8601(3)
  message = [date, Digest::SHA256.base64digest(BODY), PATH].join(":")
  send_request(date, Base64.strict_encode64(KEY.sign("SHA256", message)))
end

def date_wrong_format
  date = now.utc.to_s
  message = [date, Digest::SHA256.base64digest(BODY), PATH].join(":")
  send_request(date, Base64.strict_encode64(KEY.sign("SHA256", message)))
end

def date_has_offset_and_path_without_environment
  date = now.getlocal("+02:00").iso8601
  message = [date, Digest::SHA256.base64digest(BODY), PATH.sub("/development", "")].join(":")
  send_request(date, Base64.strict_encode64(KEY.sign("SHA256", message)))
end

def path_without_leading_slash_and_not_hashed
  date = now.utc.iso8601
  message = [date, BODY, PATH.delete_prefix("/")].join(":")
  send_request(date, Base64.strict_encode64(KEY.sign("SHA256", message)))
end

send(ARGV.fetch(0))
