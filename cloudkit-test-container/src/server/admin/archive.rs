//! Files in one file: the tar format of POSIX, which every system unpacks.

use std::collections::BTreeMap;

const BLOCK: usize = 512;

/// What a header has at its byte 257.
const MAGIC: &[u8; 5] = b"ustar";

/// Whether the bytes begin like an archive.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    bytes.get(257..262) == Some(MAGIC)
}

/// Writes files by their names, which are of up to 100 bytes. They count as last changed at this second since 1970.
pub(super) fn write(files: &BTreeMap<String, Vec<u8>>, modified: i64) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, content) in files {
        archive.extend_from_slice(&header(name, content.len(), modified));
        archive.extend_from_slice(content);
        pad(&mut archive);
    }
    archive.resize(archive.len() + 2 * BLOCK, 0);
    archive
}

fn header(name: &str, size: usize, modified: i64) -> [u8; BLOCK] {
    let mut header = [0; BLOCK];
    let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    // The longest name of a snapshot's files has some forty bytes.
    put(0, name.get(..name.len().min(100)).unwrap_or_default());
    put(100, "0000644\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{size:011o}\0"));
    put(136, &format!("{:011o}\0", modified.clamp(0, 0o777_7777_7777)));
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\x0000");
    let sum = checksum(&header);
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

/// The sum of a header's bytes, with spaces in the place of the sum.
fn checksum(header: &[u8]) -> u64 {
    let bytes = header.iter().enumerate();
    bytes.map(|(at, byte)| if (148..156).contains(&at) { u64::from(b' ') } else { u64::from(*byte) }).sum()
}

fn pad(archive: &mut Vec<u8>) {
    archive.resize(archive.len().next_multiple_of(BLOCK), 0);
}

/// Reads the files of an archive. A directory around all of them is left out of their names.
pub(super) fn read(archive: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let mut files = BTreeMap::new();
    let mut rest = archive;
    loop {
        let (header, after) = rest.split_at_checked(BLOCK).ok_or("it ends too early")?;
        if header.iter().all(|byte| *byte == 0) {
            break;
        }
        if !is_one(header) || number(&header[148..156]) != Some(checksum(header)) {
            return Err(format!("it is damaged at byte {}", archive.len() - rest.len()));
        }
        let name = name(header)?;
        let size = number(&header[124..136]).and_then(|size| usize::try_from(size).ok());
        let content = size.and_then(|size| after.get(..size));
        let content = content.ok_or_else(|| format!("`{name}` is cut short"))?;
        rest = after.get(content.len().next_multiple_of(BLOCK)..).unwrap_or_default();
        match header[156] {
            b'0' | 0 => {
                if files.insert(name.clone(), content.to_vec()).is_some() {
                    return Err(format!("`{name}` is in it twice"));
                }
            }
            // Directories, and what systems add about times and owners.
            b'5' | b'x' | b'g' => {}
            _ => return Err(format!("`{name}` is not a plain file")),
        }
    }
    Ok(without_directory(files))
}

fn name(header: &[u8]) -> Result<String, String> {
    let text = |bytes: &[u8]| {
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        String::from_utf8(bytes[..end].to_vec()).map_err(|_| "the name of a file is not UTF-8".to_owned())
    };
    let (name, prefix) = (text(&header[..100])?, text(&header[345..500])?);
    // What GNU's tar has in the place of the prefix is something else.
    let name =
        if prefix.is_empty() || &header[257..263] != b"ustar\0" { name } else { format!("{prefix}/{name}") };
    Ok(name.strip_prefix("./").unwrap_or(&name).to_owned())
}

/// A number in octal digits, with blanks and zeros around it.
fn number(bytes: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(bytes).ok()?;
    let digits = text.trim_matches(|c| c == ' ' || c == '\0');
    if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 8).ok() }
}

fn without_directory(files: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    let Some((directory, _)) = files.keys().find_map(|name| name.rsplit_once("manifest.json")) else {
        return files;
    };
    let directory = directory.to_owned();
    let inside = |name: String| name.strip_prefix(&directory).map(str::to_owned).unwrap_or(name);
    files.into_iter().map(|(name, content)| (inside(name), content)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn files(files: &[(&str, &[u8])]) -> BTreeMap<String, Vec<u8>> {
        files.iter().map(|(name, content)| ((*name).to_owned(), content.to_vec())).collect()
    }

    #[test]
    fn what_is_written_reads_back() {
        let files = files(&[("manifest.json", b"{}"), ("assets/AbC", &[7; 1024]), ("data/empty.jsonl", b"")]);
        let archive = write(&files, 1_767_225_600);
        assert!(is_one(&archive));
        assert_eq!(archive.len() % BLOCK, 0);
        assert_eq!(read(&archive), Ok(files));
    }

    #[test]
    fn a_directory_around_the_files_is_left_out() {
        let packed = files(&[("news/manifest.json", b"{}"), ("news/data/zones.jsonl", b"")]);
        let expected = files(&[("manifest.json", b"{}"), ("data/zones.jsonl", b"")]);
        assert_eq!(read(&write(&packed, 0)), Ok(expected));
    }

    #[test]
    fn damage_is_told() {
        let archive = write(&files(&[("manifest.json", b"{}"), ("z", &[1; 600])]), 0);
        let mut spoilt = archive.clone();
        spoilt[3] ^= 1;
        assert_eq!(read(&spoilt), Err("it is damaged at byte 0".to_owned()));
        assert_eq!(read(&archive[..1600]), Err("`z` is cut short".to_owned()));
        for length in [1024, 1100, archive.len() - 2 * BLOCK] {
            assert_eq!(read(&archive[..length]), Err("it ends too early".to_owned()), "{length}");
        }
        assert!(read(&[&archive[..], &archive[..]].concat()).is_ok(), "what comes after the end is nothing");
        let twice = write(&files(&[("a", b"1")]), 0);
        let twice = [&twice[..2 * BLOCK], &twice[..]].concat();
        assert_eq!(read(&twice), Err("`a` is in it twice".to_owned()));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(at in 0..2048_usize, byte: u8, length in 0..3000_usize) {
            let mut archive = write(&files(&[("manifest.json", b"{}"), ("z", &[1; 600])]), 0);
            let end = archive.len();
            archive[at % end] = byte;
            archive.truncate(length);
            let _ = read(&archive);
        }
    }
}
