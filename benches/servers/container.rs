//! The test container: `cloudkit container serve`, built for release.

use std::fmt::Write as _;
use std::io::{Error, Result};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use cloudkit_core::auth::{
    CanonicalMessage, HEADER_DATE, HEADER_KEY_ID, HEADER_SIGNATURE, PrivateKey, RequestDate,
};
use cloudkit_core::runtime::{Clock as _, SystemClock};
use serde_json::Value;

use super::contestant::{Contestant, Dialect};
use super::load::Check;
use super::process::Process;
use super::work::{Article, Articles, FOUND, RECORDS, Work, category, first_articles};

/// The largest batch that CloudKit takes.
const BATCH: usize = 200;

const SCHEMA: &str = r#"DEFINE SCHEMA
    RECORD TYPE Article (
        title       STRING,
        category    STRING QUERYABLE,
        text        STRING,
        views       INT64,
        publishedAt TIMESTAMP,
        GRANT READ TO "_world",
        GRANT CREATE TO "_icloud",
        GRANT WRITE TO "_creator"
    );
"#;

const PATH: &str = "/database/1/iCloud.com.example.App/development/public/records/";

/// A way to run it.
pub(crate) struct Setup {
    pub(crate) name: &'static str,
    signs: bool,
    keeps: bool,
}

pub(crate) const SETUPS: [Setup; 3] = [
    Setup { name: "container", signs: true, keeps: false },
    Setup { name: "container, tokens instead of signatures", signs: false, keeps: false },
    Setup { name: "container --data", signs: true, keeps: true },
];

pub(crate) fn start(setup: Setup) -> Result<Contestant> {
    let directory = tempfile::tempdir()?;
    let (process, ready) = serve(directory.path(), setup.keeps, Some(SCHEMA))
        .and_then(|mut command| Process::start(&mut command, Some(directory)))?;
    let ready: Value = serde_json::from_str(&ready)?;
    let text = |pointer: &str| ready.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let key = PrivateKey::from_pem_file(text("/privateKeyFile")).map_err(Error::other)?;
    let address: SocketAddr = text("/url").trim_start_matches("http://").parse().map_err(Error::other)?;
    // Whoever has an API token may read; to write takes a user.
    let query_tokens = format!("?ckAPIToken={}", text("/apiToken"));
    let write_tokens = format!("{query_tokens}&ckWebAuthToken={}", escaped(text("/users/0/webAuthToken")));
    let dialect = CloudKit {
        key,
        key_id: text("/keyId").to_owned(),
        signs: setup.signs,
        query_tokens,
        write_tokens,
        articles: Articles::new(),
        queries: 0,
    };
    let first: Vec<Article> = first_articles().collect();
    let batches: Vec<_> = first.chunks(BATCH).map(|batch| dialect.save(batch)).collect();
    let check = dialect.check(Work::Batch);
    let mut contestant = Contestant::new(setup.name, address, process, Box::new(dialect));
    for batch in batches {
        contestant.send(batch, &check)?;
    }
    Ok(contestant)
}

/// The command that serves a container, in this very program.
pub(crate) fn serve(directory: &Path, keeps: bool, schema: Option<&str>) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args([super::SERVE, "--ready-json", "--user", "alice"]);
    if let Some(schema) = schema {
        let file = directory.join("schema.ckdb");
        std::fs::write(&file, schema)?;
        command.arg("--schema").arg(file);
    }
    if keeps {
        command.arg("--data").arg(directory.join("data"));
    }
    Ok(command)
}

fn escaped(token: &str) -> String {
    token.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

struct CloudKit {
    key: PrivateKey,
    key_id: String,
    signs: bool,
    query_tokens: String,
    write_tokens: String,
    articles: Articles,
    queries: usize,
}

impl CloudKit {
    fn request_to(&self, endpoint: &str, body: &str, tokens: &str) -> Vec<u8> {
        let tokens = if self.signs { "" } else { tokens };
        let target = format!("{PATH}{endpoint}{tokens}");
        let mut head = format!(
            "POST {target} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
            body.len()
        );
        if self.signs {
            let date = RequestDate::from(SystemClock::new().now());
            let message = CanonicalMessage::new(date, body.as_bytes(), target).to_string();
            let signature = self.key.sign_bytes(message.as_bytes()).expect("a key in this process signs");
            let _ = write!(
                head,
                "{HEADER_KEY_ID}: {}\r\n{HEADER_DATE}: {date}\r\n{HEADER_SIGNATURE}: {}\r\n",
                self.key_id,
                signature.to_base64()
            );
        }
        [head.as_bytes(), b"\r\n", body.as_bytes()].concat()
    }

    fn save(&self, articles: &[Article]) -> Vec<u8> {
        let mut body = String::from(r#"{"operations":["#);
        for (index, article) in articles.iter().enumerate() {
            let Article { name, title, category, text, views, published_at } = article;
            let comma = if index == 0 { "" } else { "," };
            let _ = write!(
                body,
                r#"{comma}{{"operationType":"create","record":{{"recordName":"{name}","recordType":"Article","fields":{{"#
            );
            let _ = write!(
                body,
                r#""title":{{"value":"{title}"}},"category":{{"value":"{category}"}},"text":{{"value":"{text}"}},"#
            );
            let _ = write!(
                body,
                r#""views":{{"value":{views}}},"publishedAt":{{"value":{published_at},"type":"TIMESTAMP"}}}}}}}}"#
            );
        }
        body.push_str("]}");
        self.request_to("modify", &body, &self.write_tokens)
    }
}

impl Dialect for CloudKit {
    fn request(&mut self, work: Work) -> Vec<u8> {
        match work {
            Work::Query => {
                self.queries += 1;
                let category = category(self.queries % (RECORDS / FOUND));
                let body = format!(
                    r#"{{"query":{{"recordType":"Article","filterBy":[{{"fieldName":"category","comparator":"EQUALS","fieldValue":{{"value":"{category}"}}}}]}}}}"#
                );
                self.request_to("query", &body, &self.query_tokens)
            }
            Work::Put | Work::Batch => {
                let articles: Vec<Article> = (0..self.records(work)).map(|_| self.articles.next()).collect();
                self.save(&articles)
            }
        }
    }

    fn check(&self, work: Work) -> Check {
        let times = if work == Work::Query { FOUND } else { self.records(work) };
        Check { status: "200", mark: r#""recordChangeTag":"#, times }
    }

    fn records(&self, work: Work) -> usize {
        if work == Work::Batch { BATCH } else { 1 }
    }
}
