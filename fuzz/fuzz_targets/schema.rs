//! Schema files: each is read or refused, and what is read comes out as it went in.

#![no_main]

use cloudkit_schema::generate::{Options, generate};
use cloudkit_schema::{Document, Schema, format};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let document = Document::parse(text);
    for problem in &document.problems {
        assert!(!problem.message.is_empty() && !problem.report("schema.ckdb").is_empty());
        if let Some(place) = &problem.place {
            assert!(text.get(place.span.start as usize..place.span.end as usize).is_some());
        }
    }

    let formatted = format(text);
    assert_eq!(formatted.is_ok(), document.is_complete());
    if let Ok(formatted) = formatted {
        let again = Document::parse(&formatted);
        assert_eq!(again.schema, document.schema);
        assert_eq!(again.comments.len(), document.comments.len());
        assert_eq!(format(&formatted).as_ref(), Ok(&formatted));
    }

    let Ok(schema) = document.into_schema() else { return };
    let printed = schema.to_string();
    let again = Schema::parse(&printed).expect("what is printed is of the language");
    assert_eq!(again, schema.canonical());
    assert_eq!(again.to_string(), printed);
    assert!(schema.diff(&again).is_empty());
    assert!(schema.refusals(&again).is_empty());
    for change in schema.diff(&Schema::new()).against(&schema).changes {
        assert!(!change.to_string().is_empty() && !change.reason().is_empty());
    }
    generate(&schema, &Options::default()).expect("a schema without mistakes has structs");
});
