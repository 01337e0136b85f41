//! Trouble on demand, once from the options of `cloudkit container serve` and once from a file.

use serde_json::{Value, json};

use crate::container::Serving;
use crate::support::temporary_directory;

/// A kind of trouble as both say it, and what Alice sees of it.
struct Trouble {
    options: &'static [&'static str],
    file: &'static str,
}

/// Starts the container either way, with a clock that stands.
fn both(trouble: &Trouble) -> [(&'static str, Serving); 2] {
    let common = ["--jit", "--seed", "42", "--user", "alice=a-token"];
    let file = temporary_directory();
    let path = file.path().join("faults.toml");
    let clock =
        if trouble.file.contains("virtual_time") { "" } else { "virtual_time = \"2026-01-01T00:00:00Z\"\n" };
    std::fs::write(&path, format!("{clock}{}", trouble.file)).expect("written");
    let mut options = common.to_vec();
    if !trouble.options.contains(&"--virtual-time") {
        options.extend(["--virtual-time", "2026-01-01T00:00:00Z"]);
    }
    options.extend(trouble.options);
    let path = path.display().to_string();
    let from_file = Serving::start(&[&common[..], &["--faults", &path]].concat());
    [("options", Serving::start(&options)), ("file", from_file)]
}

/// Alice, and the one connection over which she asks.
struct Alice<'s> {
    serving: &'s Serving,
    http: reqwest::Client,
}

impl<'s> Alice<'s> {
    fn of(serving: &'s Serving) -> Self {
        Self { serving, http: reqwest::Client::builder().no_proxy().build().expect("a client") }
    }

    async fn send(&self, path: &str, body: Value) -> reqwest::Result<reqwest::Response> {
        let url = format!(
            "{}/database/1/{}/development/private/{path}?ckAPIToken={}&ckWebAuthToken=a-token",
            self.serving.text("url"),
            self.serving.text("container"),
            self.serving.text("apiToken")
        );
        self.http.post(url).body(body.to_string()).send().await
    }

    async fn ask(&self, path: &str, body: Value) -> (u16, Value) {
        let response = self.send(path, body).await.expect("an answer");
        let status = response.status().as_u16();
        let body = response.bytes().await.expect("a whole answer");
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn save(&self, names: &[&str]) -> reqwest::Result<reqwest::Response> {
        let save = |name: &&str| {
            let fields = json!({ "text": { "value": name } });
            json!({ "operationType": "forceUpdate",
                "record": { "recordName": name, "recordType": "Note", "fields": fields } })
        };
        let operations: Vec<Value> = names.iter().map(save).collect();
        self.send("records/modify", json!({ "operations": operations })).await
    }

    async fn lookup(&self, name: &str) -> (u16, Value) {
        self.ask("records/lookup", json!({ "records": [{ "recordName": name }] })).await
    }

    async fn has(&self, name: &str) -> bool {
        self.lookup(name).await.1["records"][0].get("serverErrorCode").is_none()
    }

    /// The names that a query finds in pages of two, in order.
    async fn query(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut marker = Value::Null;
        loop {
            let query = json!({ "recordType": "Note", "sortBy": [{ "fieldName": "text" }] });
            let body = json!({ "query": query, "resultsLimit": 2, "continuationMarker": marker });
            let (_, reply) = self.ask("records/query", body).await;
            let records = reply["records"].as_array().unwrap_or_else(|| panic!("{reply}"));
            names.extend(
                records.iter().map(|record| record["recordName"].as_str().expect("a name").to_owned()),
            );
            marker = reply["continuationMarker"].clone();
            if marker.is_null() {
                return names;
            }
        }
    }

    /// The time of the container.
    async fn time(&self) -> String {
        let response = self.send("records/lookup", json!({ "records": [] })).await.expect("an answer");
        let date = response.headers()["date"].to_str().expect("text").to_owned();
        date.trim_start_matches("Thu, 01 Jan 2026 ").trim_end_matches(" GMT").to_owned()
    }
}

#[tokio::test]
async fn latency_follows_a_distribution() {
    let trouble = Trouble {
        options: &["--fault", "latency,median_ms=7000,p99_ms=7000", "--latency", "500"],
        file: "[[fault]]\nkind = \"latency\"\nmedian_ms = 7000\np99_ms = 7000\n[[fault]]\nkind = \"latency\"\n\
            fixed_ms = 500",
    };
    for (from, serving) in both(&trouble) {
        let alice = Alice::of(&serving);
        assert_eq!([alice.time().await, alice.time().await], ["00:00:07", "00:00:15"], "{from}");
        assert_eq!(serving.stop("TERM").0, Some(0), "{from}");
    }
}

#[tokio::test]
async fn throttling_says_when_to_come_back() {
    let trouble = Trouble {
        options: &["--fault", "throttle,retry_after_ms=2500,skip=1", "--rate-limit", "3/60000"],
        file: "rate_limit = { requests = 3, per_ms = 60000 }\n[[fault]]\nkind = \"throttle\"\nretry_after_ms = 2500\n\
            skip = 1",
    };
    for (from, serving) in both(&trouble) {
        let alice = Alice::of(&serving);
        let mut answers = Vec::new();
        for _ in 0..5 {
            let (status, body) = alice.lookup("a").await;
            answers.push((status, body["retryAfter"].as_f64()));
        }
        let expected = [(200, None), (429, Some(2.5)), (200, None), (200, None), (429, Some(20.0))];
        assert_eq!(answers, expected, "{from}");
    }
}

#[tokio::test]
async fn the_server_fails_in_its_own_words_and_in_a_proxys() {
    let trouble = Trouble {
        options: &["--fault", "status,code=INTERNAL_ERROR", "--fault", "raw,status=502,body=<p>a, b"],
        file: "[[fault]]\nkind = \"status\"\ncode = \"INTERNAL_ERROR\"\n[[fault]]\nkind = \"raw\"\nstatus = 502\n\
            body = \"<p>a, b\"",
    };
    for (from, serving) in both(&trouble) {
        let alice = Alice::of(&serving);
        let (status, body) = alice.lookup("a").await;
        assert_eq!((status, &body["serverErrorCode"]), (500, &json!("INTERNAL_ERROR")), "{from}");
        let answer = alice.save(&["a"]).await.expect("an answer");
        assert_eq!(answer.status(), 502, "{from}");
        assert_eq!(answer.text().await.expect("text"), "<p>a, b", "{from}");
        assert!(!alice.has("a").await, "{from}");
    }
}

#[tokio::test]
async fn connections_drop_before_and_after_the_commit() {
    let trouble = Trouble {
        options: &[
            "--fault",
            "drop-before-commit,endpoint=records/modify",
            "--fault",
            "drop-after-commit,endpoint=records/modify",
        ],
        file: "[[fault]]\nkind = \"drop-before-commit\"\nendpoint = \"records/modify\"\n[[fault]]\n\
            kind = \"drop-after-commit\"\nendpoint = \"records/modify\"",
    };
    for (from, serving) in both(&trouble) {
        let alice = Alice::of(&serving);
        assert!(alice.save(&["before"]).await.is_err(), "{from}");
        assert!(alice.save(&["after"]).await.is_err(), "{from}");
        assert_eq!((alice.has("before").await, alice.has("after").await), (false, true), "{from}");
    }
}

#[tokio::test]
async fn bodies_break_off_or_take_their_time() {
    let trouble = Trouble {
        options: &["--fault", "truncated-body,percent=30", "--fault", "slow-body,piece=1000,pause_ms=9000"],
        file: "[[fault]]\nkind = \"truncated-body\"\npercent = 30\n[[fault]]\nkind = \"slow-body\"\npiece = 1000\n\
            pause_ms = 9000",
    };
    for (from, serving) in both(&trouble) {
        let alice = Alice::of(&serving);
        let answer = alice.save(&["a"]).await.expect("the head arrives");
        assert!(answer.bytes().await.is_err(), "{from}");
        assert!(alice.has("a").await, "{from}: it took effect, and the slow body comes whole");
        assert_eq!(alice.time().await, "00:00:09", "{from}");
    }
}

#[tokio::test]
async fn a_shared_connection_is_misdirected() {
    let trouble = Trouble { options: &["--fault", "misdirected"], file: "[[fault]]\nkind = \"misdirected\"" };
    for (from, serving) in both(&trouble) {
        let alice = Alice::of(&serving);
        assert_eq!((alice.lookup("a").await.0, alice.lookup("a").await.0), (421, 421), "{from}");
        assert_eq!(Alice::of(&serving).lookup("a").await.0, 200, "{from}: another connection");
    }
}

#[tokio::test]
async fn web_auth_tokens_and_sync_tokens_expire() {
    let trouble = Trouble {
        options: &["--fault", "expired-sync-tokens", "--fault", "expired-token,endpoint=records/lookup"],
        file: "[[fault]]\nkind = \"expired-sync-tokens\"\n[[fault]]\nkind = \"expired-token\"\n\
            endpoint = \"records/lookup\"",
    };
    for (from, serving) in both(&trouble) {
        let alice = Alice::of(&serving);
        let (_, start) = alice.ask("changes/database", json!({})).await;
        let since = json!({ "syncToken": start["syncToken"] });
        let (status, body) = alice.ask("changes/database", since).await;
        assert_eq!((status, &body["reason"]), (400, &json!("Unknown sync continuation type")), "{from}");
        for _ in 0..2 {
            let (status, body) = alice.lookup("a").await;
            assert_eq!(
                (status, &body["serverErrorCode"]),
                (421, &json!("AUTHENTICATION_REQUIRED")),
                "{from}"
            );
        }
    }
}

#[tokio::test]
async fn feeds_have_empty_pages() {
    let trouble = Trouble {
        options: &["--fault", "empty-pages,pages=2"],
        file: "[[fault]]\nkind = \"empty-pages\"\npages = 2",
    };
    for (from, serving) in both(&trouble) {
        let alice = Alice::of(&serving);
        let zone = json!({ "operationType": "create", "zone": { "zoneID": { "zoneName": "books" } } });
        alice.ask("zones/modify", json!({ "operations": [zone] })).await;
        let mut pages = Vec::new();
        let mut body = json!({});
        while pages.len() < 3 {
            let (_, page) = alice.ask("changes/database", body).await;
            pages.push((page["zones"].as_array().map(Vec::len), page["moreComing"].clone()));
            body = json!({ "syncToken": page["syncToken"] });
        }
        assert_eq!(
            pages,
            [(Some(0), json!(true)), (Some(0), json!(true)), (Some(1), json!(false))],
            "{from}"
        );
    }
}

#[tokio::test]
async fn indexes_lag_and_the_clock_is_moved_by_a_latency() {
    const MOVE_CLOCK: &str = "latency,endpoint=records/lookup,times=1,fixed_ms=60000";
    let trouble = Trouble {
        options: &["--index-lag", "3000", "--virtual-time", "2026-01-01T12:00:00Z", "--fault", MOVE_CLOCK],
        file: "index_lag_ms = 3000\nvirtual_time = \"2026-01-01T12:00:00Z\"\n[[fault]]\nkind = \"latency\"\n\
            endpoint = \"records/lookup\"\ntimes = 1\nfixed_ms = 60000",
    };
    for (from, serving) in both(&trouble) {
        let alice = Alice::of(&serving);
        alice.save(&["a"]).await.expect("saved");
        assert_eq!(alice.query().await, [""; 0], "{from}");
        assert!(alice.has("a").await, "{from}");
        assert_eq!(alice.time().await, "12:01:00", "{from}");
        assert_eq!(alice.query().await, ["a"], "{from}");
        // Or by whoever holds the management token.
        alice.save(&["b"]).await.expect("saved");
        assert_eq!(alice.query().await, ["a"], "{from}");
        let moved = alice
            .http
            .post(format!("{}/admin/clock", serving.text("url")))
            .bearer_auth(serving.text("managementToken"))
            .body(r#"{"advanceMs": 3000}"#)
            .send()
            .await
            .expect("an answer");
        assert_eq!(moved.status(), 200, "{from}");
        assert_eq!(alice.query().await, ["a", "b"], "{from}");
    }
}

#[tokio::test]
async fn a_row_comes_in_between_two_pages() {
    let trouble = Trouble {
        options: &[
            "--fault",
            "write-before,endpoint=records/query,next_page,operations=[{\"operationType\":\"create\",\"record\":{\"recordName\":\"cc\",\"recordType\":\"Note\",\"fields\":{\"text\":{\"value\":\"cc\"}}}}]",
        ],
        file: "[[fault]]\nkind = \"write-before\"\nendpoint = \"records/query\"\nnext_page = true\noperations = '''\
            [{\"operationType\":\"create\",\"record\":{\"recordName\":\"cc\",\"recordType\":\"Note\",\
            \"fields\":{\"text\":{\"value\":\"cc\"}}}}]'''",
    };
    for (from, serving) in both(&trouble) {
        let alice = Alice::of(&serving);
        alice.save(&["a", "b", "c", "d"]).await.expect("saved");
        assert_eq!(alice.query().await, ["a", "b", "c", "cc", "d"], "{from}");
    }
}

#[tokio::test]
async fn one_seed_makes_one_history_wherever_the_plan_comes_from() {
    let trouble = Trouble {
        options: &["--fault", "status,code=ZONE_BUSY,probability=0.4", "--fault", "latency,mean_ms=5000"],
        file: "[[fault]]\nkind = \"status\"\ncode = \"ZONE_BUSY\"\nprobability = 0.4\n[[fault]]\nkind = \"latency\"\n\
            mean_ms = 5000",
    };
    let mut histories = Vec::new();
    for (_, serving) in both(&trouble) {
        let alice = Alice::of(&serving);
        let mut history = Vec::new();
        for _ in 0..30 {
            let answer = alice.send("records/lookup", json!({ "records": [] })).await.expect("an answer");
            history.push((
                answer.status(),
                answer.headers()["date"].clone(),
                answer.headers()["x-apple-request-uuid"].clone(),
            ));
        }
        let (code, _, stderr) = serving.stop("TERM");
        assert!(code == Some(0) && stderr.contains("The seed is 42."), "{stderr}");
        histories.push(history);
    }
    assert_eq!(histories[0], histories[1]);
    let refused = histories[0].iter().filter(|(status, ..)| *status == 503).count();
    assert!((5..20).contains(&refused), "{refused}");
}

#[test]
fn what_nobody_met_is_named_by_where_it_was_planned() {
    let trouble = Trouble {
        options: &["--fault", "misdirected,endpoint=files/upload", "--fault", "drop-after-commit,optional"],
        file: "[[fault]]\nkind = \"misdirected\"\nendpoint = \"files/upload\"\n[[fault]]\nkind = \"drop-after-commit\"\n\
            optional = true",
    };
    for (from, serving) in both(&trouble) {
        let (code, _, stderr) = serving.stop("TERM");
        assert_eq!(code, Some(4), "{from}: {stderr}");
        let place =
            if from == "file" { "faults.toml, fault 1" } else { "`misdirected,endpoint=files/upload`" };
        let expected = format!("{place}: `misdirected` at `files/upload`, met 0 of 1 times");
        assert!(stderr.contains(&expected) && !stderr.contains("drop-after-commit"), "{from}: {stderr}");
    }
}
