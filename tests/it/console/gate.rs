//! Who may load the page, and who may ask.

use reqwest::Method;

use super::{Page, fetch};
use crate::conformance::support::{Request, Server};

#[tokio::test]
async fn the_page_is_whole_and_asks_for_nothing_from_elsewhere() {
    let server = Server::start().await;
    let page = fetch(&server, Method::GET, "/console", &[], b"").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    let policy = page.header("content-security-policy");
    for part in ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    let text = page.text();
    for (start, content_type) in [("src=\"", "text/javascript"), ("href=\"", "")] {
        for (at, _) in text.match_indices(start) {
            let link = text[at + start.len()..].split('"').next().unwrap();
            if link.starts_with('#') {
                continue;
            }
            let file = fetch(&server, Method::GET, &format!("/{link}"), &[], b"").await;
            assert_eq!(file.status, 200, "{link}");
            assert!(
                file.header("content-type").starts_with(content_type) || link.ends_with(".svg"),
                "{file:?}"
            );
            assert_eq!(file.header("x-content-type-options"), "nosniff");
        }
    }
    assert_eq!(fetch(&server, Method::GET, "/console/nothing.js", &[], b"").await.status, 404);
    assert_eq!(fetch(&server, Method::POST, "/console", &[], b"").await.status, 405);
    // What the container is asked for as CloudKit is not what the console asks for.
    assert!(server.container.requests().is_empty());
}

#[tokio::test]
async fn a_name_that_points_here_opens_nothing_but_cloudkit() {
    let server = Server::start().await;
    let key = Page::load(&server).await.key;
    let authorization = format!("Bearer {key}");
    for host in ["evil.example", "evil.example:80", "localhost.evil.example", "192.0.2.1"] {
        for path in ["/console", "/console/main.js", "/admin/container", "/admin/snapshot"] {
            let headers = [("host", host), ("authorization", authorization.as_str())];
            let reply = fetch(&server, Method::GET, path, &headers, b"").await;
            assert_eq!(reply.status, 403, "{host} {path}: {reply:?}");
            assert!(!reply.text().contains(&key), "{host} {path}");
        }
        // A program that finds the container under CloudKit's own name is served.
        let request = Request::get(server.key().target("public/users/caller")).header("host", host);
        server.key().send(request).await.ok();
    }
    for host in ["localhost", "127.0.0.1:1", "[::1]:80"] {
        assert_eq!(
            fetch(&server, Method::GET, "/console", &[("host", host)], b"").await.status,
            200,
            "{host}"
        );
    }
}

#[tokio::test]
async fn a_page_of_another_origin_moves_nothing() {
    let server = Server::start_with(|builder| builder.virtual_time()).await;
    let authorization = format!("Bearer {}", Page::load(&server).await.key);
    let before = server.container.clock().now_ms();
    let own = server.container.url().to_owned();
    let body = br#"{"advanceMs":1000}"#;
    let elsewhere = [
        ("origin", "https://evil.example".to_owned()),
        ("origin", "null".to_owned()),
        // Another server of the same machine is another origin.
        ("origin", "http://127.0.0.1:1".to_owned()),
        ("sec-fetch-site", "cross-site".to_owned()),
        ("sec-fetch-site", "same-site".to_owned()),
    ];
    for (name, value) in elsewhere {
        for method in [Method::POST, Method::GET] {
            let headers = [(name, value.as_str()), ("authorization", &authorization)];
            let reply = fetch(&server, method, "/admin/clock", &headers, body).await;
            assert_eq!(reply.status, 403, "{name}: {value}: {reply:?}");
            assert_eq!(reply.header("access-control-allow-origin"), "");
        }
    }
    assert_eq!(server.container.clock().now_ms(), before);

    // A browser would ask first, and is not told that it may.
    let asked = [("origin", "https://evil.example"), ("access-control-request-headers", "authorization")];
    for path in ["/admin/clock", "/console"] {
        let (_, headers) = server.preflight(path, &asked).await;
        assert!(!headers.contains_key("access-control-allow-origin"), "{headers:?}");
    }
    let (_, headers) = server.preflight(&server.key().target("public/records/query"), &asked).await;
    assert_eq!(headers["access-control-allow-origin"], "https://evil.example");

    let headers =
        [("origin", own.as_str()), ("sec-fetch-site", "same-origin"), ("authorization", &authorization)];
    assert_eq!(fetch(&server, Method::POST, "/admin/clock", &headers, body).await.status, 200);
    assert_eq!(server.container.clock().now_ms(), before + 1000);
}

#[tokio::test]
async fn whoever_has_neither_key_nor_management_token_is_told_nothing() {
    let server = Server::start().await;
    let token = format!("Bearer {}", server.container.management_token());
    for path in ["/admin/container", "/admin/requests", "/admin/snapshot", "/admin/nothing"] {
        for headers in [&[][..], &[("authorization", "Bearer x")], &[("authorization", &token[7..])]] {
            let reply = fetch(&server, Method::GET, path, headers, b"").await;
            assert_eq!(
                (reply.status, reply.header("www-authenticate")),
                (401, "Bearer"),
                "{path}: {reply:?}"
            );
        }
    }
    let headers = [("authorization", token.as_str())];
    assert_eq!(fetch(&server, Method::GET, "/admin/container", &headers, b"").await.status, 200);
    assert_eq!(fetch(&server, Method::GET, "/admin/nothing", &headers, b"").await.status, 404);
    let reply = fetch(&server, Method::POST, "/admin/requests", &headers, b"").await;
    assert_eq!((reply.status, reply.header("allow")), (405, "GET"));
    let reply = fetch(&server, Method::DELETE, "/admin/faults", &headers, b"").await;
    assert_eq!((reply.status, reply.header("allow")), (405, "GET, POST"));
}

#[tokio::test]
async fn every_container_has_a_key_of_its_own_whatever_the_seed() {
    let first = Server::start_with(|builder| builder.seed(1)).await;
    let second = Server::start_with(|builder| builder.seed(1)).await;
    assert_ne!(Page::load(&first).await.key, Page::load(&second).await.key);
}
