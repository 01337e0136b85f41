//! Signing in and out, and who the user is.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Generation, Page};
use crate::conformance::support::{Server, check_contains, text};

impl Page<'_> {
    /// What the library asks when a page sets it up.
    async fn set_up(&mut self) -> super::Seen {
        let path = match self.generation {
            Generation::Of2016 => "public/users/current",
            Generation::Of2024 => "public/users/caller",
        };
        self.get(path).await
    }

    /// What happens in the window that the sign-in button opens: the message that the page gets.
    async fn popup(&self, url: &str, user: &str) -> Value {
        let choice = self.fetch(Method::GET, url, &[]).await.text();
        let link = choice.split("href=\"").find(|rest| rest.contains(&format!("user={user}\""))).unwrap();
        let link = link.split_once('"').unwrap().0.replace("&amp;", "&");
        let path = url.split_once('?').unwrap().0;
        let page = self.fetch(Method::GET, &format!("{path}{link}"), &[]).await.text();
        let message = page.split_once("const message = ").unwrap().1.split_once(';').unwrap().0;
        serde_json::from_str(message).unwrap()
    }
}

#[tokio::test]
async fn c102_a_page_signs_its_user_in_through_a_window() {
    for generation in [Generation::Of2016, Generation::Of2024] {
        let server = Server::start().await;
        let mut page = Page::new(&server, generation);
        let signed_out = page.set_up().await;
        assert_eq!(
            (signed_out.status, signed_out.code()),
            (421, "AUTHENTICATION_REQUIRED"),
            "{generation:?}"
        );
        assert_eq!(page.token, None, "there was no token that could be replaced");
        let url = text(&signed_out.body["redirectURL"]);

        // Both generations read this member of the message.
        let message = page.popup(url, "alice").await;
        page.token = Some(text(&message["ckSession"]).to_owned());
        let first = page.token.clone();
        let signed_in = page.set_up().await;
        assert_eq!(signed_in.status, 200, "{}", signed_in.body);
        // The body itself is the user.
        let alice = server.user("alice").name().await;
        assert_eq!(signed_in.body["userRecordName"], alice);
        match generation {
            Generation::Of2016 => check_contains(&signed_in.body, &json!({ "firstName": "Alice" })),
            Generation::Of2024 => {
                check_contains(&signed_in.body, &json!({ "nameComponents": { "givenName": "Alice" } }));
            }
        }
        assert_ne!(page.token, first, "a new token came with the reply");
        let again = page.set_up().await;
        assert_eq!(again.body["userRecordName"], alice, "and is good");

        // Signing out is forgetting the token.
        page.token = None;
        assert_eq!(page.set_up().await.code(), "AUTHENTICATION_REQUIRED");
    }
}

#[tokio::test]
async fn c103_the_users_that_a_page_asks_for() {
    let server = Server::start_with(|builder| builder.address_books(true)).await;
    let bob = server.user("bob").name().await;
    let mut page = Page::of(&server, "alice");
    let by = |info: Value| json!({ "lookupInfos": [info] });
    for info in [json!({ "emailAddress": "bob@example.com" }), json!({ "userRecordName": bob })] {
        let seen = page.post("public/users/discover", by(info)).await;
        assert_eq!(seen.list("users")[0]["userRecordName"], bob);
    }
    assert_eq!(page.get("public/users/discover").await.list("users")[0]["userRecordName"], bob);
    page.generation = Generation::Of2016;
    for (path, users) in [
        ("public/users/lookup/email", json!([{ "emailAddress": "bob@example.com" }])),
        ("public/users/lookup/id", json!([{ "userRecordName": bob }])),
    ] {
        let seen = page.post(path, json!({ "users": users })).await;
        check_contains(&seen.list("users")[0], &json!({ "userRecordName": bob, "firstName": "Bob" }));
    }
    assert_eq!(page.get("public/users/lookup/contacts").await.list("users")[0]["userRecordName"], bob);
}
