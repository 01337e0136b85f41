//! dynalite, which speaks the protocol of Amazon's DynamoDB. It wants a signature and does not check it.

use std::fmt::Write as _;
use std::io::Result;
use std::process::Command;

use super::contestant::{Contestant, Dialect};
use super::load::Check;
use super::process::{Process, free_address, npm_program};
use super::work::{Article, Articles, FOUND, RECORDS, Work, category, first_articles};

pub(crate) const MEMORY: &str = "dynalite";
pub(crate) const LEVELDB: &str = "dynalite, --path";

/// The largest batch that DynamoDB takes.
const BATCH: usize = 25;

const TABLE: &str = r#"{"TableName":"Article","BillingMode":"PAY_PER_REQUEST",
    "AttributeDefinitions":[{"AttributeName":"name","AttributeType":"S"},{"AttributeName":"category","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"name","KeyType":"HASH"}],
    "GlobalSecondaryIndexes":[{"IndexName":"category","KeySchema":[{"AttributeName":"category","KeyType":"HASH"}],
        "Projection":{"ProjectionType":"ALL"}}]}"#;

pub(crate) fn start(name: &'static str) -> Result<Contestant> {
    let address = free_address()?;
    let mut command = Command::new("node");
    command.arg(npm_program(name)).args(["--host", "127.0.0.1", "--createTableMs", "0"]);
    command.arg("--port").arg(address.port().to_string());
    let directory = tempfile::tempdir()?;
    if name == LEVELDB {
        command.arg("--path").arg(directory.path());
    }
    let process = Process::start_at(&mut command, address, Some(directory))?;
    let dialect = DynamoDb { articles: Articles::new(), queries: 0 };
    let first: Vec<Article> = first_articles().collect();
    let batches: Vec<_> = first.chunks(BATCH).map(batch).collect();
    let check = dialect.check(Work::Batch);
    let mut contestant = Contestant::new(name, address, process, Box::new(dialect));
    let made = Check { status: "200", mark: "TableDescription", times: 1 };
    contestant.send(request_to("CreateTable", TABLE), &made)?;
    let active = Check { status: "200", mark: "ACTIVE", times: 2 };
    // The table and its index become active one after the other.
    while contestant.send(request_to("DescribeTable", r#"{"TableName":"Article"}"#), &active).is_err() {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    for batch in batches {
        contestant.send(batch, &check)?;
    }
    Ok(contestant)
}

struct DynamoDb {
    articles: Articles,
    queries: usize,
}

fn request_to(operation: &str, body: &str) -> Vec<u8> {
    let head = format!(
        "POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\n\
         x-amz-target: DynamoDB_20120810.{operation}\r\nx-amz-date: 20260101T000000Z\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/dynamodb/aws4_request, \
         SignedHeaders=host;x-amz-date;x-amz-target, Signature={}\r\n\r\n",
        body.len(),
        "0123456789abcdef".repeat(4)
    );
    [head.as_bytes(), body.as_bytes()].concat()
}

fn write_item(out: &mut String, article: &Article) {
    let Article { name, title, category, text, views, published_at } = article;
    let _ = write!(
        out,
        r#"{{"name":{{"S":"{name}"}},"title":{{"S":"{title}"}},"category":{{"S":"{category}"}},"text":{{"S":"{text}"}},"views":{{"N":"{views}"}},"publishedAt":{{"N":"{published_at}"}}}}"#
    );
}

fn batch(articles: &[Article]) -> Vec<u8> {
    let mut body = String::from(r#"{"RequestItems":{"Article":["#);
    for (index, article) in articles.iter().enumerate() {
        body.push_str(if index == 0 { "" } else { "," });
        body.push_str(r#"{"PutRequest":{"Item":"#);
        write_item(&mut body, article);
        body.push_str("}}");
    }
    body.push_str("]}}");
    request_to("BatchWriteItem", &body)
}

impl Dialect for DynamoDb {
    fn request(&mut self, work: Work) -> Vec<u8> {
        match work {
            Work::Query => {
                self.queries += 1;
                let category = category(self.queries % (RECORDS / FOUND));
                let body = format!(
                    r#"{{"TableName":"Article","IndexName":"category","KeyConditionExpression":"category = :c","ExpressionAttributeValues":{{":c":{{"S":"{category}"}}}}}}"#
                );
                request_to("Query", &body)
            }
            Work::Put => {
                let mut body = String::from(r#"{"TableName":"Article","Item":"#);
                write_item(&mut body, &self.articles.next());
                body.push('}');
                request_to("PutItem", &body)
            }
            Work::Batch => {
                let articles: Vec<Article> = (0..BATCH).map(|_| self.articles.next()).collect();
                batch(&articles)
            }
        }
    }

    fn check(&self, work: Work) -> Check {
        match work {
            Work::Query => Check { status: "200", mark: r#""publishedAt":"#, times: FOUND },
            Work::Put => Check { status: "200", mark: "{}", times: 1 },
            Work::Batch => Check { status: "200", mark: r#""UnprocessedItems":{}"#, times: 1 },
        }
    }

    fn records(&self, work: Work) -> usize {
        if work == Work::Batch { BATCH } else { 1 }
    }
}
