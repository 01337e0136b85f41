//! Records and queries by chance, so few different ones that much is equal.

use std::collections::BTreeMap;

use cloudkit_core::value::ScalarType;
use proptest::prelude::*;

use super::setting::Given;
use crate::query::geo::FARTHEST;
use crate::query::{Comparator, Filter, Query, Sort, SortKind, Target};
use crate::store::{Stamp, words};
use crate::value::{Content, Field, Fields, Location, Scalar};

/// Few different values; some long enough to be cut short in the index.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ab]{0,2}( [ab])?", long_text(), Just("é".to_owned()),]
}

fn long_text() -> impl Strategy<Value = String> {
    "[ab]{1,2}".prop_map(|end| format!("{}{end}", "x".repeat(300)))
}

/// Some are the same, some close to each other, some at the ends of the earth.
fn place() -> impl Strategy<Value = Location> {
    let degrees = |most: f64| {
        prop_oneof![
            (-2_i32..3).prop_map(|small| f64::from(small) / 1000.0),
            -most..=most,
            prop::sample::select(vec![-most, most]),
        ]
    };
    (degrees(90.0), degrees(180.0)).prop_map(|(latitude, longitude)| Location {
        latitude,
        longitude,
        optional: [None; 5],
        timestamp: None,
    })
}

pub(super) fn one(scalar: ScalarType, value: Scalar) -> Field {
    Field { scalar, encrypted: false, content: Content::One(value) }
}

pub(super) fn texts(texts: impl IntoIterator<Item = String>) -> Field {
    let content = Content::List(texts.into_iter().map(Scalar::String).collect());
    Field { scalar: ScalarType::String, encrypted: false, content }
}

fn fields() -> impl Strategy<Value = Fields> {
    let number = prop::option::of(-3_i64..3);
    let list = prop::option::of(prop::collection::vec(text(), 0..3));
    let fields = (number, prop::option::of(text()), list, prop::option::of(place()));
    fields.prop_map(|(number, text, list, place)| {
        let mut fields = BTreeMap::new();
        if let Some(number) = number {
            fields.insert("number".to_owned(), one(ScalarType::Int64, Scalar::Int64(number)));
        }
        if let Some(text) = text {
            fields.insert("text".to_owned(), one(ScalarType::String, Scalar::String(text)));
        }
        if let Some(list) = list {
            fields.insert("list".to_owned(), texts(list));
        }
        if let Some(place) = place {
            fields.insert("place".to_owned(), one(ScalarType::Location, Scalar::Location(place)));
        }
        fields
    })
}

pub(super) fn record() -> impl Strategy<Value = Given> {
    let writer = prop::sample::select(vec!["_a", "_b"]);
    let zone = prop_oneof![3 => Just(0_usize), 1 => Just(1)];
    (fields(), 0_i64..4, writer, zone).prop_map(|(fields, at, by, zone)| Given {
        fields,
        modified: Stamp { at, by: by.to_owned() },
        zone,
    })
}

/// A filter on a field, or on a system field under its name with underscores.
pub(super) fn on(field: &'static str, comparator: Comparator, operand: Vec<Scalar>) -> Filter {
    let words = match operand.first() {
        Some(Scalar::String(text)) if comparator.is_token_search() => words(text).into_iter().collect(),
        _ => Vec::new(),
    };
    let target = match field {
        "*" => Target::AnyText(vec!["text".to_owned(), "list".to_owned()]),
        _ if field.starts_with('_') => Target::System(field),
        _ => Target::Field(field.to_owned()),
    };
    Filter { target, comparator, operand, words, distance: 0.0 }
}

fn filter() -> impl Strategy<Value = Filter> {
    use Comparator as C;
    let among = |comparators: &[C]| prop::sample::select(comparators.to_vec());
    let ordered = || {
        among(&[
            C::Equals,
            C::NotEquals,
            C::LessThan,
            C::LessThanOrEquals,
            C::GreaterThan,
            C::GreaterThanOrEquals,
        ])
    };
    let tokens = || among(&[C::ContainsAllTokens, C::ContainsAnyTokens]);
    let listed =
        among(&[C::ListContainsAny, C::NotListContainsAny, C::ListContainsAll, C::NotListContainsAll]);
    let member =
        among(&[C::ListContains, C::NotListContains, C::ListMemberBeginsWith, C::NotListMemberBeginsWith]);
    let many = || prop::collection::vec(text().prop_map(Scalar::String), 0..3);
    let text = || text().prop_map(|text| vec![Scalar::String(text)]);
    let writer = prop::sample::select(vec!["_a", "_b", "_c"]);
    let radius = prop_oneof![Just(0.0), 0.0..500.0, 0.0..FARTHEST];
    let number = (-3_i64..3).prop_map(|number| vec![Scalar::Int64(number)]);
    prop_oneof![
        (ordered(), number).prop_map(|(c, number)| on("number", c, number)),
        (ordered(), text()).prop_map(|(c, text)| on("text", c, text)),
        (among(&[C::BeginsWith, C::NotBeginsWith]), text()).prop_map(|(c, text)| on("text", c, text)),
        (prop::sample::select(vec!["text", "list", "*"]), tokens(), text())
            .prop_map(|(field, c, text)| on(field, c, text)),
        // What the index cuts short it does not know to be equal.
        (among(&[C::NotEquals, C::NotBeginsWith, C::LessThan, C::GreaterThan]), long_text())
            .prop_map(|(c, text)| on("text", c, vec![Scalar::String(text)])),
        (among(&[C::In, C::NotIn]), many()).prop_map(|(c, many)| on("text", c, many)),
        (listed, many()).prop_map(|(c, many)| on("list", c, many)),
        (member, text()).prop_map(|(c, text)| on("list", c, text)),
        (among(&[C::Equals, C::NotEquals]), place()).prop_map(|(c, place)| on(
            "place",
            c,
            vec![Scalar::Location(place)]
        )),
        (place(), radius).prop_map(|(place, distance)| Filter {
            distance,
            ..on("place", C::Near, vec![Scalar::Location(place)])
        }),
        (ordered(), 0_i64..4).prop_map(|(c, at)| on("___modTime", c, vec![Scalar::Timestamp(at)])),
        (among(&[C::Equals, C::NotEquals]), writer).prop_map(|(c, by)| on(
            "___modifiedBy",
            c,
            vec![Scalar::String(by.to_owned())]
        )),
    ]
}

fn sort() -> impl Strategy<Value = Sort> {
    let by_value = prop::sample::select(vec![
        Target::Field("number".to_owned()),
        Target::Field("text".to_owned()),
        Target::System("___modTime"),
        Target::System("___modifiedBy"),
    ]);
    let part = prop_oneof![
        4 => by_value.prop_map(|target| (target, SortKind::Value)),
        2 => place().prop_map(|place| (Target::Field("place".to_owned()), SortKind::Distance(place))),
        1 => Just((Target::Field("secret".to_owned()), SortKind::Encrypted)),
    ];
    (part, any::<bool>()).prop_map(|((target, kind), descending)| Sort { target, descending, kind })
}

pub(super) fn sorts() -> impl Strategy<Value = Vec<Sort>> {
    prop::collection::vec(sort(), 0..3)
}

pub(super) fn query() -> impl Strategy<Value = Query> {
    let query = (prop::collection::vec(filter(), 0..4), sorts());
    query.prop_map(|(filters, sorts)| Query { filters, sorts })
}
