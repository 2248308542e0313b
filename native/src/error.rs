// SPDX-License-Identifier: Apache-2.0

//! The one error type inside the crate: a status for the caller and a sentence for a person.

use crate::abi::common::SkreiStatus;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub status: SkreiStatus,
    pub text: String,
}

impl Failure {
    pub fn new(status: SkreiStatus, text: impl Into<String>) -> Self {
        Failure { status, text: text.into() }
    }

    pub fn invalid(text: impl Into<String>) -> Self {
        Self::new(SkreiStatus::InvalidArgument, text)
    }

    pub fn internal(text: impl Into<String>) -> Self {
        Self::new(SkreiStatus::Internal, text)
    }
}

/// The longest prefix of `text` that is at most `max` bytes and ends at a character boundary.
pub fn truncate_utf8(text: &str, max: usize) -> &str {
    if text.len() <= max {
        return text;
    }
    let mut end = max;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::truncate_utf8;

    #[test]
    fn text_is_cut_at_a_character_boundary() {
        assert_eq!(truncate_utf8("abc", 3), "abc");
        assert_eq!(truncate_utf8("aé", 2), "a");
        assert_eq!(truncate_utf8("é", 0), "");
    }
}
