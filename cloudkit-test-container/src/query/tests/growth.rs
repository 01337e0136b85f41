//! The work of a query follows what it finds and not how many records there are.
//!
//! Work is what SQLite's machine does, in steps, so nothing here depends on how fast or how busy a computer is.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use cloudkit_core::value::ScalarType;

use super::given::{on, one, texts};
use super::setting::{Given, Setting};
use crate::query::{Comparator as C, FIRST_EFFORT, Filter, Query, Sort, SortKind, Target};
use crate::store::Stamp;
use crate::value::{Fields, Location, Scalar};

const FEW: usize = 1_000;
const MANY: usize = 8_000;

/// The records that are looked for.
const NEEDLES: usize = 20;

/// A page of the queries that find much.
const PAGE: usize = 50;

/// How much more work the same may be among so many more records: trees are deeper.
const SLACK: f64 = 1.6;

fn place(latitude: f64, longitude: f64) -> Location {
    Location { latitude, longitude, optional: [None; 5], timestamp: None }
}

fn given(number: i64, text: String, list: &[&str], place: Location, zone: usize) -> Given {
    let fields = Fields::from([
        ("number".to_owned(), one(ScalarType::Int64, Scalar::Int64(number))),
        ("text".to_owned(), one(ScalarType::String, Scalar::String(text))),
        ("list".to_owned(), texts(list.iter().map(|text| (*text).to_owned()))),
        ("place".to_owned(), one(ScalarType::Location, Scalar::Location(place))),
    ]);
    Given { fields, modified: Stamp { at: number, by: "_a".to_owned() }, zone }
}

/// The needles among `count` other records, which have nothing of theirs. Nothing is looked for in the second zone, which
/// is full of what looks like needles.
fn haystack(count: usize) -> Setting {
    let mut records = Vec::new();
    let mut needles = 0;
    for hay in 0..count {
        let turn = |step: f64| (hay as f64 * step).fract();
        // All over the earth, except between the meridians of 0 and 10 degrees.
        let east = 10.0 + turn(0.754_877) * 350.0;
        let around = place(turn(0.618_034) * 180.0 - 90.0, if east > 180.0 { east - 360.0 } else { east });
        let number = 1_000 + hay as i64;
        let third = ["common a", "common b", "common c"][hay % 3];
        records.push(given(number, format!("hay {third} zone"), &["common", third], around, 0));
        if hay % (count / NEEDLES) == 0 {
            let near = place(47.0 + needles as f64 / 1000.0, 8.5);
            records.push(given(
                needles,
                format!("needle {third} zone {needles}"),
                &["common", "needle"],
                near,
                0,
            ));
            needles += 1;
        }
        if hay % 10 == 0 {
            records.push(given(needles, "needle".to_owned(), &["needle"], place(47.0, 8.5), 1));
        }
    }
    Setting::new(records)
}

/// A small and a large haystack, which all tests share.
fn haystacks() -> MutexGuard<'static, [Setting; 2]> {
    static BOTH: LazyLock<Mutex<[Setting; 2]>> = LazyLock::new(|| Mutex::new([FEW, MANY].map(haystack)));
    BOTH.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The steps that `work` takes.
fn steps<T>(setting: &mut Setting, work: impl FnOnce(&mut Setting) -> T) -> (u64, T) {
    let count = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&count);
    setting.store.on_step(Some(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        false
    }));
    let result = work(setting);
    setting.store.on_step(None::<fn() -> bool>);
    let steps = count.load(Ordering::Relaxed);
    assert!(steps > 0, "nothing was counted");
    (steps, result)
}

/// The records that a query finds in all of its pages, and the work for the page with the most of it.
fn most_work(setting: &mut Setting, query: &Query, effort: usize) -> (usize, u64) {
    let (mut found, mut most) = (0, 0);
    let mut marker: Option<String> = None;
    loop {
        let (work, (names, next)) =
            steps(setting, |setting| setting.page(query, 1, marker.as_deref(), PAGE, effort));
        found += names.len();
        most = most.max(work);
        marker = next;
        if marker.is_none() {
            return (found, most);
        }
    }
}

fn text(text: &str) -> Vec<Scalar> {
    vec![Scalar::String(text.to_owned())]
}

fn near(metres: f64) -> Filter {
    let centre = Scalar::Location(place(47.0, 8.5));
    Filter { distance: metres, ..on("place", C::Near, vec![centre]) }
}

fn by(field: &str, descending: bool) -> Sort {
    Sort { target: Target::Field(field.to_owned()), descending, kind: SortKind::Value }
}

fn by_distance(descending: bool) -> Sort {
    let kind = SortKind::Distance(place(47.0, 8.5));
    Sort { target: Target::Field("place".to_owned()), descending, kind }
}

/// Queries that find the needles.
fn precise() -> Vec<Vec<Filter>> {
    let number = |comparator, number| on("number", comparator, vec![Scalar::Int64(number)]);
    vec![
        vec![on("text", C::BeginsWith, text("needle"))],
        vec![on("text", C::ContainsAllTokens, text("needle"))],
        vec![on("text", C::ContainsAllTokens, text("common needle"))],
        vec![on("*", C::ContainsAllTokens, text("common needle"))],
        vec![on("text", C::ContainsAnyTokens, text("needle pin"))],
        vec![on("list", C::ListContains, text("needle"))],
        vec![on("list", C::ListContainsAny, [text("needle"), text("pin")].concat())],
        vec![on("list", C::ListContainsAll, [text("common"), text("needle")].concat())],
        vec![on("list", C::ListMemberBeginsWith, text("need"))],
        vec![number(C::LessThan, 1_000)],
        vec![number(C::GreaterThanOrEquals, 0), number(C::LessThanOrEquals, 500)],
        // The other records lie on both sides.
        vec![number(C::NotEquals, 7_000_000), number(C::LessThan, 1_000)],
        vec![on("___modTime", C::LessThan, vec![Scalar::Timestamp(1_000)])],
        vec![near(100_000.0)],
        vec![on("list", C::ListContains, text("common")), near(100_000.0)],
        vec![on("text", C::BeginsWith, text("n")), on("list", C::NotListContains, text("pin"))],
        vec![
            on("text", C::NotBeginsWith, text("hay")),
            on("list", C::ListContains, text("common")),
            on("___modifiedBy", C::Equals, text("_a")),
        ],
    ]
}

/// Orders in which the needles are asked for.
fn orders() -> Vec<Vec<Sort>> {
    vec![
        Vec::new(),
        vec![by("number", false)],
        vec![by("text", true)],
        vec![by("text", false), by("number", true)],
        vec![by_distance(false)],
    ]
}

/// Queries that find a third of the records or all of them.
fn broad() -> Vec<Query> {
    let a_third = || vec![on("list", C::ListContains, text("common a"))];
    let prefix = || vec![on("text", C::BeginsWith, text("hay common a"))];
    let unlike = || vec![on("text", C::NotEquals, text("hay common a zone"))];
    let query = |filters, sorts| Query { filters, sorts };
    vec![
        query(Vec::new(), Vec::new()),
        query(Vec::new(), vec![by("number", false)]),
        query(Vec::new(), vec![by("number", true)]),
        // A third of the records have the same text.
        query(Vec::new(), vec![by("text", false)]),
        query(Vec::new(), vec![by("text", true)]),
        query(a_third(), Vec::new()),
        query(a_third(), vec![by("number", true)]),
        query(prefix(), Vec::new()),
        query(prefix(), vec![by("number", false)]),
        query(unlike(), Vec::new()),
    ]
}

#[track_caller]
fn assert_follows(name: &dyn std::fmt::Debug, few: u64, many: u64, slack: f64) {
    assert!(
        many as f64 <= few as f64 * slack,
        "{name:?}\ntakes {few} steps among {FEW} records and {many} among {MANY}"
    );
}

#[test]
fn work_follows_the_result() {
    let [few, many] = &mut *haystacks();
    for filters in precise() {
        for sorts in orders() {
            let query = Query { filters: filters.clone(), sorts };
            let (found, among_few) = most_work(few, &query, FIRST_EFFORT);
            assert_eq!(found, NEEDLES, "{query:?}");
            let (found, among_many) = most_work(many, &query, FIRST_EFFORT);
            assert_eq!(found, NEEDLES, "{query:?}");
            assert_follows(&query, among_few, among_many, SLACK);
        }
    }
}

#[test]
fn the_rarest_of_several_words_leads() {
    let [few, _] = &mut *haystacks();
    let mut work = |words| {
        let filters = vec![on("text", C::ContainsAllTokens, text(words))];
        let (found, work) = most_work(few, &Query { filters, sorts: Vec::new() }, FIRST_EFFORT);
        assert_eq!(found, NEEDLES);
        work
    };
    let alone = work("needle");
    for words in ["needle zone", "common needle"] {
        let together = work(words);
        // Some entries of the frequent word are gathered before it is given up.
        assert!(together < 8 * alone, "{words}: {together} steps, {alone} with the rare word alone");
    }
}

#[test]
fn every_page_costs_the_same() {
    let [few, many] = &mut *haystacks();
    // An effort that does not take in the small haystack at once.
    let effort = 8;
    for query in broad() {
        let (found, among_few) = most_work(few, &query, effort);
        assert!(found >= FEW / 3, "{query:?}");
        let (found, among_many) = most_work(many, &query, effort);
        assert!(found >= MANY / 3, "{query:?}");
        assert_follows(&query, among_few, among_many, SLACK);
    }
}

#[test]
fn a_page_by_distance_costs_what_its_ring_is_long() {
    let [few, many] = &mut *haystacks();
    for descending in [false, true] {
        let query = Query { filters: Vec::new(), sorts: vec![by_distance(descending)] };
        let page = |setting: &mut Setting| setting.page(&query, 1, None, PAGE, FIRST_EFFORT);
        let ((among_few, _), (among_many, _)) = (steps(few, page), steps(many, page));
        assert_follows(&query, among_few, among_many, SLACK);
        let (found, among_few) = most_work(few, &query, FIRST_EFFORT);
        assert_eq!(found, FEW + NEEDLES);
        let (found, among_many) = most_work(many, &query, FIRST_EFFORT);
        assert_eq!(found, MANY + NEEDLES);
        // A ring with 50 records touches more cells the more of them there are on its way around the earth: not 8 times
        // as many, but the square root of it.
        assert_follows(&query, among_few, among_many, 4.0);
    }
}

#[test]
fn a_change_feed_goes_on_where_it_was_left() {
    let feed = |setting: &mut Setting| {
        let zone = setting.zones[0];
        let latest = setting.store.latest_change(zone).expect("read");
        let mut seen = 0;
        let count = |_, _| {
            seen += 1;
            Ok(ControlFlow::Continue(()))
        };
        setting.store.walk_changes(zone, latest - 30, false, count).expect("read");
        seen
    };
    let [few, many] = &mut *haystacks();
    let ((among_few, seen), (among_many, also)) = (steps(few, feed), steps(many, feed));
    assert!(seen > 20 && also > 20, "{seen} and {also} changes");
    assert_follows(&"the latest changes", among_few, among_many, SLACK);
}
