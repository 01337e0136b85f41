//! Every endpoint of the server, with a right request to it. This is the one place that a new endpoint has to be added to.

mod management;
mod owner;
mod services;

use serde_json::Value;

use super::dice::Dice;
use super::wire::Outgoing;
use super::world::Who;
use super::world::World;
use crate::conformance::support::CONTAINER;

/// The body of a right request.
pub(super) enum Body {
    None,
    Json(Value),
    Bytes(Vec<u8>),
}

impl Body {
    pub(super) fn json(&self) -> Option<Value> {
        if let Self::Json(json) = self { Some(json.clone()) } else { None }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::None => Vec::new(),
            Self::Json(json) => json.to_string().into_bytes(),
            Self::Bytes(bytes) => bytes.clone(),
        }
    }
}

/// A right request, without what proves who asks.
pub(super) struct Good {
    pub(super) target: String,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Body,
}

impl Good {
    pub(super) fn unchanged(self, method: &str) -> Outgoing {
        let Self { target, headers, body } = self;
        Outgoing { method: method.to_owned(), target, headers, body: body.bytes() }
    }
}

/// An endpoint.
pub(super) struct Row {
    pub(super) method: &'static str,
    pub(super) pattern: String,
    /// Who asks; the first of them may.
    pub(super) callers: &'static [Who],
    /// Whether it is made to take away, or to put in place, what the container holds.
    pub(super) replaces_all: bool,
    good: Ask,
}

/// Makes a right request.
type Ask = Box<dyn Fn(&World, &mut Dice) -> Asked>;

/// What a request says, beside its method and pattern.
struct Asked {
    /// What stands in the places of the pattern.
    places: Vec<(&'static str, String)>,
    query: String,
    /// The whole target, if it was given as an address.
    address: Option<String>,
    content_type: Option<&'static str>,
    body: Body,
}

impl Asked {
    fn new(body: Body) -> Self {
        Self { places: Vec::new(), query: String::new(), address: None, content_type: None, body }
    }

    fn json(body: Value) -> Self {
        Self { content_type: Some("application/json"), ..Self::new(Body::Json(body)) }
    }

    fn at(mut self, place: &'static str, value: impl Into<String>) -> Self {
        self.places.push((place, value.into()));
        self
    }

    fn query(mut self, query: impl Into<String>) -> Self {
        self.query = query.into();
        self
    }

    fn address(mut self, address: &str) -> Self {
        self.address = Some(address.to_owned());
        self
    }
}

impl Row {
    pub(super) fn good(&self, world: &World, dice: &mut Dice) -> Good {
        let Asked { places, query, address, content_type, body } = (self.good)(world, dice);
        let target = address.unwrap_or_else(|| {
            let mut target = self.pattern.clone();
            for (place, value) in places {
                target = target.replace(&format!("{{{place}}}"), &value);
            }
            // What no request says is the same for all.
            for (place, value) in [
                ("container", CONTAINER),
                ("environment", "development"),
                ("E", "DEVELOPMENT"),
                ("D", "PRIVATE"),
                ("zone", "books"),
                ("team", world.server.container.team_id()),
            ] {
                target = target.replace(&format!("{{{place}}}"), value);
            }
            target
        });
        let target = if query.is_empty() { target } else { format!("{target}?{query}") };
        let headers = content_type.map(|value| ("content-type".to_owned(), value.as_bytes().to_vec()));
        Good { target, headers: headers.into_iter().collect(), body }
    }
}

/// All of them.
pub(super) fn all() -> Vec<Row> {
    [services::all(), management::all(), owner::all()].into_iter().flatten().collect()
}

fn row(
    method: &'static str,
    pattern: impl Into<String>,
    callers: &'static [Who],
    good: impl Fn(&World, &mut Dice) -> Asked + 'static,
) -> Row {
    Row { method, pattern: pattern.into(), callers, replaces_all: false, good: Box::new(good) }
}

/// A request that says nothing but where it goes.
fn nothing(_: &World, _: &mut Dice) -> Asked {
    Asked::new(Body::None)
}

fn replacing(row: Row) -> Row {
    Row { replaces_all: true, ..row }
}

const FORM: &str = "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW";

fn form(name: &str, content: &[u8]) -> Vec<u8> {
    let head = format!(
        "------WebKitFormBoundary7MA4YWxkTrZu0gW\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"f\"\r\n\
         Content-Type: \"\"\r\n\r\n"
    );
    [head.as_bytes(), content, b"\r\n------WebKitFormBoundary7MA4YWxkTrZu0gW--\r\n"].concat()
}
