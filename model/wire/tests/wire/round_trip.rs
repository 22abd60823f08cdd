//! What is written is read as it was.

use captp_wire::line::{
    End, Ended, Ending, Event, FORMAT, Header, Kind, Line, Local, Mention, Message, Place, Ref,
    Release, Tables,
};
use captp_wire::read::Reader;
use captp_wire::write::Writer;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::io::Cursor;

fn end() -> impl Strategy<Value = End> {
    select(End::ALL.to_vec())
}

fn place() -> impl Strategy<Value = Place> {
    (any::<u32>(), ".{0,3}").prop_map(|(index, space)| Place { index, space })
}

fn reference() -> impl Strategy<Value = Ref> {
    let mention = (place(), option::of(any::<bool>()), any::<bool>());
    prop_oneof![
        mention.prop_map(|(at, again, promise)| Ref::Mention(Mention { at, again, promise })),
        place().prop_map(Ref::Home),
        any::<u32>().prop_map(Ref::Answer),
    ]
}

fn release() -> impl Strategy<Value = Release> {
    (place(), any::<i64>()).prop_map(|(at, count)| Release { at, count })
}

/// The flags, the question, the target and the promise are kept where the kind has them.
fn message() -> impl Strategy<Value = Line> {
    let names = (any::<u32>(), end(), select(Kind::ALL.to_vec()), any::<u32>(), ".{0,9}");
    let parts = (reference(), vec(reference(), 0..4), vec(release(), 0..3), place());
    (names, parts, any::<[bool; 4]>()).prop_map(|(names, parts, flags)| {
        let (session, from, kind, question, text) = names;
        let (target, refs, releases, promise) = parts;
        let is = |of| kind == of;
        let asks = matches!(kind, Kind::Bootstrap | Kind::Return | Kind::Finish) || flags[0];
        Line::Message(Message {
            seq: 0,
            session,
            from,
            kind,
            question: asks.then_some(question),
            target: (is(Kind::Call) && flags[1]).then_some(target),
            refs,
            releases: if is(Kind::Release) { releases } else { Vec::new() },
            promise: is(Kind::Resolve).then_some(promise),
            release_params: is(Kind::Return) && flags[2],
            release_results: is(Kind::Finish) && flags[2],
            no_finish: is(Kind::Return) && flags[3],
            text,
        })
    })
}

fn local() -> impl Strategy<Value = Line> {
    let named = prop_oneof![
        place().prop_map(|import| (Some(import), None)),
        any::<u32>().prop_map(|question| (None, Some(question))),
    ];
    (any::<u32>(), end(), select(Event::ALL.to_vec()), named).prop_map(
        |(session, at, event, named)| {
            let (import, question) = if event == Event::Read { (None, None) } else { named };
            Line::Local(Local { seq: 0, session, at, event, import, question })
        },
    )
}

fn tables() -> impl Strategy<Value = Line> {
    let count = || option::of(any::<u64>());
    (any::<u32>(), end(), count(), count(), count(), count()).prop_map(
        |(session, tables, exports, imports, questions, answers)| {
            Line::Tables(Tables { seq: 0, session, tables, exports, imports, questions, answers })
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_it_was(
        (system, peer, reads, locals) in (".{0,9}", ".{0,9}", any::<bool>(), any::<bool>()),
        lines in vec(prop_oneof![4 => message(), 1 => local(), 1 => tables()], 0..20),
        end in option::of(select(Ending::ALL.to_vec())),
    ) {
        let header = Header { trace: FORMAT.to_owned(), system, peer, reads, locals };
        let mut lines = lines;
        lines.extend(end.map(|end| Line::End(Ended { seq: 0, end })));
        let mut writer = Writer::new(Vec::new(), &header).unwrap();
        for (number, line) in (1..).zip(&mut lines) {
            line.set_seq(number);
            prop_assert_eq!(writer.write(line.clone()).unwrap(), number);
        }
        let mut reader = Reader::new(Cursor::new(writer.into_inner())).unwrap();
        prop_assert_eq!(reader.header(), &header);
        let read: Result<Vec<_>, _> = reader.by_ref().map(|r| r.map(|(_, line)| line)).collect();
        prop_assert_eq!(read.unwrap(), lines);
        prop_assert_eq!(reader.ending(), end);
    }

    #[test]
    fn no_bytes_break_the_reader(bytes in vec(any::<u8>(), 0..200)) {
        let header = format!("{{\"trace\":\"{FORMAT}\",\"system\":\"\"}}\n");
        let file = [header.as_bytes(), &bytes].concat();
        let reader = Reader::new(Cursor::new(file)).unwrap();
        prop_assert!(reader.count() <= 200);
    }
}

#[test]
fn serde_reads_a_line_with_the_same_sentences() {
    let line = r#"{"seq":1,"from":"A","kind":"cal"}"#;
    let error = serde_json::from_str::<Line>(line).unwrap_err().to_string();
    assert!(error.starts_with("`kind` is 'cal', but must be one of `bootstrap`"), "{error}");
}

#[test]
fn what_does_not_fit_together_is_not_written() {
    let header = Header {
        trace: FORMAT.to_owned(),
        system: String::new(),
        peer: String::new(),
        reads: false,
        locals: false,
    };
    let mut writer = Writer::new(Vec::new(), &header).unwrap();
    let wrong = Message { kind: Kind::Return, ..Message::default() };
    let error = writer.write(Line::Message(wrong)).unwrap_err();
    assert_eq!(error.to_string(), "`question` is missing, and a `return` needs it");
    let right = Message { kind: Kind::Other, ..Message::default() };
    assert_eq!(writer.write(Line::Message(right)).unwrap(), 1);
    let written = String::from_utf8(writer.into_inner()).unwrap();
    assert_eq!(written.lines().nth(1), Some(r#"{"seq":1,"from":"A","kind":"other"}"#));
}
