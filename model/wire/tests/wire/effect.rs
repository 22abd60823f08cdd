//! What the sums say that each message has done to them.

use crate::say::{Say, a, b, lines};
use captp_wire::line::{End, Kind, Line};
use captp_wire::sums::{Rules, Sums};

/// The places that each message mentions, and what it gives back: `2 of A0 by 3` are two mentions
/// of VatA's export 0, by VatB's third message.
fn effects(system: &str, lines: Vec<Line>) -> Vec<String> {
    let mut sums = Sums::new(Rules::of(system).unwrap());
    let mut said = Vec::new();
    for (number, mut line) in (1..).zip(lines) {
        line.set_seq(number);
        sums.feed(&line);
        let Some((_, session)) = sums.sessions().next() else {
            said.push("over".to_owned());
            continue;
        };
        let effect = session.effect();
        let mentions = effect.mentions.iter().map(ToString::to_string);
        let back = effect
            .given_back
            .iter()
            .map(|back| format!("{} of {:?}{} by {}", back.count, back.exporter, back.at, back.by));
        said.push(mentions.chain(back).collect::<Vec<_>>().join(", "));
    }
    said
}

#[test]
fn a_return_and_a_finish_give_back_in_passing_what_the_call_and_its_answer_have_mentioned() {
    let said = effects(
        "capnp",
        lines![
            a(Kind::Call).question(0).mention(7).mention(7),
            b(Kind::Return).question(0).mention(3).params_back(),
            a(Kind::Finish).question(0).results_back(),
            a(Kind::Finish).question(0).results_back(),
        ],
    );
    assert_eq!(said, ["7, 7", "3, 1 of A7 by 1, 1 of A7 by 1", "1 of B3 by 2", ""]);
}

#[test]
fn results_that_were_given_back_before_they_come_are_given_back_by_the_finish() {
    let said = effects(
        "capnp",
        lines![
            a(Kind::Call).question(0),
            a(Kind::Finish).question(0).results_back(),
            a(Kind::Call).question(1),
            b(Kind::Return).question(0).mention(3),
        ],
    );
    assert_eq!(said, ["", "", "", "3, 1 of B3 by 2"]);
}

#[test]
fn the_effect_has_mentions_as_the_system_counts_them_and_releases_as_the_wire_has_them() {
    let twice: fn() -> Say = || b(Kind::Call).mention(3).mention(3);
    let back = || a(Kind::Release).give(3, 5).give(4, 0).give(4, -1);
    assert_eq!(effects("capnp", lines![twice(), back()]), ["3, 3", "5 of B3 by 1"]);
    assert_eq!(effects("endo-captp", lines![twice(), back()]), ["3", "5 of B3 by 1"]);
    let unimplemented = lines![twice(), a(Kind::Unimplemented).mention(3).mention(3)];
    assert_eq!(effects("capnp", unimplemented), ["3, 3", "1 of B3 by 1, 1 of B3 by 1"]);
}

#[test]
fn what_is_no_message_leaves_the_effect_of_the_last_one() {
    let read = crate::say::reads(End::A);
    assert_eq!(effects("capnp", lines![b(Kind::Call).mention(3), read]), ["3", "3"]);
    let over = lines![b(Kind::Call).mention(3), a(Kind::Over)];
    assert_eq!(effects("capnp", over), ["3", "over"]);
}
