//! `cloudkit key new`: makes a key and keeps it in a file that nobody else can read.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use cloudkit_core::auth::PrivateKey;
use serde::Serialize;

use super::how_to_register;
use crate::failure::Result;
use crate::{Context, Exit, Failure, Format};

/// What can be written after `cloudkit key new`.
#[derive(Args, Debug)]
#[command(after_help = "\
The file is written in the form of Apple's recipe (SEC1, `EC PRIVATE KEY`), for its owner only. \
A file that is there is never overwritten.

Examples:
  cloudkit key new                          # eckey.pem
  cloudkit key new --out keys/production.pem > production.pub.pem")]
pub struct Arguments {
    /// The file to write.
    #[arg(long, value_name = "FILE", default_value = "eckey.pem")]
    pub out: PathBuf,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Made<'a> {
    private_key_file: &'a Path,
    public_key: String,
    fingerprint: String,
}

/// Makes the key.
///
/// # Errors
///
/// If the file exists or cannot be written, or there are no random numbers.
pub fn run(arguments: &Arguments, context: &mut Context) -> Result {
    let path = &*arguments.out;
    let key = PrivateKey::generate()?;
    write(path, key.to_sec1_pem().as_bytes())?;
    let public_key = key.public_key();
    match context.format {
        Format::Json => context.print_json(&Made {
            private_key_file: path,
            public_key: public_key.to_spki_pem(),
            fingerprint: public_key.fingerprint(),
        })?,
        Format::Text => {
            context.say(format_args!("Wrote the private key to {}. Its public half:", path.display()));
            context.print(public_key.to_spki_pem())?;
            context.flush()?;
            context.say(how_to_register(&public_key));
            context.say(format_args!("Then: export CLOUDKIT_PRIVATE_KEY_FILE={}", path.display()));
        }
    }
    Ok(Exit::OK)
}

/// Writes a file that did not exist, readable by its owner only.
fn write(path: &Path, content: &[u8]) -> Result<()> {
    let mut file = create(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::usage(format!("{} exists and is not overwritten", path.display()))
                .with_help("A key that is lost cannot be made again. Choose another name with --out.")
        }
        _ => cannot_write(path, error),
    })?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    written.map_err(|error| {
        // Half a key is of no use, and would be in the way of the next attempt.
        let _ = std::fs::remove_file(path);
        cannot_write(path, error)
    })
}

fn cannot_write(path: &Path, error: io::Error) -> Failure {
    Failure::from(error).context(format!("cannot write {}", path.display())).with_exit(Exit::USAGE)
}

#[cfg(unix)]
fn create(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}
