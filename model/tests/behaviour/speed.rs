//! Long traces are explained in time that is linear in their length, and in memory that is not.

use captp_wire::line::{End, Kind, Line, Mention, Message, Place, Ref, Release};
use model::behaviour::{Explainer, Verdict, explainer, header_of};
use model::protocol::Protocol;
use model::protocol::capnp::Capnp;
use model::protocol::endo_captp::EndoCapTp;
use std::time::Instant;

/// VatA passes fresh objects as arguments of calls with a result, each of which VatB returns and
/// releases when `live` more were passed.
fn calls<P: Protocol>(first: u32, reused: bool, live: u32, lines: u64) -> Box<dyn Explainer> {
    let mut explainer = explainer::<P>(&header_of("", false, false));
    let mut fed = 0;
    let mut feed = |message: Message| {
        fed += 1;
        let told = explainer.feed(fed, &Line::Message(message)).cloned();
        assert_eq!(told, None);
        fed < lines
    };
    let place = |index| Place { index, space: String::new() };
    let mention = |index| Ref::Mention(Mention { at: place(index), again: None, promise: false });
    let line = |from, kind| Message { from, kind, ..Message::default() };
    for number in 0.. {
        let index = first + if reused { number % live } else { number };
        let question = Some(number);
        if number >= live {
            let index = first + if reused { number % live } else { number - live };
            let releases = vec![Release { at: place(index), count: 1 }];
            if !feed(Message { releases, ..line(End::B, Kind::Release) }) {
                break;
            }
        }
        let refs = vec![mention(index)];
        if !(feed(Message { question, refs, ..line(End::A, Kind::Call) })
            && feed(Message { question, ..line(End::B, Kind::Return) })
            && feed(Message { question, ..line(End::A, Kind::Finish) }))
        {
            break;
        }
    }
    explainer
}

fn timed<P: Protocol>(id: &str, first: u32, reused: bool, live: u32, lines: u64) {
    let started = Instant::now();
    let refinement = calls::<P>(first, reused, live, lines).finish();
    assert_eq!(refinement.verdict, Verdict::Explained);
    assert_eq!(refinement.lines, lines);
    println!("{id}: {lines} lines, {live} live: {:.1?}", started.elapsed());
}

#[test]
fn a_long_trace_with_a_hundred_live_exports_is_explained() {
    timed::<EndoCapTp>("endo-captp", 1, false, 100, 20_000);
    timed::<Capnp>("capnp", 0, true, 100, 20_000);
}

#[test]
#[ignore = "takes a minute: a million lines"]
fn a_million_lines_with_a_hundred_live_exports_are_explained() {
    timed::<EndoCapTp>("endo-captp", 1, false, 100, 1_000_000);
    timed::<Capnp>("capnp", 0, true, 100, 1_000_000);
    timed::<Capnp>("capnp", 0, true, 1000, 100_000);
}
