//! What somebody probably meant.

/// Whether one text is the other with at most two letters added, left out or replaced.
pub(crate) fn are_similar(left: &str, right: &str) -> bool {
    let right: Vec<char> = right.chars().collect();
    let mut distances: Vec<usize> = (0..=right.len()).collect();
    for (row, left) in left.chars().enumerate() {
        let mut diagonal = distances[0];
        distances[0] = row + 1;
        for (column, right) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(left != *right);
            diagonal = distances[column + 1];
            distances[column + 1] = replaced.min(diagonal + 1).min(distances[column] + 1);
        }
    }
    right.len() > 2 && distances[right.len()] <= 2
}

/// The one among `known` that `word` was probably meant to be.
pub(crate) fn similar<'k>(known: impl IntoIterator<Item = &'k str>, word: &str) -> Option<&'k str> {
    known.into_iter().find(|known| known.eq_ignore_ascii_case(word) || are_similar(known, word))
}
