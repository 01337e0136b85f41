//! json-server: a file of JSON behind HTTP. It knows no batches and no indexes.

use std::fmt::Write as _;
use std::io::Result;
use std::process::Command;

use super::contestant::{Contestant, Dialect};
use super::load::Check;
use super::process::{Process, free_address, npm_program};
use super::work::{Article, Articles, FOUND, RECORDS, Work, category, first_articles};

/// As it is meant to be used: everything is written to its file with every change.
pub(crate) const FILE: &str = "json-server";
/// With a module of JavaScript as its source it writes nothing.
pub(crate) const MEMORY: &str = "json-server, in memory";

pub(crate) fn start(name: &'static str) -> Result<Contestant> {
    let mut data = String::from(r#"{"articles":["#);
    for (index, article) in first_articles().enumerate() {
        data.push_str(if index == 0 { "" } else { "," });
        write_article(&mut data, &article);
    }
    data.push_str("]}");
    let directory = tempfile::tempdir()?;
    let file = if name == MEMORY {
        let file = directory.path().join("db.js");
        std::fs::write(&file, format!("module.exports = () => ({data})"))?;
        file
    } else {
        let file = directory.path().join("db.json");
        std::fs::write(&file, data)?;
        file
    };
    let address = free_address()?;
    let mut command = Command::new("node");
    command.arg(npm_program(name)).args(["--host", "127.0.0.1", "--quiet"]);
    command.arg("--port").arg(address.port().to_string()).arg(file);
    let process = Process::start_at(&mut command, address, Some(directory))?;
    let dialect = JsonServer { articles: Articles::new(), queries: 0 };
    Ok(Contestant::new(name, address, process, Box::new(dialect)))
}

struct JsonServer {
    articles: Articles,
    queries: usize,
}

fn write_article(out: &mut String, article: &Article) {
    let Article { name, title, category, text, views, published_at } = article;
    let _ = write!(
        out,
        r#"{{"id":"{name}","title":"{title}","category":"{category}","text":"{text}","views":{views},"publishedAt":{published_at}}}"#
    );
}

impl Dialect for JsonServer {
    fn request(&mut self, work: Work) -> Vec<u8> {
        if work == Work::Query {
            self.queries += 1;
            let category = category(self.queries % (RECORDS / FOUND));
            return format!("GET /articles?category={category} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
                .into_bytes();
        }
        let mut body = String::new();
        write_article(&mut body, &self.articles.next());
        let length = body.len();
        format!(
            "POST /articles HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }

    fn check(&self, work: Work) -> Check {
        let (status, times) = if work == Work::Query { ("200", FOUND) } else { ("201", 1) };
        Check { status, mark: r#""publishedAt":"#, times }
    }

    fn records(&self, _: Work) -> usize {
        1
    }
}
