//! What must hold of every schema and of every text.

use cloudkit_schema::generate::{Options, generate};
use cloudkit_schema::{
    DataType, Document, Field, Grant, Index, Indexes, Operation, Preferred, Primitive, RecordType, Role,
    Schema, SystemField, format, name,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::support::COMMENTED;

/// Names that users can give, words of the language among them.
fn names() -> impl Strategy<Value = String> {
    let words = vec![
        "grant",
        "PREFERRED",
        "queryable",
        "Sortable",
        "searchable",
        "type",
        "TYPE",
        "RECORD",
        "CREATE",
        "ROLE",
        "TO",
        "LIST",
        "ENCRYPTED",
        "STRING",
        "DEFINE",
        "SCHEMA",
        "READ",
        "Option",
        "self",
        "crate",
        "Location",
    ];
    prop_oneof![4 => "[A-Za-z][A-Za-z0-9_]{0,12}", 1 => select(words).prop_map(str::to_owned)]
}

fn data_types() -> impl Strategy<Value = DataType> {
    let numbers = [None, Some(Preferred::Int64), Some(Preferred::Double)].map(Primitive::Number);
    let primitives: Vec<Primitive> = Primitive::ALL.into_iter().chain(numbers).collect();
    (select(primitives), any::<bool>(), any::<bool>()).prop_map(|(primitive, encrypted, list)| DataType {
        primitive,
        encrypted: encrypted && primitive.can_be_encrypted(),
        list,
    })
}

/// Any of the indexes that fields of the type can have.
fn indexes(data_type: DataType) -> impl Strategy<Value = Indexes> {
    let possible: Vec<Index> = Index::ALL.into_iter().filter(|index| index.fits(data_type)).collect();
    let count = possible.len();
    subsequence(possible, 0..=count).prop_map(|indexes| indexes.into_iter().collect())
}

fn fields() -> impl Strategy<Value = Vec<Field>> {
    let of_users = btree_map(names(), data_types().prop_flat_map(|it| (Just(it), indexes(it))), 0..8);
    let of_the_system = subsequence(SystemField::ALL.to_vec(), 0..=6).prop_flat_map(|fields| {
        fields.into_iter().map(|it| (Just(it), indexes(it.data_type()))).collect::<Vec<_>>()
    });
    (of_users, of_the_system)
        .prop_map(|(users, system)| {
            let with = |field: Field, indexes: Indexes| indexes.iter().fold(field, Field::with_index);
            let users = users
                .into_iter()
                .map(|(name, (data_type, indexes))| with(Field::new(name, data_type), indexes));
            let system = system.into_iter().map(|(field, indexes)| with(field.field(), indexes));
            users.chain(system).collect::<Vec<_>>()
        })
        .prop_shuffle()
}

fn grants(roles: Vec<String>) -> impl Strategy<Value = Vec<Grant>> {
    let known =
        [Role::World, Role::ICloud, Role::Creator].into_iter().chain(roles.into_iter().map(Role::Custom));
    let grant = (subsequence(Operation::ALL.to_vec(), 1..=3), select(known.collect::<Vec<_>>()));
    vec(grant.prop_map(|(operations, role)| Grant::new(operations, role)), 0..4)
}

fn schemas() -> impl Strategy<Value = Schema> {
    btree_set(names(), 0..3).prop_flat_map(|roles| {
        let roles: Vec<String> = roles.into_iter().collect();
        let record_types = btree_map(names(), (fields(), grants(roles.clone())), 0..5).prop_map(|types| {
            types
                .into_iter()
                .map(|(name, (fields, grants))| {
                    let record_type = fields.into_iter().fold(RecordType::new(name), RecordType::with_field);
                    grants.into_iter().fold(record_type, RecordType::with_grant)
                })
                .collect::<Vec<_>>()
        });
        (Just(roles).prop_shuffle(), record_types.prop_shuffle()).prop_map(|(roles, record_types)| {
            let schema = roles.into_iter().fold(Schema::new(), Schema::with_role);
            record_types.into_iter().fold(schema, Schema::with_record_type)
        })
    })
}

/// What stands between two words: at least one that separates, since words need it.
fn separators() -> impl Strategy<Value = Vec<String>> {
    let separator = prop_oneof![
        6 => Just(" "),
        2 => Just("\n"),
        1 => select(vec!["\t", "\r\n", "\n\n\n", "\r", "  "]),
        1 => select(vec!["/* c */", "// d\n", "-- \" e\r\n", "/* f\n   g */", "/**/", "\n// h\n\n"]),
    ];
    vec(separator.prop_map(str::to_owned), 1..40)
}

/// The schema in its own order, word by word, with anything between them and some names in needless quotes.
fn scattered(schema: &Schema, separators: &[String]) -> String {
    let mut words: Vec<String> = vec!["DEFINE".into(), "SCHEMA".into()];
    let mut quote = separators.iter().cycle();
    let mut quoted = |name: &str| match quote.next() {
        Some(separator) if separator.len() > 3 => format!("\"{name}\""),
        _ => name::quoted(name).into_owned(),
    };
    let split = |text: String, words: &mut Vec<String>| {
        let spaced = text.replace('<', " < ").replace('>', " > ").replace(',', " , ");
        words.extend(spaced.split_whitespace().map(str::to_owned));
    };
    for role in &schema.roles {
        words.extend(["create".into(), "ROLE".into(), quoted(&role.name), ";".into()]);
    }
    for record_type in &schema.record_types {
        words.extend(["RECORD".into(), "type".into(), quoted(&record_type.name), "(".into()]);
        let count = record_type.fields.len() + record_type.grants.len();
        for (number, field) in record_type.fields.iter().enumerate() {
            words.push(quoted(&field.name));
            split(field.data_type.to_string().to_lowercase(), &mut words);
            split(field.indexes.to_string(), &mut words);
            words.extend((number + 1 < count).then(|| ",".to_owned()));
        }
        for (number, grant) in record_type.grants.iter().enumerate() {
            split(format!("GRANT {} TO {}", grant.operations, quoted(grant.role.as_str())), &mut words);
            words.extend((record_type.fields.len() + number + 1 < count).then(|| ",".to_owned()));
        }
        words.extend([")".into(), ";".into()]);
    }
    let mut text = String::new();
    for (word, separator) in words.iter().zip(separators.iter().cycle()) {
        text += separator;
        text += word;
    }
    text
}

/// What must hold of what is read from any text.
fn check_document(text: &str) {
    let document = Document::parse(text);
    for problem in &document.problems {
        if let Some(place) = &problem.place {
            let (start, end) = (place.span.start as usize, place.span.end as usize);
            assert!(
                start <= end
                    && end <= text.len()
                    && text.is_char_boundary(start)
                    && text.is_char_boundary(end)
            );
            assert!(place.length >= 1);
        }
        assert!(!problem.message.is_empty() && !problem.service_message().is_empty());
        assert!(!problem.report("x").contains('\0'));
    }
    let places: Vec<u32> =
        document.problems.iter().filter_map(|problem| Some(problem.place.as_ref()?.span.start)).collect();
    assert!(places.is_sorted());
    match format(text) {
        Ok(formatted) => {
            assert!(document.is_complete());
            let again = Document::parse(&formatted);
            assert_eq!(again.comments.len(), document.comments.len());
            assert_eq!(again.schema, document.schema);
            assert_eq!(format(&formatted).as_ref(), Ok(&formatted));
        }
        Err(error) => assert!(!document.is_complete() && !error.problems().is_empty()),
    }
    if let Ok(schema) = document.into_schema() {
        assert!(Schema::parse(&schema.to_string()).is_ok_and(|again| again.is_equivalent(&schema)));
        assert!(schema.diff(&schema).is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_printed_is_read_again(schema in schemas()) {
        let text = schema.to_string();
        let read = Schema::parse(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(&read, &schema.canonical());
        prop_assert!(read.is_equivalent(&schema));
        prop_assert_eq!(read.to_string(), text.clone());
        prop_assert_eq!(format(&text), Ok(text));
    }

    #[test]
    fn layout_comments_case_and_quotes_mean_nothing(schema in schemas(), separators in separators()) {
        let text = scattered(&schema, &separators);
        let read = Schema::parse(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(read, schema);
        check_document(&text);
    }

    #[test]
    fn schemas_differ_exactly_if_they_do_not_mean_the_same(one in schemas(), other in schemas()) {
        prop_assert!(one.diff(&one.canonical()).is_empty());
        prop_assert_eq!(one.diff(&other).is_empty(), one.is_equivalent(&other));
        prop_assert_eq!(one.refusals(&other).is_empty(), one.diff(&other).against(&one).worst() < Some(cloudkit_schema::diff::Class::Forbidden));
    }

    #[test]
    fn structs_are_generated_from_every_schema(schema in schemas()) {
        let source = generate(&schema, &Options::default());
        prop_assert!(source.is_ok_and(|source| source.matches("struct ").count() >= schema.record_types.len()));
    }

    #[test]
    fn a_schema_with_pieces_cut_and_pasted_is_read_or_refused(
        start in 0..COMMENTED.len(), length in 0..40_usize, target in 0..COMMENTED.len(), cut in any::<bool>()
    ) {
        let boundary = |at: usize| (at..).find(|at| COMMENTED.is_char_boundary(*at)).unwrap_or(COMMENTED.len());
        let (start, end, target) = (boundary(start), boundary((start + length).min(COMMENTED.len())), boundary(target));
        let piece = &COMMENTED[start..end];
        let text = if cut {
            format!("{}{}", &COMMENTED[..start], &COMMENTED[end..])
        } else {
            format!("{}{piece}{}", &COMMENTED[..target], &COMMENTED[target..])
        };
        check_document(&text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(DEFINE SCHEMA )?([(),;<>.\"/*-]|[A-Z]{2,6}|STRING|LIST|GRANT|READ|TO|RECORD TYPE A|\\PC|\n){0,40}") {
        check_document(&text);
    }
}
