//! Command lines taken apart into words, the way the shell would that they were copied for.

use super::{ParseError, powershell};

/// A word of a command line, without its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// Where it begins, in bytes.
    pub(super) offset: usize,
}

/// Whose rules apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shell {
    Posix,
    /// cmd.exe, and behind it the way in which programs on Windows take their command line apart.
    Cmd,
    /// PowerShell.
    Pwsh,
}

/// Whether the first command of a line is curl.
pub(super) fn names_curl(line: &str) -> bool {
    for word in line.split_whitespace() {
        let word = word.trim_matches(['"', '\'', '^', '`', '\\', '&']);
        let is_assignment = word.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        });
        if is_curl(word) {
            return true;
        }
        if !is_assignment && !is_prefix(word) {
            return false;
        }
    }
    false
}

/// What may stand before the name of a command: prompts, and commands that run another.
fn is_prefix(word: &str) -> bool {
    matches!(word, "" | "$" | "%" | ">" | "#" | "PS>" | "sudo" | "time" | "command" | "env")
        // `C:\Users\ines>` and `PS C:\Users\ines>`.
        || word == "PS"
        || (word.contains(":\\") && word.ends_with('>'))
}

pub(super) fn is_curl(word: &str) -> bool {
    let name = word.rsplit(['/', '\\']).next().unwrap_or_default();
    name.eq_ignore_ascii_case("curl") || name.eq_ignore_ascii_case("curl.exe")
}

/// The words of the first command that is called curl, without that name.
pub(super) fn curl_words(text: &str) -> Result<Vec<Word>, ParseError> {
    let words = match shell_of(text) {
        Shell::Posix => posix(text)?,
        Shell::Cmd => cmd(text)?,
        Shell::Pwsh => powershell::words(text)?,
    };
    let Some(at) = words.iter().position(|word| is_curl(&word.text)) else {
        return Err(ParseError::at(text.as_bytes(), 0, "there is no command `curl` here"));
    };
    Ok(words.into_iter().skip(at + 1).collect())
}

/// Tells the shell by its way of continuing lines and of quoting.
fn shell_of(text: &str) -> Shell {
    let continues_with = |mark: char| {
        let mut lines = text.lines().take(200);
        lines.any(|line| line.trim_end().ends_with(mark) && line.trim() != mark.to_string())
    };
    if text.contains(" ^\"") || continues_with('^') {
        Shell::Cmd
    } else if continues_with('`') && !continues_with('\\') {
        Shell::Pwsh
    } else {
        Shell::Posix
    }
}

/// The words so far, and the one that is being read.
#[derive(Default)]
struct Words {
    done: Vec<Word>,
    open: Option<Word>,
    has_curl: bool,
}

impl Words {
    /// The word that is being read; it begins here if there is none.
    fn word(&mut self, offset: usize) -> &mut String {
        &mut self.open.get_or_insert_with(|| Word { text: String::new(), offset }).text
    }

    /// Ends a word. Whether the command is curl's by now.
    fn end(&mut self) -> bool {
        if let Some(word) = self.open.take() {
            self.has_curl |= is_curl(&word.text);
            self.done.push(word);
        }
        self.has_curl
    }
}

/// A POSIX shell, with the `$'…'` of bash and zsh.
fn posix(text: &str) -> Result<Vec<Word>, ParseError> {
    let bytes = text.as_bytes();
    let mut words = Words::default();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            ' ' | '\t' | '\r' => drop(words.end()),
            // The number of what is redirected.
            '>' | '<'
                if words.open.as_ref().is_some_and(|word| word.text.bytes().all(|b| b.is_ascii_digit())) =>
            {
                words.open = None;
                if words.has_curl {
                    break;
                }
            }
            // The next line, another command, or where the output goes.
            '\n' | ';' | '|' | '&' | '>' | '<' if words.end() => break,
            '\n' => {}
            '#' if words.open.is_none() && words.has_curl => break,
            '\\' => match chars.peek().copied() {
                Some((_, '\n')) => drop(chars.next()),
                Some((_, '\r')) => {
                    chars.next();
                    chars.next_if(|&(_, c)| c == '\n');
                }
                Some((_, ' ' | '\t')) if rest_of_line_is_blank(&text[at + 1..]) => {
                    // A blank behind the backslash is lost sight of easily. The shell would end the command here.
                    return Err(ParseError::at(
                        bytes,
                        at,
                        "a blank follows the backslash at the end of this line",
                    )
                    .with_help("Take the blank away, or the shell ends the command here."));
                }
                Some((_, escaped)) => {
                    chars.next();
                    words.word(at).push(escaped);
                }
                None => {}
            },
            '\'' => {
                let word = words.word(at);
                loop {
                    match chars.next() {
                        Some((_, '\'')) => break,
                        Some((_, c)) => word.push(c),
                        None => return Err(unclosed(bytes, at)),
                    }
                }
            }
            '"' => double_quoted(text, at, &mut chars, words.word(at))?,
            '$' => match chars.peek().copied() {
                Some((_, '\'')) => {
                    chars.next();
                    ansi_c(bytes, at, &mut chars, words.word(at))?;
                }
                Some((_, '"')) => {
                    chars.next();
                    double_quoted(text, at, &mut chars, words.word(at))?;
                }
                // A prompt.
                Some((_, ' ')) if words.done.is_empty() && words.open.is_none() => {}
                next if is_expansion(next.map(|(_, c)| c)) => return Err(expansion(text, at)),
                _ => words.word(at).push('$'),
            },
            '`' => return Err(expansion(text, at)),
            c @ ('\u{201c}' | '\u{201d}' | '\u{2018}' | '\u{2019}') => return Err(typographic(bytes, at, c)),
            c => words.word(at).push(c),
        }
    }
    words.end();
    Ok(words.done)
}

type Chars<'a> = std::iter::Peekable<std::str::CharIndices<'a>>;

fn rest_of_line_is_blank(rest: &str) -> bool {
    rest.chars().find(|c| !matches!(c, ' ' | '\t' | '\r')) == Some('\n')
}

fn unclosed(bytes: &[u8], at: usize) -> ParseError {
    ParseError::at(bytes, at, "this quotation mark is not closed")
        .with_help("Copy the command again, whole: from `curl` to its last quotation mark.")
}

fn typographic(bytes: &[u8], at: usize, mark: char) -> ParseError {
    ParseError::at(
        bytes,
        at,
        format!("{mark} is a typographic quotation mark, which a shell takes for a letter"),
    )
    .with_help("Write straight quotation marks: ' or \". A word processor or a web page has changed them.")
}

fn is_expansion(next: Option<char>) -> bool {
    next.is_some_and(|c| c.is_ascii_alphabetic() || matches!(c, '_' | '{' | '('))
}

fn expansion(text: &str, at: usize) -> ParseError {
    let shown: String = text[at..].chars().take_while(|c| !c.is_whitespace() && *c != '"').take(30).collect();
    ParseError::at(text.as_bytes(), at, format!("the value of {shown} is not in this command")).with_help(
        "Paste the command with its values in place of variables: `set -x` makes the shell print it so.",
    )
}

fn double_quoted(
    text: &str,
    start: usize,
    chars: &mut Chars<'_>,
    into: &mut String,
) -> Result<(), ParseError> {
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|&(_, c)| c);
        match (c, next) {
            ('"', _) => return Ok(()),
            ('\\', Some(escaped @ ('"' | '\\' | '$' | '`'))) => {
                chars.next();
                into.push(escaped);
            }
            ('\\', Some('\n')) => drop(chars.next()),
            ('$', next) if is_expansion(next) => return Err(expansion(text, at)),
            ('`', _) => return Err(expansion(text, at)),
            (c, _) => into.push(c),
        }
    }
    Err(unclosed(text.as_bytes(), start))
}

/// `$'…'`, in which a backslash stands for what it stands for in C.
fn ansi_c(bytes: &[u8], start: usize, chars: &mut Chars<'_>, into: &mut String) -> Result<(), ParseError> {
    // Escapes give bytes, and several of them may make one character.
    let mut raw = Vec::new();
    loop {
        let Some((_, c)) = chars.next() else { return Err(unclosed(bytes, start)) };
        if c == '\'' {
            break;
        }
        let mut push = |c: char| raw.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        if c != '\\' {
            push(c);
            continue;
        }
        let Some((_, kind)) = chars.next() else { return Err(unclosed(bytes, start)) };
        match kind {
            'n' => push('\n'),
            't' => push('\t'),
            'r' => push('\r'),
            'a' => push('\x07'),
            'b' => push('\x08'),
            'e' | 'E' => push('\x1b'),
            'f' => push('\x0c'),
            'v' => push('\x0b'),
            'x' => raw.extend(number(chars, 16, 2, 0).and_then(|number| u8::try_from(number).ok())),
            'u' | 'U' => {
                let number = number(chars, 16, if kind == 'u' { 4 } else { 8 }, 0);
                push(number.and_then(char::from_u32).unwrap_or('\u{fffd}'));
            }
            '0'..='7' => {
                let first = kind.to_digit(8).unwrap_or(0);
                raw.push((number(chars, 8, 2, first).unwrap_or(first) & 0xff) as u8);
            }
            'c' => raw.extend(chars.next().map(|(_, c)| (u32::from(c) & 0x1f) as u8)),
            other @ ('\\' | '\'' | '"' | '?') => push(other),
            other => {
                push('\\');
                push(other);
            }
        }
    }
    // bash keeps strings in C, where a zero byte ends them.
    let end = raw.iter().position(|&byte| byte == 0).unwrap_or(raw.len());
    into.push_str(&String::from_utf8_lossy(&raw[..end]));
    Ok(())
}

/// The number that the next digits make, at most so many, behind the digits that were read. None if there is none.
fn number(chars: &mut Chars<'_>, radix: u32, most: usize, before: u32) -> Option<u32> {
    let mut number = None;
    for _ in 0..most {
        let Some(digit) = chars.peek().and_then(|(_, c)| c.to_digit(radix)) else { break };
        chars.next();
        number = Some(number.unwrap_or(before).wrapping_mul(radix).wrapping_add(digit));
    }
    number
}

/// cmd.exe: outside of quotes a `^` takes away the meaning of what follows. Then the program takes its command line
/// apart, and there a backslash does that to a quote.
fn cmd(text: &str) -> Result<Vec<Word>, ParseError> {
    let mut line: Vec<(usize, char)> = Vec::with_capacity(text.len());
    let mut chars = text.char_indices().filter(|&(_, c)| c != '\r').peekable();
    let mut in_quotes = false;
    let mut seen_curl = false;
    while let Some((at, c)) = chars.next() {
        match c {
            '^' if !in_quotes => match chars.next() {
                // The line goes on, and the first character of the next one has no meaning of its own.
                Some((_, '\n')) => line.extend(chars.next()),
                Some(escaped) => line.push(escaped),
                None => {}
            },
            '\n' if !in_quotes => {
                if seen_curl {
                    break;
                }
                line.push((at, ' '));
            }
            '&' | '|' | '>' | '<' if !in_quotes && seen_curl => break,
            c => {
                in_quotes ^= c == '"';
                line.push((at, c));
                seen_curl |= matches!(c, 'l' | 'L') && {
                    let name = &line[line.len().saturating_sub(4)..];
                    name.iter().map(|(_, c)| c.to_ascii_lowercase()).eq("curl".chars())
                };
            }
        }
    }

    let mut words = Words::default();
    let mut open = None;
    let mut chars = line.into_iter().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            ' ' | '\t' if open.is_none() => drop(words.end()),
            '\\' => {
                let mut count = 1_usize;
                while chars.next_if(|&(_, c)| c == '\\').is_some() {
                    count += 1;
                }
                let before_quote = chars.peek().is_some_and(|&(_, c)| c == '"');
                let word = words.word(at);
                word.extend(std::iter::repeat_n('\\', if before_quote { count / 2 } else { count }));
                if before_quote && count % 2 == 1 {
                    chars.next();
                    word.push('"');
                }
            }
            '"' => {
                let word = words.word(at);
                if open.is_some() && chars.next_if(|&(_, c)| c == '"').is_some() {
                    word.push('"');
                } else {
                    open = if open.is_some() { None } else { Some(at) };
                }
            }
            c @ ('\u{201c}' | '\u{201d}') if open.is_none() => {
                return Err(typographic(text.as_bytes(), at, c));
            }
            c => words.word(at).push(c),
        }
    }
    if let Some(at) = open {
        return Err(unclosed(text.as_bytes(), at));
    }
    words.end();
    Ok(words.done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let words = curl_words(text).unwrap_or_else(|error| panic!("{error} in {text}"));
        assert_eq!(words.iter().map(|word| &*word.text).collect::<Vec<_>>(), expected, "{text}");
    }

    #[track_caller]
    fn refused(text: &str, message: &str) {
        let error = curl_words(text).expect_err(text);
        assert!(error.to_string().contains(message), "{error}");
    }

    /// What the shell of this machine makes of the same text.
    #[cfg(unix)]
    #[track_caller]
    fn check_against_bash(text: &str) {
        let script = format!("curl() {{ printf '%s\\0' \"$@\"; }}\n{text}");
        let output =
            std::process::Command::new("bash").args(["-c", &script]).env("LC_ALL", "C.UTF-8").output();
        let output = output.expect("bash is installed");
        let output = String::from_utf8(output.stdout).expect("UTF-8");
        check(text, &output.split_terminator('\0').collect::<Vec<_>>());
    }

    #[cfg(unix)]
    #[test]
    fn words_are_those_of_bash() {
        for text in [
            r#"curl 'a b' "c d" e\ f g"h"'i' '' """#,
            "curl a \\\n  b \\\n c",
            r#"curl "a\"b\\c\$d\`e\f" '\n'"#,
            r"curl $'a\nb\tc\'d\\e\x41\u00e9\U0001F600\101\0end\q' x",
            r#"curl $'\xc3\xa9' $'{"name":"O\'Neill \u0021"}'"#,
            "curl a # the rest is a remark",
            "curl a;true b",
            "curl a 2>&1",
            "curl a$ b$ 'c$d'",
            "curl 'line one\nline two' b\ntrue c",
            r#"curl -d '{"a":"it'\''s"}' x"#,
            "X=y curl a",
            r"curl $'a\7b\18c\176' d",
        ] {
            check_against_bash(text);
        }
    }

    #[test]
    fn prompts_are_left_out() {
        check("$ curl a", &["a"]);
        check("% curl a", &["a"]);
        check("C:\\Users\\ines> curl.exe a", &["a"]);
    }

    #[test]
    fn carets_of_cmd_are_taken_away() {
        // As Chrome copies it.
        let text = "curl ^\"https://a/x?b=c^&d=e^\" ^\r\n  -H ^\"a: b ^\\^\"c^\\^\"^\" ^\r\n  --data-raw \
                    ^\"^{^\\^\"x^\\^\":^\\^\"50^%^ ^\\^\\y^\\^\"^}^\"";
        check(text, &["https://a/x?b=c&d=e", "-H", "a: b \"c\"", "--data-raw", "{\"x\":\"50% \\\\y\"}"]);
        // A line end in the body, as Chrome copies it.
        check("curl ^\"a^\" --data-raw ^\"one^\n\ntwo^\"", &["a", "--data-raw", "one\ntwo"]);
        // As older ones did.
        check("curl \"a\" ^\n -d \"{\\\"x\\\":\\\"y z\\\"}\"", &["a", "-d", "{\"x\":\"y z\"}"]);
        check("curl \"a ^ b\" ^\n c^^", &["a ^ b", "c^"]);
    }

    #[test]
    fn backticks_of_powershell_continue_lines() {
        check("curl.exe `\n  -H 'a: \"b\"' `\n  \"c`\"d\"", &["-H", "a: \"b\"", "c\"d"]);
    }

    #[test]
    fn what_cannot_be_known_or_meant_is_refused_with_its_place() {
        refused("curl -H 'a: b", "line 1, column 9 (byte 8): this quotation mark is not closed");
        refused("curl \\\n -H \"Date: $DATE\"", "line 2, column 12 (byte 18): the value of $DATE");
        refused("curl $URL", "the value of $URL is not in this command");
        refused("curl \"x `date`\"", "`date`");
        refused("curl -H “a: b”", "typographic");
        refused("curl a \\ \n -H b", "a blank follows the backslash");
        refused("curl ^\"a ^\n b", "not closed");
        refused("echo", "no command `curl`");
    }
}
