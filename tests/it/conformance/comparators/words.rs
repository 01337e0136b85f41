//! Statement 66: search for words.

use serde_json::json;

use crate::conformance::support::{Server, filter, one, string};

#[tokio::test]
async fn c066_words_are_found_whatever_their_case_and_accents() {
    let server = Server::start().await;
    for (name, owner) in [
        ("a-1", "\u{c9}clair au CHOCOLAT"),
        ("a-2", "eclair, with coffee; two spoons"),
        ("a-3", "Cre\u{300}me bru\u{302}le\u{301}e\twith chocolat"),
        ("a-4", "nothing of the kind"),
    ] {
        server.key().create("public", "Account", name, one("owner", string(owner))).await;
    }
    let ask = async |comparator: &str, words: &str| {
        let query =
            json!({ "recordType": "Account", "filterBy": [filter("owner", comparator, string(words))] });
        server.token().query("public", query).await.sorted_names()
    };
    for (comparator, words, expected) in [
        ("CONTAINS_ALL_TOKENS", "eclair", vec!["a-1", "a-2"]),
        ("CONTAINS_ALL_TOKENS", "E\u{301}CLAIR", vec!["a-1", "a-2"]),
        ("CONTAINS_ALL_TOKENS", "eclair chocolat", vec!["a-1"]),
        ("CONTAINS_ALL_TOKENS", "  chocolat \t eclair ", vec!["a-1"]),
        ("CONTAINS_ALL_TOKENS", "eclair tea", vec![]),
        ("CONTAINS_ALL_TOKENS", "creme brulee", vec!["a-3"]),
        ("CONTAINS_ANY_TOKENS", "eclair chocolat", vec!["a-1", "a-2", "a-3"]),
        ("CONTAINS_ANY_TOKENS", "tea kind", vec!["a-4"]),
        ("CONTAINS_ANY_TOKENS", "tea", vec![]),
    ] {
        assert_eq!(ask(comparator, words).await, expected, "{comparator} {words:?}");
    }
}
