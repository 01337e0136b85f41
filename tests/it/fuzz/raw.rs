//! What is hardly HTTP: heads that end early, lengths that lie, chunks that are none, and clients that take their time.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::dice::Dice;
use super::wire::{Client, HANG, Outgoing, read_answer};
use super::world::{Who, World};
use super::{oracle, runtime, seeds};

/// Clients have so long for the next part of a request.
const PATIENCE: Duration = Duration::from_secs(1);

/// So many go to one container.
const ATTACKS: usize = 60;

/// What a client does after it has sent everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// It says that this was all, and reads on.
    Ends,
    /// It waits, and the server is the one that has enough.
    Waits,
    /// It goes away without reading anything.
    Leaves,
}

struct Attack {
    what: &'static str,
    bytes: Vec<u8>,
    /// Bytes go one by one, with this pause between them.
    pause: Option<Duration>,
    then: Then,
}

/// A right question.
fn question(world: &World, who: Who) -> Outgoing {
    let mut request = Outgoing {
        method: "POST".to_owned(),
        target: world.server.key().target("public/records/lookup"),
        headers: Vec::new(),
        body: br#"{"records":[{"recordName":"a-1"}]}"#.to_vec(),
    };
    world.authorise(&mut request, who, "/database/");
    request
}

fn attack(world: &World, dice: &mut Dice) -> Attack {
    let right = question(world, Who::Mallory);
    let bytes = right.bytes();
    let end_of_head = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    let (head, body) = bytes.split_at(end_of_head);
    let head_text = String::from_utf8(head.to_vec()).unwrap();
    let with_head = |from: &str, to: &str| [head_text.replace(from, to).as_bytes(), body].concat();
    let length = format!("content-length: {}", body.len());
    let noise =
        |dice: &mut Dice, length: usize| -> Vec<u8> { (0..length).map(|_| dice.number() as u8).collect() };
    let cut = dice.below(bytes.len());
    let (what, bytes, pause) = match dice.below(16) {
        0 => {
            let length = 1 + dice.below(3000);
            ("noise", noise(dice, length), None)
        }
        1 => ("a part of a request", bytes[..cut].to_vec(), None),
        2 => {
            let mut noisy = bytes.clone();
            for _ in 0..=dice.below(3) {
                let at = dice.below(noisy.len());
                noisy[at] = dice.number() as u8;
            }
            ("a request with a few bytes changed", noisy, None)
        }
        3 => {
            let header = dice.pick(&[
                "x: y\r\n",
                "x y\r\n",
                ": y\r\n",
                "x\0: y\r\n",
                "x : y\r\n",
                " folded\r\n",
                "\u{e9}: y\r\n",
            ]);
            let count = dice.pick(&[1, 90, 101, 5000]);
            let more = header.repeat(count) + "\r\n\r\n";
            ("many headers", with_head("\r\n\r\n", &format!("\r\n{more}")), None)
        }
        4 => {
            let name = dice.pick(&[
                "x",
                "cookie",
                "x-apple-cloudkit-request-keyid",
                "content-type",
                "authorization",
            ]);
            let long = "v".repeat(dice.pick(&[8000, 70_000, 1_000_000]));
            ("a long header", with_head("\r\n\r\n", &format!("\r\n{name}: {long}\r\n\r\n")), None)
        }
        5 => {
            let long = format!(" /{} HTTP", "p".repeat(dice.pick(&[8000, 66_000, 1_000_000])));
            ("a long path", with_head(&format!(" {} HTTP", right.target), &long), None)
        }
        6 | 7 => {
            let chunks: &[&[u8]] = &[
                b"5\r\n{\"rec\r\n0\r\n\r\n",
                b"5\r\n{\"rec",
                b"-1\r\nx\r\n0\r\n\r\n",
                b"ffffffffffffffff\r\nx",
                b"fffffffffffffffff\r\n",
                b"zz\r\n",
                b"\r\n\r\n",
                b"5;a=\"b\r\n{}   \r\n0\r\n\r\n",
                b"2\r\n{}0\r\n\r\n",
                b"2\r\n{}\r\n0\r\nx: y\r\n\r\n",
                b"2\n{}\n0\n\n",
                b"0x2\r\n{}\r\n0\r\n\r\n",
                b"2 \r\n{}\r\n0\r\n\r\n",
                b"00000000000000000002\r\n{}\r\n0\r\n\r\n",
                b"0\r\n",
                b"0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            ];
            let head = head_text.replace(&length, "transfer-encoding: chunked");
            ("broken chunks", [head.as_bytes(), dice.pick(chunks)].concat(), None)
        }
        8 | 9 => {
            let lies = [
                "content-length: 3".to_owned(),
                "content-length: 300".to_owned(),
                "content-length: -1".to_owned(),
                "content-length: 99999999999999999999".to_owned(),
                "content-length: 9223372036854775807".to_owned(),
                "content-length: +3".to_owned(),
                "content-length: 0x3".to_owned(),
                "content-length:".to_owned(),
                "content-length: 3, 3".to_owned(),
                "content-length: 3\r\ncontent-length: 4".to_owned(),
                format!("{length}\r\ntransfer-encoding: chunked"),
                format!("transfer-encoding: chunked, identity\r\n{length}"),
                "transfer-encoding: gzip".to_owned(),
                "x: y".to_owned(),
                format!("{length}\r\nexpect: 100-continue"),
            ];
            ("a length that lies", with_head(&length, &dice.pick(&lies)), None)
        }
        10 => {
            let lines: &[&str] = &[
                "GET /",
                "GET / HTTP/0.9\r\n\r\n",
                "GET / HTTP/1.0\r\n\r\n",
                "GET / HTTP/1.2\r\n\r\n",
                "GET / HTTP/9.9\r\n\r\n",
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                "GET  HTTP/1.1\r\n\r\n",
                "GET http://[::1/ HTTP/1.1\r\n\r\n",
                "GET http://other.example/auth/x HTTP/1.1\r\n\r\n",
                "CONNECT other.example:443 HTTP/1.1\r\n\r\n",
                "OPTIONS * HTTP/1.1\r\n\r\n",
                "GET * HTTP/1.1\r\n\r\n",
                "GET /\0 HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\n\n",
                "\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n",
                "GET /a b HTTP/1.1\r\n\r\n",
                "\u{16}\u{3}\u{1}\0\u{1}\0",
                "G\r\n\r\n",
                "GET /? HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
                "GET ?x HTTP/1.1\r\n\r\n",
                "GET /# HTTP/1.1\r\n\r\n",
            ];
            ("a strange first line", dice.pick(lines).as_bytes().to_vec(), None)
        }
        11 => {
            let mut many = bytes.repeat(1 + dice.below(50));
            if dice.percent(50) {
                many.extend_from_slice(&noise(dice, 30));
            }
            ("many requests at once", many, None)
        }
        12 => ("a head that comes slowly", head.to_vec(), Some(Duration::from_millis(20))),
        13 => ("half a body", bytes[..end_of_head + dice.below(body.len())].to_vec(), None),
        14 => (
            "an upgrade",
            with_head("\r\n\r\n", "\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"),
            None,
        ),
        _ => {
            let admin =
                format!("POST /admin/restore HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{{", 1 << 30);
            ("a large body that is announced", admin.into_bytes(), None)
        }
    };
    let then = match dice.below(10) {
        0..=6 => Then::Ends,
        7 | 8 => Then::Waits,
        _ => Then::Leaves,
    };
    // One that comes slowly is told apart by nothing but that it is waited for.
    let then = if pause.is_some() { Then::Waits } else { then };
    Attack { what, bytes, pause, then }
}

/// Everything that comes back until the server closes the connection.
async fn carry_out(client: &Client, attack: &Attack) -> Vec<u8> {
    let mut stream = client.connect().await;
    let mut received = Vec::new();
    match attack.pause {
        None => drop(stream.write_all(&attack.bytes).await),
        Some(pause) => {
            for byte in &attack.bytes {
                if stream.write_all(&[*byte]).await.is_err() {
                    break;
                }
                tokio::time::sleep(pause).await;
            }
        }
    }
    match attack.then {
        Then::Leaves => return received,
        Then::Ends => drop(stream.shutdown().await),
        Then::Waits => {}
    }
    // A connection that is reset is closed too.
    while stream.read_buf(&mut received).await.is_ok_and(|count| count > 0) {}
    received
}

#[test]
fn what_is_hardly_http_does_no_harm() {
    for seed in seeds(1) {
        runtime().block_on(attacks(seed));
    }
}

async fn attacks(seed: u64) {
    let world = World::start(seed, PATIENCE).await;
    let mut client = Client::new(world.server.container.url());
    let mut dice = Dice::new(seed);
    let before = world.server.container.snapshot().unwrap();
    let mut waiting = Vec::new();
    for number in 0..ATTACKS {
        let attack = attack(&world, &mut dice);
        let Attack { what, bytes, then, .. } = &attack;
        let shown = bytes[..bytes.len().min(2000)].escape_ascii();
        let context = format!("CLOUDKIT_FUZZ_SEED={seed}, attack {number}, {what}, {then:?}: {shown}");
        if *then == Then::Waits {
            let client = Client::new(world.server.container.url());
            let attack = tokio::spawn(async move { carry_out(&client, &attack).await });
            waiting.push((attack, context.clone()));
        } else {
            check(&world, carry_out(&client, &attack), &context).await;
        }
        let answer = client.send(&question(&world, Who::Key)).await.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}\n  after {context}");
    }
    for (attack, context) in waiting {
        check(&world, async { attack.await.unwrap() }, &context).await;
    }
    assert!(world.server.container.snapshot().unwrap() == before, "CLOUDKIT_FUZZ_SEED={seed}");
    world.check().await;
}

/// The server ends the connection, says nothing that it should not, and lives.
async fn check(world: &World, attack: impl Future<Output = Vec<u8>>, context: &str) {
    let received = tokio::time::timeout(HANG, attack).await;
    let received = received.unwrap_or_else(|_| panic!("the connection is still open: {context}"));
    let text = String::from_utf8_lossy(&received);
    assert!(!text.contains("HTTP/1.1 5") && !text.contains("HTTP/1.0 5"), "{text}\n  answering {context}");
    let leak = world.secrets.iter().find(|(_, secret)| text.contains(secret));
    assert!(leak.is_none(), "{leak:?}\n  in {text}\n  answering {context}");
    assert_eq!(oracle::panics(), Vec::<String>::new(), "{context}");
}

/// One connection can carry many requests that nobody waited with.
#[test]
fn requests_that_are_sent_at_once_are_all_answered() {
    runtime().block_on(async {
        let world = World::start(1, PATIENCE).await;
        let client = Client::new(world.server.container.url());
        let mut stream = client.connect().await;
        let mut last = question(&world, Who::Mallory);
        let requests = last.bytes().repeat(5);
        last.header("connection", "close");
        stream.write_all(&[requests, last.bytes()].concat()).await.unwrap();
        let mut received = Vec::new();
        stream.read_to_end(&mut received).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&received).matches("HTTP/1.1 200").count(), 6);
    });
}

/// Whoever stops in the middle of a head or a body does not keep the connection.
#[test]
fn who_takes_too_long_is_cut_off() {
    runtime().block_on(async {
        let world = World::start(1, PATIENCE).await;
        let client = Client::new(world.server.container.url());
        let bytes = question(&world, Who::Mallory).bytes();
        for end in [1, 30, bytes.len() - 5] {
            let attack =
                Attack { what: "too little", bytes: bytes[..end].to_vec(), pause: None, then: Then::Waits };
            let received = tokio::time::timeout(HANG, carry_out(&client, &attack)).await.unwrap();
            assert!(!String::from_utf8_lossy(&received).contains(" 200 "), "{end}");
        }
        let mut stream = client.connect().await;
        stream.write_all(&bytes).await.unwrap();
        assert_eq!(read_answer(&mut stream, false).await.unwrap().status, 200);
    });
}
