//! Mermaid: every message is an arrow where it is read, or a note that says that it was not.

use super::{every, of};
use model::render::mermaid::mermaid;

#[test]
fn a_crossing_is_told_by_notes_where_messages_were_sent() {
    insta::assert_snapshot!(mermaid(of("uncounted-drop")));
}

#[test]
fn three_vats_stand_side_by_side() {
    insta::assert_snapshot!(mermaid(of("vine-not-held")));
}

#[test]
fn every_message_is_drawn_once_and_said_where_it_was_sent_if_something_lies_between() {
    for counterexample in every() {
        let diagram = mermaid(counterexample);
        let name = &counterexample.mutation;
        let (notes, arrows): (Vec<_>, Vec<_>) = diagram
            .lines()
            .filter(|line| line.contains(": "))
            .partition(|line| line.trim_start().starts_with("Note"));
        let steps = &counterexample.steps;
        let taken = |step: usize| steps[step].read.iter().chain(&steps[step].lost).next();
        let taken: Vec<_> = (0..steps.len()).map(taken).collect();
        assert_eq!(arrows.len(), taken.iter().flatten().count(), "{name:?}: {diagram}");
        for (position, step) in steps.iter().enumerate() {
            for message in &step.sent {
                let next = taken.get(position + 1).copied().flatten();
                let is_next = next.is_some_and(|next| next.number == message.number);
                let said = format!("sends #35;{} ", message.number);
                let is_said = notes.iter().any(|note| note.contains(&said));
                assert_eq!(is_said, !is_next, "{name:?}: {}", message.number);
            }
        }
    }
}

#[test]
fn there_is_no_syntax_in_a_text() {
    for counterexample in every() {
        for line in mermaid(counterexample).lines() {
            let Some((_, text)) = line.split_once(": ") else { continue };
            // Each entity code is one mark, digits, and one semicolon.
            let codes = text.matches('#').count();
            assert_eq!(text.matches(';').count(), codes, "{line}");
            for code in text.split('#').skip(1) {
                let (digits, _) = code.split_once(';').unwrap();
                assert!(digits.parse::<u32>().is_ok(), "{line}");
            }
            let text = text.replace("<br/>", "");
            assert!(!text.contains([':', '<', '>', '{', '}', '%', '"']), "{line}");
        }
    }
}
