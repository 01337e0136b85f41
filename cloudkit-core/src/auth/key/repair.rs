//! What had to be put right before a key could be read.

/// Something that was wrong with the form of a key, and was put right while reading it.
///
/// The key is good. Other programs may refuse the same file; [`to_pkcs8_pem`](super::PrivateKey::to_pkcs8_pem) writes
/// it in the form that all of them read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Repair {
    /// A byte order mark in front.
    #[error("it began with a byte order mark")]
    ByteOrderMark,
    /// UTF-16, as some shells write it.
    #[error("it was written in UTF-16")]
    Utf16,
    /// Quotation marks around it.
    #[error("it was in quotation marks")]
    Quotes,
    /// `\n` as two characters.
    #[error(
        "its line ends were written out as the two characters `\\n`; was it copied from JSON or an environment variable?"
    )]
    EscapedNewlines,
    /// Carriage returns.
    #[error("its lines ended in a carriage return")]
    CarriageReturns,
    /// Spaces or tabs at the beginning of lines.
    #[error("its lines were indented")]
    Indentation,
    /// Empty lines inside it.
    #[error("there were empty lines in it")]
    BlankLines,
    /// All on one line.
    #[error("it had lost its line ends")]
    OneLine,
    /// The dashes around `BEGIN` or `END` were not five on each side.
    #[error("the dashes around `BEGIN` or `END` were not five")]
    Dashes,
    /// No `END` line, though the key is complete.
    #[error("its `END` line was missing")]
    EndMissing,
    /// The `END` line names something else than the `BEGIN` line.
    #[error("its `END` line did not match its `BEGIN` line")]
    EndMismatch,
    /// The base64 lacked its padding.
    #[error("the `=` at the end of its base64 was missing")]
    Padding,
    /// No `BEGIN` and `END` lines at all.
    #[error("its `BEGIN` and `END` lines were missing")]
    LabelMissing,
    /// Neither the key nor anything around it names its curve, and there is no public half to tell it by.
    #[error("it does not say which curve it is on, and was taken to be on P-256 because of its length")]
    CurveMissing,
    /// The label says one form, the content is another.
    #[error(
        "its label `{label}` did not match its content; put `{content}` on its `BEGIN` and `END` lines, \
         or other programs may refuse it"
    )]
    LabelMismatch {
        /// The label of the block.
        label: String,
        /// The label that the content should have.
        content: &'static str,
    },
    /// The hexadecimal form of the PEM text, or of the DER.
    #[error("it was written in hexadecimal; did it come out of the macOS keychain?")]
    Hexadecimal,
    /// The base64 form of the PEM text.
    #[error("the whole PEM text was in base64 once more")]
    Base64Twice,
}

impl Repair {
    /// The stable name of what was wrong, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::LabelMismatch { .. } => "pem_label_mismatch",
            _ => "pem_damaged",
        }
    }
}
