//! Short renderings, in a system's own words.

use std::fmt::{Display, Write as _};

/// How many characters a message's `text` has at most.
pub(super) const TEXT_MAX: usize = 80;

/// How many characters the reason for an undecodable message has at most.
pub(super) const WHY_MAX: usize = 200;

/// The first `max` characters, the last of them an ellipsis if there are more, and without
/// control characters.
pub(super) fn clipped(text: &str, max: usize) -> String {
    let more = text.chars().nth(max).is_some();
    let kept = if more { max - 1 } else { max };
    let mut short: String =
        text.chars().take(kept).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if more {
        short.push('…');
    }
    short
}

/// `name(a, b, [x, y])`, cut off soon after [`TEXT_MAX`].
pub(super) fn call<A: Display, R: Display>(
    name: &str,
    args: impl IntoIterator<Item = A>,
    refs: impl IntoIterator<Item = R>,
) -> String {
    let mut text = clipped(name, TEXT_MAX);
    text.push('(');
    listed(&mut text, args);
    let mut refs = refs.into_iter().peekable();
    if refs.peek().is_some() {
        text.push_str(if text.ends_with('(') { "[" } else { ", [" });
        listed(&mut text, refs);
        text.push(']');
    }
    text.push(')');
    text
}

fn listed<T: Display>(text: &mut String, items: impl IntoIterator<Item = T>) {
    for (position, item) in items.into_iter().enumerate() {
        if text.len() > 4 * TEXT_MAX {
            break;
        }
        let separator = if position == 0 { "" } else { ", " };
        write!(text, "{separator}{item}").expect("a string takes everything");
    }
}
