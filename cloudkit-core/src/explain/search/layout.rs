//! How the parts may have been put together: which, in what order, and with what between them.

use super::Form;
use crate::explain::CauseCode;
use crate::explain::CauseCode::{
    MessageIsBodyOnly, MessagePartsReordered, MessageSeparatorWrong, MessageWithoutBodyHash,
    MessageWithoutDate, MessageWithoutPath, MethodInMessage,
};

/// A part of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Slot {
    Date,
    Body,
    Path,
    Method,
}

impl Slot {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::Body => "body",
            Self::Path => "path",
            Self::Method => "method",
        }
    }
}

use Slot::{Body, Date, Method, Path};

/// The right order.
pub(super) const RIGHT: &[Slot] = &[Date, Body, Path];

const WITH_METHOD: [&[Slot]; 24] = [
    &[Method, Date, Body, Path],
    &[Method, Path, Date, Body],
    &[Date, Body, Path, Method],
    &[Method, Path, Body, Date],
    &[Date, Method, Body, Path],
    &[Date, Body, Method, Path],
    &[Date, Method, Path, Body],
    &[Method, Date, Path, Body],
    &[Method, Body, Date, Path],
    &[Method, Body, Path, Date],
    &[Path, Method, Date, Body],
    &[Path, Method, Body, Date],
    &[Body, Method, Date, Path],
    &[Body, Method, Path, Date],
    &[Date, Path, Method, Body],
    &[Date, Path, Body, Method],
    &[Path, Date, Method, Body],
    &[Path, Date, Body, Method],
    &[Path, Body, Method, Date],
    &[Path, Body, Date, Method],
    &[Body, Date, Method, Path],
    &[Body, Date, Path, Method],
    &[Body, Path, Method, Date],
    &[Body, Path, Date, Method],
];

/// All orders, the right one first.
pub(super) fn orders() -> Vec<Form<&'static [Slot]>> {
    let mut forms = vec![Form::right(RIGHT)];
    for (index, order) in WITH_METHOD.into_iter().enumerate() {
        // The developers' forum has the second; the others are what else reads naturally.
        let cost = if index < 2 {
            1
        } else if index < 7 {
            2
        } else {
            4
        };
        let names: Vec<&str> = order.iter().map(|slot| slot.name()).collect();
        let says = format!("the HTTP method in it, in the order {}", names.join(", "));
        forms.push(Form::new("method", MethodInMessage, cost, order).says(says).numbered(number(index)));
    }
    let reordered: [&[Slot]; 5] = [
        &[Date, Path, Body],
        &[Path, Date, Body],
        &[Body, Date, Path],
        &[Path, Body, Date],
        &[Body, Path, Date],
    ];
    for (index, order) in reordered.into_iter().enumerate() {
        let names: Vec<&str> = order.iter().map(|slot| slot.name()).collect();
        let says = format!("its parts in the order {}", names.join(", "));
        let cost = if index < 2 { 2 } else { 3 };
        forms.push(Form::new("order", MessagePartsReordered, cost, order).says(says).numbered(number(index)));
    }
    forms.push(less("body only", MessageIsBodyOnly, 1, &[Body]));
    forms.push(less("no path", MessageWithoutPath, 1, &[Date, Body]));
    forms.push(less("no body", MessageWithoutBodyHash, 2, &[Date, Path]));
    forms.push(less("no date", MessageWithoutDate, 2, &[Body, Path]));
    forms.push(less("no path, reordered", MessageWithoutPath, 3, &[Body, Date]).and(MessagePartsReordered));
    forms.push(
        less("no body, reordered", MessageWithoutBodyHash, 3, &[Path, Date]).and(MessagePartsReordered),
    );
    forms.push(less("no date, reordered", MessageWithoutDate, 3, &[Path, Body]).and(MessagePartsReordered));
    forms.push(less("path only", MessageWithoutDate, 3, &[Path]).and(MessageWithoutBodyHash));
    forms.push(less("date only", MessageWithoutPath, 4, &[Date]).and(MessageWithoutBodyHash));
    let with_method_and_less: [(&[Slot], _); 4] = [
        (&[Method, Date, Path], MessageWithoutBodyHash),
        (&[Method, Path, Date], MessageWithoutBodyHash),
        (&[Method, Path, Body], MessageWithoutDate),
        (&[Method, Body, Path], MessageWithoutDate),
    ];
    for (index, (order, missing)) in with_method_and_less.into_iter().enumerate() {
        let form = less("method and less", MethodInMessage, 4, order).and(missing);
        forms.push(form.numbered(number(index)));
    }
    forms
}

/// A text in which something is missing.
fn less(name: &'static str, code: CauseCode, cost: u32, order: &'static [Slot]) -> Form<&'static [Slot]> {
    Form::new(name, code, cost, order)
}

/// What stands before, between and after the parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Separator {
    pub(super) before: &'static str,
    pub(super) between: &'static str,
    pub(super) after: &'static str,
}

/// All separators, the colon first.
pub(super) fn separators() -> Vec<Form<Separator>> {
    let colon = Separator { before: "", between: ":", after: "" };
    let mut forms = vec![Form::right(colon)];
    for (between, what, cost) in [
        ("\n", "line feeds", 1),
        ("", "nothing", 2),
        (" ", "spaces", 3),
        ("|", "vertical bars", 4),
        (",", "commas", 4),
        (";", "semicolons", 4),
        ("::", "two colons", 4),
        (": ", "a colon and a space", 4),
        ("\r\n", "carriage returns and line feeds", 4),
        ("\\n", "backslashes and the letter n", 4),
        ("&", "ampersands", 4),
        (".", "full stops", 4),
        ("-", "dashes", 4),
        ("\t", "tabs", 5),
        ("/", "slashes", 5),
    ] {
        let says = format!("{what} between its parts");
        forms.push(
            Form::new("between", MessageSeparatorWrong, cost, Separator { between, ..colon }).says(says),
        );
    }
    for (separator, says, cost) in [
        (Separator { after: "\n", ..colon }, "a line feed at its end", 1),
        (Separator { after: "\r\n", ..colon }, "a carriage return and a line feed at its end", 4),
        (Separator { after: ":", ..colon }, "a colon at its end", 4),
        (Separator { before: ":", ..colon }, "a colon at its beginning", 4),
        (Separator { after: " ", ..colon }, "a space at its end", 4),
        (Separator { before: "\"", after: "\"", ..colon }, "quotation marks around it", 3),
        (Separator { before: "'", after: "'", ..colon }, "quotation marks around it", 4),
        (Separator { before: "[", between: "]:[", after: "]" }, "square brackets around its parts", 3),
        (Separator { between: "\n", after: "\n", ..colon }, "line feeds after its parts", 3),
    ] {
        forms.push(Form::new("around", MessageSeparatorWrong, cost, separator).says(says));
    }
    let count = forms.len();
    for (index, form) in (0..count).zip(&mut forms) {
        form.number = number(index);
    }
    forms
}

fn number(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}
