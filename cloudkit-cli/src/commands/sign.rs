//! `cloudkit sign`: the headers of a request, and every step on the way to them.

use std::path::PathBuf;

use clap::Args;
use cloudkit_core::auth::{BodyHash, CanonicalMessage, RequestDate, SignedHeaders};
use cloudkit_core::transport::check_destination;
use serde::{Serialize, Serializer};

use crate::cli::Connection;
use crate::credentials::{self, Passphrase};
use crate::failure::Result;
use crate::{Context, Exit, Failure, Format, input};

/// No request to CloudKit has a larger body; assets go elsewhere.
const LONGEST_BODY: u64 = 64 << 20;

/// What can be written after `cloudkit sign`.
#[derive(Args, Debug)]
#[command(after_help = "\
The signature is deterministic (RFC 6979): the same key, date, body and path always give the same one. \
Other libraries draw a random number for each; theirs differ and are as good.

Examples:
  cloudkit sign records/lookup --data '{\"records\":[{\"recordName\":\"x\"}]}'
  cloudkit sign --path /database/1/iCloud.com.example.News/development/public/records/query --body body.json
  cloudkit sign users/caller --date 2016-01-25T22:15:43Z --format json")]
pub struct Arguments {
    /// The operation in the public database, such as records/query; container and environment come from the options
    /// below or the environment variables.
    #[arg(value_name = "OPERATION", required_unless_present = "path", conflicts_with = "path")]
    pub operation: Option<String>,
    /// Or the whole path as it is sent, percent-encoding and query included.
    #[arg(long, value_name = "PATH")]
    pub path: Option<String>,
    /// The date to sign, such as 2016-01-25T22:15:43Z [default: now].
    #[arg(long, value_name = "DATE")]
    pub date: Option<String>,
    /// The file with the body; `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    pub body: Option<PathBuf>,
    /// Or the body itself.
    #[arg(long, value_name = "TEXT")]
    pub data: Option<String>,
    /// The HTTP method of the curl command; it is not signed [default: POST with a body, GET without].
    #[arg(long, value_name = "METHOD")]
    pub method: Option<String>,
    /// Which container, and whose key.
    #[command(flatten)]
    pub connection: Connection,
    /// Where the pass phrase is, if there is one.
    #[command(flatten)]
    pub passphrase: Passphrase,
}

/// Every step. Programs compare theirs with these members.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Steps {
    method: String,
    url: String,
    path: String,
    key_id: String,
    public_key_fingerprint: String,
    date: String,
    body: BodySteps,
    message: String,
    /// SHA-256 of the message, which is what the curve's arithmetic signs.
    digest_hex: String,
    signature: SignatureSteps,
    #[serde(serialize_with = "as_object")]
    headers: Headers,
    curl: String,
}

type Headers = [(&'static str, String); 3];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BodySteps {
    bytes: usize,
    sha256_hex: String,
    sha256_base64: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SignatureSteps {
    r: String,
    s: String,
    der_hex: String,
    base64: String,
}

/// Signs, and prints the steps.
///
/// # Errors
///
/// If the key, the key ID, the date or the path cannot be used, or the body cannot be read.
pub fn run(arguments: &Arguments, context: &mut Context) -> Result {
    let config = arguments.connection.over(&context.config);
    let key_id = credentials::key_id(&config)?;
    let path = match (&arguments.path, &arguments.operation) {
        (Some(path), _) => path.clone(),
        (None, operation) => {
            let operation = operation.as_deref().unwrap_or_default().trim_matches('/');
            format!("/database/1/{}/{}/public/{operation}", config.container()?, config.environment()?)
        }
    };
    check_path(&path)?;
    let date = match &arguments.date {
        None => RequestDate::from(context.clock.now()),
        Some(date) => date.parse().map_err(|error| {
            Failure::from(error).context(format!("--date {date} cannot be used")).with_exit(Exit::USAGE)
        })?,
    };
    let base = config.url().trim_end_matches('/');
    let url = format!("{base}{path}");
    let address = url.parse().map_err(|error| {
        Failure::from(error).context("the address of the request is not valid").with_exit(Exit::USAGE)
    })?;
    check_destination(&address).map_err(|error| Failure::from(error).with_exit(Exit::USAGE))?;
    let from_file;
    let body: &[u8] = match (&arguments.body, &arguments.data) {
        (Some(file), _) => {
            from_file = input::read(file, LONGEST_BODY, context)?;
            &from_file
        }
        (None, data) => data.as_deref().unwrap_or_default().as_bytes(),
    };
    let key = arguments.passphrase.configured(&config, context)?;

    let message = CanonicalMessage::new(date, body, path.as_str());
    let text = message.to_string();
    let signature = key.sign_bytes(text.as_bytes())?;
    let raw = signature.to_raw();
    let (r, s) = raw.split_at(32);
    let headers = SignedHeaders { key_id: key_id.clone(), date, signature }.pairs();
    let method = arguments.method.clone().unwrap_or_else(|| default_method(body).to_owned());
    let steps = Steps {
        curl: curl(&method, &url, &headers, arguments, body.is_empty()),
        method,
        url,
        path,
        key_id: key_id.to_string(),
        public_key_fingerprint: key.public_key().fingerprint(),
        date: date.to_string(),
        body: BodySteps {
            bytes: body.len(),
            sha256_hex: hexadecimal(message.body_hash.as_bytes()),
            sha256_base64: message.body_hash.to_string(),
        },
        // The hash of a body and that of a message are the same function.
        digest_hex: hexadecimal(BodyHash::of(text.as_bytes()).as_bytes()),
        message: text,
        signature: SignatureSteps {
            r: hexadecimal(r),
            s: hexadecimal(s),
            der_hex: hexadecimal(&signature.to_der()),
            base64: signature.to_base64(),
        },
        headers,
    };
    match context.format {
        Format::Json => context.print_json(&steps)?,
        Format::Text => context.print(steps.text())?,
    }
    Ok(Exit::OK)
}

impl Steps {
    fn text(&self) -> String {
        let Self { method, path, date, body, message, digest_hex, signature, headers, curl, .. } = self;
        let [id, sent_date, sent_signature] = headers.clone().map(|(name, value)| format!("{name}: {value}"));
        format!(
            "request       {method} {path}\n\
             date          {date}\n\
             body          {} bytes\n\
             body SHA-256  {} (hex)\n\
             \x20             {} (base64: this goes into the message)\n\
             message       {message}\n\
             digest        {digest_hex} (SHA-256 of the message)\n\
             r             {}\n\
             s             {}\n\
             DER           {}\n\
             signature     {} (base64 of the DER)\n\
             public key    {} (fingerprint)\n\n\
             {id}\n{sent_date}\n{sent_signature}\n\n\
             {curl}\n",
            body.bytes,
            body.sha256_hex,
            body.sha256_base64,
            signature.r,
            signature.s,
            signature.der_hex,
            signature.base64,
            self.public_key_fingerprint,
        )
    }
}

fn as_object<S: Serializer>(headers: &Headers, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(headers.iter().map(|(name, value)| (name, value)))
}

fn default_method(body: &[u8]) -> &'static str {
    if body.is_empty() { "GET" } else { "POST" }
}

/// The path has to be one that can be sent as it is, or something on the way would change it after it was signed.
fn check_path(path: &str) -> Result<()> {
    let refuse = |why: String, help: &str| Err(Failure::usage(why).with_help(help));
    if path.contains("://") {
        return refuse(
            format!("{path} is a URL; what is signed is its path"),
            "give what follows the host, from /database/1/ on",
        );
    }
    if !path.starts_with("/database/1/") {
        return refuse(
            format!("{path} does not begin with /database/1/"),
            "the path is /database/1/CONTAINER/ENVIRONMENT/public/OPERATION",
        );
    }
    if let Some(character) =
        path.chars().find(|c| !c.is_ascii_graphic() || matches!(c, '"' | '<' | '>' | '#'))
    {
        return refuse(
            format!("the path contains {character:?}, which cannot be sent as it is"),
            "percent-encode it: the path is signed in the form in which it is sent",
        );
    }
    Ok(())
}

fn curl(method: &str, url: &str, headers: &Headers, arguments: &Arguments, is_empty: bool) -> String {
    let mut command = format!("curl -X {} {}", quoted(method), quoted(url));
    for (name, value) in headers {
        command += &format!(" \\\n  -H {}", quoted(&format!("{name}: {value}")));
    }
    let body = match (&arguments.body, &arguments.data) {
        _ if is_empty => return command,
        // `--data-binary` sends the bytes of the file as they are; `--data` would drop its line ends.
        (Some(file), _) => format!("--data-binary {}", quoted(&format!("@{}", file.display()))),
        (None, data) => format!("--data-raw {}", quoted(data.as_deref().unwrap_or_default())),
    };
    command + &format!(" \\\n  -H 'content-type: application/json' \\\n  {body}")
}

/// For a POSIX shell.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._/:=@%,+".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
