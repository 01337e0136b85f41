//! The whole client, a request and its answer on loopback, against reqwest with the same parts put together by hand:
//! write the body, sign it, send it, read the answer.

use std::net::SocketAddr;

use bytes::Bytes;
use cloudkit_core::__private::{decode_records, encode_operations};
use cloudkit_core::auth::{CanonicalMessage, KeyId, PrivateKey, RequestDate, ServerKey};
use cloudkit_core::runtime::{Clock as _, SystemClock};
use cloudkit_core::{Container, Operation};
use support::article::Article;
use support::{reply, sample, table};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

mod support {
    pub(crate) mod article;
    pub(crate) mod fields;
    pub(crate) mod reply;
    pub(crate) mod sample;
    pub(crate) mod table;
}

const PATH: &str = "/database/1/iCloud.com.example.News/development/public/records/";
const LOOKUP: &str = r#"{"records":[{"recordName":"article-0"}],"desiredKeys":["title","slug","body","summary","publishedAt","views","rating","featured","tags","author","place","thumbnail"]}"#;
const QUERY: &str = r#"{"query":{"recordType":"Article"},"desiredKeys":["title","slug","body","summary","publishedAt","views","rating","featured","tags","author","place","thumbnail"]}"#;

/// What the server answers.
#[derive(Clone)]
struct Answers {
    lookup: Bytes,
    query: Bytes,
    modify: Bytes,
}

/// A server that looks at nothing but the endpoint and the length of the body.
async fn serve(mut stream: TcpStream, answers: Answers) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut input = Vec::with_capacity(512 * 1024);
    loop {
        let head = loop {
            if let Some(at) = input.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut input).await? == 0 {
                return Ok(());
            }
        };
        let text = String::from_utf8_lossy(&input[..head]).to_ascii_lowercase();
        let length = text.split("content-length:").nth(1).and_then(|rest| rest.split("\r\n").next());
        let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
        while input.len() < head + length {
            stream.read_buf(&mut input).await?;
        }
        let line = text.lines().next().unwrap_or_default();
        let body = if line.contains("/query") {
            &answers.query
        } else if line.contains("/modify") {
            &answers.modify
        } else {
            &answers.lookup
        };
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await?;
        stream.write_all(body).await?;
        input.drain(..head + length);
    }
}

fn start(answers: Answers) -> SocketAddr {
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            send.send(listener.local_addr().expect("a listener has an address")).expect("somebody waits");
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, answers.clone()));
            }
        });
    });
    receive.recv().expect("the server starts")
}

/// The parts by hand.
struct ByHand {
    http: reqwest::Client,
    base: String,
    key: ServerKey,
    clock: SystemClock,
}

impl ByHand {
    async fn post(&self, operation: &str, body: Bytes) -> Bytes {
        let path = format!("{PATH}{operation}");
        let date = RequestDate::from(self.clock.now());
        let signed =
            self.key.sign(&CanonicalMessage::new(date, &body, path.as_str())).await.expect("it signs");
        let mut request =
            self.http.post(format!("{}{path}", self.base)).header("content-type", "application/json");
        for (name, value) in signed.pairs() {
            request = request.header(name, value);
        }
        let answer = request.body(body).send().await.expect("the server answers");
        answer.bytes().await.expect("the whole answer comes")
    }
}

fn main() {
    let articles = sample::articles();
    let trace = |article: &Article| format!(r#"{{"recordName":"{}","deleted":true}}"#, article.slug);
    let traces: Vec<String> = articles.iter().map(trace).collect();
    let answers = Answers {
        lookup: reply::reply(&articles[..1]).into(),
        query: reply::reply(&articles).into(),
        modify: format!(r#"{{"records":[{}]}}"#, traces.join(",")).into(),
    };
    let base = format!("http://{}", start(answers));

    let key_id = KeyId::new("0123456789abcdef".repeat(4)).expect("64 hexadecimal digits");
    let key = ServerKey::new(key_id, PrivateKey::generate().expect("the machine has randomness"));
    let by_hand = ByHand {
        http: reqwest::Client::builder().no_proxy().build().expect("a client"),
        base: base.clone(),
        key: key.clone(),
        clock: SystemClock::new(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let db = {
        let _guard = runtime.enter();
        Container::builder("iCloud.com.example.News")
            .url(base)
            .server_key(key)
            .build()
            .expect("a container")
            .public()
    };
    let operations = || -> Vec<Operation<Article>> {
        articles
            .iter()
            .map(|article| Operation::create_named(article.slug.as_str(), article.clone()))
            .collect()
    };

    table::compare(
        "one request on loopback, a small answer",
        &mut [
            ("reqwest and the parts", &mut || {
                let body = runtime.block_on(by_hand.post("lookup", Bytes::from_static(LOOKUP.as_bytes())));
                decode_records::<Article>(&body).expect("it can be read");
            }),
            ("cloudkit-core", &mut || {
                runtime.block_on(db.lookup::<Article>("article-0")).expect("it is there");
            }),
        ],
    );
    table::compare(
        "an answer of 200 records",
        &mut [
            ("reqwest and the parts", &mut || {
                let body = runtime.block_on(by_hand.post("query", Bytes::from_static(QUERY.as_bytes())));
                decode_records::<Article>(&body).expect("it can be read");
            }),
            ("cloudkit-core", &mut || {
                let page = runtime.block_on(db.query::<Article>().page()).expect("it answers");
                assert_eq!(page.records.len(), articles.len());
            }),
        ],
    );
    table::compare(
        "a request of 200 operations",
        &mut [
            ("reqwest and the parts", &mut || {
                let mut body = Vec::new();
                encode_operations(&operations(), &mut body).expect("it can be written");
                let answer = runtime.block_on(by_hand.post("modify", body.into()));
                serde_json::from_slice::<serde::de::IgnoredAny>(&answer).expect("it can be read");
            }),
            ("cloudkit-core", &mut || {
                let outcomes = runtime.block_on(db.modify(operations()).into_future()).expect("it answers");
                assert_eq!(outcomes.len(), articles.len());
            }),
        ],
    );
}
