//! Reads captured requests in each form, whatever they look like.
#![no_main]

use libfuzzer_sys::fuzz_target;

// The parsers alone: with the whole command, a database and an HTTP server would have to be built.
#[path = "../../cloudkit-cli/src/capture/mod.rs"]
#[expect(unreachable_pub, reason = "it is a part of another crate")]
mod capture;

use capture::{Form, Options, parse};

fuzz_target!(|bytes: &[u8]| {
    let is_utf16 = matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    for form in [None, Some(Form::Http), Some(Form::Curl), Some(Form::Har)] {
        let read_file: &dyn Fn(&str) -> std::io::Result<Vec<u8>> = &|name| match name.len() % 2 {
            0 => Ok(b"\xff\r\n{}".to_vec()),
            _ => Err(std::io::ErrorKind::NotFound.into()),
        };
        match parse(bytes, &Options { form, entry: None, read_file }) {
            Ok(parsed) => {
                let request = &parsed.captures[0];
                assert!(!request.method.is_empty());
                assert_eq!(request.method, request.method.to_ascii_uppercase());
                assert!(form.is_none_or(|form| form == parsed.form));
            }
            Err(error) => {
                assert!(is_utf16 || error.offset <= bytes.len(), "{error}");
                assert!(error.line >= 1 && error.column >= 1 && !error.message.is_empty());
            }
        }
    }
});
