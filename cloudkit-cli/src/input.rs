//! What a command reads: a file, or standard input under the name `-`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use crate::failure::Result;
use crate::{Context, Exit, Failure};

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
    let unreadable = |error: std::io::Error| {
        Failure::from(error).context(format!("cannot read {}", name(path))).with_exit(Exit::USAGE)
    };
    let mut bytes = Zeroizing::new(Vec::new());
    // One more than allowed, to tell a file that ends there from one that goes on.
    let length = if is_stdin(path) {
        (&mut context.stdin).take(limit + 1).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
    }
    .map_err(unreadable)?;
    if length as u64 > limit {
        return Err(Failure::usage(format!("{} is longer than {limit} bytes", name(path)))
            .with_help("give the one file that is meant; nothing of this kind is as long"));
    }
    Ok(bytes)
}
