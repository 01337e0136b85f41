//! PowerShell: its quoting, and the `Invoke-WebRequest` that browsers copy.

use cloudkit_core::explain::{Capture, CapturedBody};

use super::shell::Word;
use super::{Form, ParseError, Parsed, split_url};

/// Whether a text begins like a script that sends a request.
pub(super) fn is_script(bytes: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(64)]).to_ascii_lowercase();
    ["$session", "invoke-webrequest", "invoke-restmethod", "iwr ", "irm "]
        .iter()
        .any(|word| start.starts_with(word))
}

/// A piece of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(Word),
    /// A string in quotes, which is never the name of a parameter.
    Text(Word),
    Mark(char),
    LineEnd,
}

/// The words of a command line.
pub(super) fn words(text: &str) -> Result<Vec<Word>, ParseError> {
    let mut words: Vec<Word> = Vec::new();
    for token in tokens(text)? {
        match token {
            Token::Word(word) | Token::Text(word) => words.push(word),
            Token::Mark(';' | '|') => break,
            Token::Mark(_) => {}
            Token::LineEnd if words.is_empty() => {}
            Token::LineEnd => break,
        }
    }
    Ok(words)
}

fn tokens(text: &str) -> Result<Vec<Token>, ParseError> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\n' => tokens.push(Token::LineEnd),
            c if c.is_whitespace() => {}
            '`' => {
                // Continues the line.
                while chars.next_if(|&(_, c)| c == '\r' || c == ' ').is_some() {}
                chars.next_if(|&(_, c)| c == '\n');
            }
            '#' => while chars.next_if(|&(_, c)| c != '\n').is_some() {},
            '\'' => {
                let mut string = String::new();
                loop {
                    match chars.next() {
                        Some((_, '\'')) if chars.next_if(|&(_, c)| c == '\'').is_some() => string.push('\''),
                        Some((_, '\'')) => break,
                        Some((_, c)) => string.push(c),
                        None => return Err(unclosed(bytes, at)),
                    }
                }
                tokens.push(Token::Text(Word { text: string, offset: at }));
            }
            '"' => {
                let string = double_quoted(text, at, &mut chars)?;
                tokens.push(Token::Text(Word { text: string, offset: at }));
            }
            '@' | '{' | '}' | '(' | ')' | '=' | ';' | '|' => tokens.push(Token::Mark(c)),
            c => {
                let mut word = String::from(c);
                let ends = |c: char| {
                    c.is_whitespace() || matches!(c, '"' | '\'' | '{' | '}' | '(' | ')' | '=' | ';' | '`')
                };
                while let Some((_, c)) = chars.next_if(|&(_, c)| !ends(c)) {
                    word.push(c);
                }
                tokens.push(Token::Word(Word { text: word, offset: at }));
            }
        }
    }
    Ok(tokens)
}

fn unclosed(bytes: &[u8], at: usize) -> ParseError {
    ParseError::at(bytes, at, "this quotation mark is not closed")
        .with_help("Copy the command again, whole: to its last quotation mark.")
}

fn double_quoted(
    text: &str,
    at: usize,
    chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>,
) -> Result<String, ParseError> {
    let bytes = text.as_bytes();
    let mut string = String::new();
    loop {
        let Some((place, c)) = chars.next() else { return Err(unclosed(bytes, at)) };
        match c {
            '"' if chars.next_if(|&(_, c)| c == '"').is_some() => string.push('"'),
            '"' => return Ok(string),
            '`' => match chars.next() {
                Some((_, 'n')) => string.push('\n'),
                Some((_, 'r')) => string.push('\r'),
                Some((_, 't')) => string.push('\t'),
                Some((_, '0')) => string.push('\0'),
                Some((_, c)) => string.push(c),
                None => return Err(unclosed(bytes, at)),
            },
            '$' => {
                // `$([char]233)` is how browsers write what is not ASCII.
                let rest = &text[place..];
                let number = rest.strip_prefix("$([char]").and_then(|rest| {
                    let end = rest.bytes().take(8).position(|byte| byte == b')')?;
                    Some(&rest[..end])
                });
                let character = number.and_then(|number| char::from_u32(number.parse().ok()?));
                match (number, character) {
                    (Some(number), Some(character)) => {
                        string.push(character);
                        let length = "([char])".len() + number.len();
                        for _ in 0..length {
                            chars.next();
                        }
                    }
                    _ if rest[1..]
                        .starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '{' | '(')) =>
                    {
                        return Err(ParseError::at(
                            bytes,
                            place,
                            "the value of a variable is not in this command",
                        )
                        .with_help("Paste the command with its values in place of variables."));
                    }
                    _ => string.push('$'),
                }
            }
            c => string.push(c),
        }
    }
}

/// Reads an `Invoke-WebRequest` or `Invoke-RestMethod`.
pub(super) fn parse(text: &str) -> Result<Parsed, ParseError> {
    let bytes = text.as_bytes();
    let tokens = tokens(text)?;
    let mut tokens = tokens.into_iter().peekable();
    let mut uri = None;
    let mut method = None;
    let mut headers: Vec<(String, String)> = Vec::new();
    let mut body = None;
    let mut agent = None;
    let mut remarks = Vec::new();
    let mut previous = String::new();
    let mut is_sending = false;
    while let Some(token) = tokens.next() {
        let word = match token {
            Token::Word(word) => word,
            // `$session.UserAgent = "…"`
            Token::Text(value) if previous.eq_ignore_ascii_case("$session.useragent") => {
                agent = Some(value.text);
                continue;
            }
            Token::Text(value) if is_sending && uri.is_none() => {
                uri = Some(value);
                continue;
            }
            _ => continue,
        };
        previous.clone_from(&word.text);
        let name = word.text.to_ascii_lowercase();
        is_sending |= matches!(&*name, "invoke-webrequest" | "invoke-restmethod" | "iwr" | "irm");
        let mut value = || {
            tokens.find_map(|token| match token {
                Token::Word(word) | Token::Text(word) => Some(word),
                Token::Mark(_) | Token::LineEnd => None,
            })
        };
        let missing = || ParseError::at(bytes, word.offset, format!("the value of {} is missing", word.text));
        match &*name {
            _ if !is_sending => {}
            "-uri" => uri = Some(value().ok_or_else(missing)?),
            "-method" => method = Some(value().ok_or_else(missing)?.text),
            "-useragent" => agent = Some(value().ok_or_else(missing)?.text),
            "-contenttype" => headers.push(("Content-Type".to_owned(), value().ok_or_else(missing)?.text)),
            "-websession" => drop(value()),
            "-headers" => {
                while let Some(token) = tokens.next_if(|token| *token != Token::Mark('}')) {
                    let (Token::Text(name) | Token::Word(name)) = token else { continue };
                    if tokens.next_if_eq(&Token::Mark('=')).is_none() {
                        return Err(ParseError::at(bytes, name.offset, "a header and `=` should be here")
                            .with_help("Paste the headers in the command itself: @{ \"name\"=\"value\" }."));
                    }
                    match tokens.next() {
                        Some(Token::Text(value) | Token::Word(value)) => {
                            headers.push((name.text, value.text))
                        }
                        _ => {
                            return Err(ParseError::at(
                                bytes,
                                name.offset,
                                "the value of this header is missing",
                            ));
                        }
                    }
                }
            }
            "-body" => {
                // Either a string, or the bytes that an encoding gives of one.
                let text = tokens.find_map(|token| match token {
                    Token::Text(text) => Some(text),
                    _ => None,
                });
                body = Some(text.ok_or_else(missing)?.text);
            }
            _ => {}
        }
    }
    let Some(uri) = uri else {
        return Err(ParseError::at(bytes, 0, "this command has no -Uri"));
    };
    let (scheme, host, target) = split_url(&uri.text);
    let method =
        method.filter(|method| !method.is_empty()).unwrap_or_else(|| "GET".to_owned()).to_ascii_uppercase();
    let mut capture = Capture::new(method, target);
    capture.scheme = scheme;
    capture.host = host;
    // Chrome lists the parts of the request line among the headers.
    headers.retain(|(name, _)| {
        !matches!(&*name.to_ascii_lowercase(), "authority" | "method" | "path" | "scheme")
    });
    capture.headers = headers;
    if let Some(agent) = agent {
        capture.headers.push(("User-Agent".to_owned(), agent));
    }
    capture.body = match body {
        Some(body) => CapturedBody::Text(body),
        None if capture.method == "GET" => CapturedBody::Exact(Default::default()),
        None => {
            remarks.push("the command has no body".to_owned());
            CapturedBody::Exact(Default::default())
        }
    };
    Ok(Parsed::new(Form::Curl, capture, remarks))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_chrome_copies_is_read() {
        let text = "$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession\r\n\
            $session.UserAgent = \"Mozilla/5.0\"\r\n\
            Invoke-WebRequest -UseBasicParsing -Uri \"https://api.apple-cloudkit.com/database/1/x?a=`$b\" `\r\n\
            -Method \"POST\" `\r\n-WebSession $session `\r\n-Headers @{\r\n\"authority\"=\"api.apple-cloudkit.com\"\r\n\
            \x20 \"x-y\"=\"z `\"q`\"\"\r\n} `\r\n-ContentType \"application/json\" `\r\n\
            -Body ([System.Text.Encoding]::UTF8.GetBytes(\"{`\"n`\":`\"caf$([char]233)`\"}\"))";
        let parsed = parse(text).expect("a request");
        let capture = &parsed.captures[0];
        assert_eq!((&*capture.method, &*capture.target), ("POST", "/database/1/x?a=$b"));
        assert_eq!(capture.host.as_deref(), Some("api.apple-cloudkit.com"));
        assert_eq!(capture.headers[0], ("x-y".to_owned(), "z \"q\"".to_owned()));
        assert_eq!(capture.headers.len(), 3);
        assert_eq!(capture.body, CapturedBody::Text("{\"n\":\"café\"}".to_owned()));
    }

    #[test]
    fn what_is_not_in_it_is_named() {
        let refused = |text: &str| parse(text).expect_err(text).to_string();
        assert!(refused("Invoke-WebRequest -Method Post").contains("no -Uri"));
        assert!(refused("iwr -Uri \"https://x/$name\"").contains("variable"));
        assert!(refused("iwr -Uri \"https://x/").contains("not closed"));
        assert!(refused("iwr -Uri 'https://x/' -Headers $headers").contains("a header and `=`"));
    }
}
