//! What a command reads: a file, or standard input under the name `-`.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::failure::Result;
use crate::{Context, Exit, Failure};

/// So much tells what a file is.
const BEGINNING: u64 = 1 << 16;

/// Whether a file name means standard input.
#[must_use]
pub fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// What to call it in messages.
#[must_use]
pub fn name(path: &Path) -> String {
    if is_stdin(path) { "standard input".to_owned() } else { path.display().to_string() }
}

/// Reads a file, or standard input for `-`, of at most `limit` bytes.
///
/// The bytes may hold a key or a token, and are zeroised when they are dropped.
///
/// # Errors
///
/// If it cannot be read or is longer. No more than the limit is ever in memory.
pub fn read(path: &Path, limit: u64, context: &mut Context) -> Result<Zeroizing<Vec<u8>>> {
    read_checked(path, limit, context, |_| Ok(())).map(Zeroizing::new)
}

/// The same, not zeroised, for content that is told by its beginning: `check` looks at the first bytes before the others are read.
///
/// # Errors
///
/// As [`read`], and that of `check`.
pub fn read_checked(
    path: &Path,
    limit: u64,
    context: &mut Context,
    check: impl FnOnce(&[u8]) -> Result<()>,
) -> Result<Vec<u8>> {
    let unreadable = |error: io::Error| {
        Failure::from(error).context(format!("cannot read {}", name(path))).with_exit(Exit::USAGE)
    };
    let mut source: Box<dyn Read + '_> = match is_stdin(path) {
        true => Box::new(&mut context.stdin),
        false => Box::new(File::open(path).map_err(unreadable)?),
    };
    let mut bytes = Vec::new();
    (&mut source).take(BEGINNING.min(limit + 1)).read_to_end(&mut bytes).map_err(unreadable)?;
    check(&bytes)?;
    // One more than allowed, to tell a file that ends there from one that goes on.
    let rest = (limit + 1).saturating_sub(bytes.len() as u64);
    source.take(rest).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(Failure::usage(format!("{} is longer than {limit} bytes", name(path)))
            .with_help("Nothing of this kind is as long. Give the one file that is meant."));
    }
    Ok(bytes)
}

/// Reads a file that a captured command names, of at most `limit` bytes.
///
/// # Errors
///
/// If it cannot be read or is longer, or is standard input.
pub fn read_file(name: &str, limit: u64) -> io::Result<Vec<u8>> {
    if name == "-" {
        return Err(io::Error::other("standard input of the command is not known"));
    }
    let mut bytes = Vec::new();
    File::open(name)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::other(format!("it is longer than {limit} bytes")));
    }
    Ok(bytes)
}
