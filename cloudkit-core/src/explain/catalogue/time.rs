//! T: the clock, and the age of the signature.

use super::Entry;
use crate::explain::CauseCode::*;
use crate::explain::Standing::{Attributed, FoundInCode, Inferred};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: ClockSkew,
        name: "clock_skew",
        row: "T1",
        standing: Attributed,
        title: "a clock that is off",
        rule: "a date within ten minutes of its own clock",
        fix: "set the clock of the machine, and keep it synchronised",
    },
    Entry {
        code: SignatureStale,
        name: "signature_stale",
        row: "T2",
        standing: FoundInCode,
        title: "a signature that was made long before it was sent",
        rule: "a date within ten minutes of its own clock",
        fix: "sign every attempt anew, just before it is sent",
    },
    Entry {
        code: ClockJumped,
        name: "clock_jumped",
        row: "T3",
        standing: Inferred,
        title: "a clock that stood still while the machine was suspended",
        rule: "a date within ten minutes of its own clock",
        fix: "let the clock be set after the machine resumes, before requests are signed",
    },
];
