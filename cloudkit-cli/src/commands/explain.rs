//! `cloudkit explain`: why a captured request is refused.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;
use cloudkit_core::explain::{
    Class, Evidence, Explanation, KnownKey, Language, Limits, LineKind, Strength, Verdict, explain_several,
};
use serde::Serialize;

use crate::capture::{self, Form, Options, Parsed};
use crate::credentials::{self, Passphrase};
use crate::failure::Result;
use crate::output::Style;
use crate::{Context, Exit, Failure, Format, input};

/// No capture is longer: a HAR file of a long visit to a large page.
const LONGEST: u64 = 256 << 20;

/// A file that a curl command sends.
const LONGEST_BODY: u64 = 64 << 20;

/// What can be written after `cloudkit explain`.
#[derive(Args, Debug)]
#[command(after_help = "\
The capture is a raw HTTP request, a curl command line (typed, or copied from a browser for bash, cmd or PowerShell), \
the output of `curl -v`, or a HAR file. Its form is told from its beginning. No private key is needed, and no network \
is used. A key that the environment variables name is tried as well.

Exit codes: 0 valid, 1 invalid, 3 nothing could be proved, 2 wrong usage. With --exit-by-class an invalid request ends \
with 10 (message), 11 (signature), 12 (key), 13 (time) or 14 (routing).

Examples:
  cloudkit explain request.txt --public-key public.pem
  pbpaste | cloudkit explain --key eckey.pem
  cloudkit explain visit.har --entry 12 --format json
  cloudkit explain first.txt --second second.txt     # without any key")]
pub struct Arguments {
    /// The capture; `-` is standard input.
    #[arg(default_value = "-", hide_default_value = true)]
    pub file: PathBuf,
    /// A public key that may have signed; with its key ID, if that is known: ID=FILE. Can be repeated.
    #[arg(long, value_name = "[ID=]FILE")]
    pub public_key: Vec<PathBuf>,
    /// The file of a private key, of which only the public half is used. Can be repeated.
    #[arg(long, value_name = "FILE")]
    pub key: Vec<PathBuf>,
    /// A second request of the same program: with two, the mistake can be found without a key.
    #[arg(long, value_name = "FILE")]
    pub second: Option<PathBuf>,
    /// Which entry of a HAR file, counted from 1 [default: the one that CloudKit refused].
    #[arg(long, value_name = "N")]
    pub entry: Option<usize>,
    /// The form of the capture: http, curl or har [default: told from its beginning].
    #[arg(long, value_name = "FORM", value_parser = form)]
    pub input: Option<Form>,
    /// When the request was sent, by a clock that is right, such as 2016-01-25T22:15:43Z [default: what a HAR file says].
    #[arg(long, value_name = "TIME")]
    pub sent_at: Option<jiff::Timestamp>,
    /// The container that the request should go to.
    #[arg(long, value_name = "ID")]
    pub container: Option<String>,
    /// Look for up to five mistakes at once in place of three. It takes many times as long.
    #[arg(long)]
    pub deep: bool,
    /// End with a code that tells the class of the cause.
    #[arg(long)]
    pub exit_by_class: bool,
    /// Where the pass phrase of a private key is, if there is one.
    #[command(flatten)]
    pub passphrase: Passphrase,
}

fn form(name: &str) -> Result<Form, &'static str> {
    match name {
        "http" => Ok(Form::Http),
        "curl" => Ok(Form::Curl),
        "har" => Ok(Form::Har),
        _ => Err("the forms are http, curl and har"),
    }
}

/// What programs read: the explanation, and how the capture was read.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    explanation: &'a Explanation,
    input: Form,
    language: Option<Language>,
    remarks: &'a [String],
}

/// Explains a request.
///
/// # Errors
///
/// If the capture or a key cannot be read.
pub fn run(arguments: &Arguments, context: &mut Context) -> Result {
    let stdin_uses = [&arguments.file]
        .into_iter()
        .chain(&arguments.second)
        .chain(&arguments.key)
        .chain(&arguments.public_key)
        .filter(|path| input::is_stdin(path));
    if stdin_uses.count() > 1 {
        return Err(Failure::usage(
            "standard input can be only one of the capture, the second one and the keys",
        )
        .with_help("Without a file name, the capture is read from standard input."));
    }
    if context.terminals().stdin && input::is_stdin(&arguments.file) {
        context.say("Paste the request, then press Ctrl-D on a line of its own.");
    }
    let mut parsed = read_capture(&arguments.file, arguments.entry, arguments.input, context)?;
    if let Some(second) = &arguments.second {
        let second = read_capture(second, None, None, context)?;
        parsed.captures.truncate(1);
        parsed.captures.extend(second.captures);
    }
    if let Some(time) = arguments.sent_at.and_then(|time| SystemTime::try_from(time).ok()) {
        parsed.captures[0].sent_at = Some(time);
    }
    let evidence = evidence(arguments, context)?;
    let limits = match arguments.deep {
        true => Limits::default().mistakes(5).candidates(400_000),
        false => Limits::default(),
    };
    let explanation = explain_several(&parsed.captures, &evidence, &limits);

    match context.format {
        Format::Json => context.print_json(&Report {
            explanation: &explanation,
            input: parsed.form,
            language: Language::of(&parsed.captures[0]),
            remarks: &parsed.remarks,
        })?,
        Format::Text => {
            for remark in &parsed.remarks {
                context.say(format_args!("Note: {remark}."));
            }
            let style = context.stdout_style();
            for line in explanation.report() {
                context.print(format_args!("{}\n", coloured(style, line.kind, &line.text)))?;
            }
        }
    }
    Ok(exit(&explanation, arguments.exit_by_class))
}

fn read_capture(
    path: &Path,
    entry: Option<usize>,
    form: Option<Form>,
    context: &mut Context,
) -> Result<Parsed> {
    let refuse = |error: capture::ParseError| {
        let help = error.help;
        let failure = Failure::from(error)
            .context(format!("{} cannot be read", input::name(path)))
            .with_exit(Exit::USAGE);
        match help {
            Some(help) => failure.with_help(help),
            None => failure,
        }
    };
    // Noise is recognised as such before all of it is in memory.
    let is_known = |start: &[u8]| match form {
        Some(_) => Ok(()),
        None => capture::recognise(start).map(drop).map_err(refuse),
    };
    let bytes = input::read_checked(path, LONGEST, context, is_known)?;
    let options = Options { form, entry, read_file: &|name| input::read_file(name, LONGEST_BODY) };
    capture::parse(&bytes, &options).map_err(refuse)
}

/// The keys and tokens that are known beside the request.
fn evidence(arguments: &Arguments, context: &mut Context) -> Result<Evidence> {
    let mut evidence = Evidence::new();
    for given in &arguments.public_key {
        let (id, file) = split_id(given);
        let key = credentials::public_key(&file, context)?;
        let mut known = KnownKey::new(input::name(&file), key);
        if let Some(id) = id {
            known = known.key_id(id);
        }
        evidence = evidence.key(known);
    }
    for file in &arguments.key {
        let key = arguments.passphrase.load(file, context)?;
        evidence = evidence.public_key(input::name(file), key.public_key());
    }
    let config = context.config.clone();
    if config.private_key.is_some() || config.private_key_file.is_some() {
        let name = match &config.private_key_file {
            Some(file) => file.display().to_string(),
            None => "CLOUDKIT_PRIVATE_KEY".to_owned(),
        };
        match arguments.passphrase.configured(&config, context) {
            Ok(key) => evidence = evidence.public_key(name, key.public_key()),
            // It was not asked for.
            Err(failure) => context.say(format_args!("Note: {}.", failure.causes().join(": "))),
        }
    }
    if let Some(token) = &config.api_token {
        evidence = evidence.api_token(token.as_str());
    }
    if let Some(container) = &arguments.container {
        evidence = evidence.container(container);
    }
    Ok(evidence)
}

/// `ID=FILE`, if what is before the sign is a key ID.
fn split_id(given: &Path) -> (Option<String>, PathBuf) {
    let split = given.to_str().and_then(|text| text.split_once('='));
    match split {
        Some((id, file)) if id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            (Some(id.to_owned()), PathBuf::from(file))
        }
        _ => (None, given.to_owned()),
    }
}

fn coloured(style: Style, kind: LineKind, text: &str) -> String {
    match kind {
        LineKind::Good => style.good(text).to_string(),
        LineKind::Bad | LineKind::Mark => style.error(text).to_string(),
        LineKind::Doubt => style.warning(text).to_string(),
        LineKind::Fix => style.strong(text).to_string(),
        LineKind::Aside => style.faint(text).to_string(),
        _ => text.to_owned(),
    }
}

fn exit(explanation: &Explanation, by_class: bool) -> Exit {
    match explanation.verdict {
        Verdict::Valid => Exit::OK,
        Verdict::Invalid if by_class => {
            let sure = explanation.causes.iter().find(|cause| cause.strength == Strength::Sure);
            match sure.or(explanation.causes.first()).map(|cause| cause.code.class()) {
                Some(Class::Message) => Exit::new(10),
                Some(Class::Signature) => Exit::new(11),
                Some(Class::Key) => Exit::new(12),
                Some(Class::Time) => Exit::new(13),
                Some(Class::Routing) => Exit::new(14),
                _ => Exit::FAILED,
            }
        }
        Verdict::Invalid => Exit::FAILED,
        _ => Exit::UNPROVEN,
    }
}
