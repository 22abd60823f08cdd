//! Messages in few words, and what the sums say of them.

use captp_wire::line::{
    End, Ended, Ending, Event, Kind, Line, Local, Mention, Message, Place, Ref, Release, Tables,
};
use captp_wire::sums::{Rules, Sums};

/// A message that is being put together.
#[derive(Clone, Debug)]
pub(crate) struct Say(Message);

/// VatA says something.
pub(crate) fn a(kind: Kind) -> Say {
    Say(Message { from: End::A, kind, ..Message::default() })
}

/// VatB says something.
pub(crate) fn b(kind: Kind) -> Say {
    Say(Message { from: End::B, kind, ..Message::default() })
}

impl Say {
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Message)) -> Self {
        change(&mut self.0);
        self
    }

    pub(crate) fn session(self, session: u32) -> Self {
        self.with(|m| m.session = session)
    }

    pub(crate) fn question(self, id: u32) -> Self {
        self.with(|m| m.question = Some(id))
    }

    pub(crate) fn to(self, target: Ref) -> Self {
        self.with(|m| m.target = Some(target))
    }

    pub(crate) fn carry(self, one: Ref) -> Self {
        self.with(|m| m.refs.push(one))
    }

    pub(crate) fn mention(self, index: u32) -> Self {
        self.carry(mention(index, None))
    }

    pub(crate) fn first(self, index: u32) -> Self {
        self.carry(mention(index, Some(false)))
    }

    pub(crate) fn again(self, index: u32) -> Self {
        self.carry(mention(index, Some(true)))
    }

    pub(crate) fn home(self, index: u32) -> Self {
        self.carry(Ref::Home(Place::new(index)))
    }

    pub(crate) fn give(self, index: u32, count: i64) -> Self {
        self.with(|m| m.releases.push(Release { at: Place::new(index), count }))
    }

    pub(crate) fn params_back(self) -> Self {
        self.with(|m| m.release_params = true)
    }

    pub(crate) fn results_back(self) -> Self {
        self.with(|m| m.release_results = true)
    }

    pub(crate) fn no_finish(self) -> Self {
        self.with(|m| m.no_finish = true)
    }

    pub(crate) fn promise(self, index: u32) -> Self {
        self.with(|m| m.promise = Some(Place::new(index)))
    }
}

fn mention(index: u32, again: Option<bool>) -> Ref {
    Ref::Mention(Mention { at: Place::new(index), again, promise: false })
}

/// What can stand among [`lines`].
pub(crate) trait IntoLine {
    fn into_line(self) -> Line;
}

impl IntoLine for Line {
    fn into_line(self) -> Line {
        self
    }
}

impl IntoLine for Say {
    fn into_line(self) -> Line {
        Line::Message(self.0)
    }
}

impl IntoLine for Ending {
    fn into_line(self) -> Line {
        Line::End(Ended { seq: 0, end: self })
    }
}

impl IntoLine for Tables {
    fn into_line(self) -> Line {
        Line::Tables(self)
    }
}

/// An end reads the next message.
pub(crate) fn reads(at: End) -> Line {
    let event = Event::Read;
    Line::Local(Local { seq: 0, session: 1, at, event, import: None, question: None })
}

/// Nothing is said of any table of an end.
pub(crate) fn tables(of: End) -> Tables {
    let (exports, imports, questions, answers) = (None, None, None, None);
    Tables { seq: 0, session: 1, tables: of, exports, imports, questions, answers }
}

/// Lines of several kinds.
macro_rules! lines {
    ($($line:expr),* $(,)?) => { vec![$($crate::say::IntoLine::into_line($line)),*] };
}
pub(crate) use lines;

/// Which rules these lines break, each with the number of the line; notes in brackets.
pub(crate) fn found(system: &str, lines: Vec<Line>) -> Vec<String> {
    let mut sums = Sums::new(Rules::of(system).unwrap());
    let mut found = Vec::new();
    for (number, mut line) in (1..).zip(lines) {
        line.set_seq(number);
        for finding in sums.feed(&line) {
            let value = serde_json::to_value(&finding).unwrap();
            let (seq, rule) = (finding.seq, value["rule"].as_str().unwrap());
            assert_eq!(seq, number);
            let sentence = finding.to_string();
            assert!(sentence.starts_with(&format!("#{seq}")), "{sentence}");
            found.push(match value["severity"].as_str().unwrap() {
                "note" => format!("[{seq} {rule}]"),
                _ => format!("{seq} {rule}"),
            });
        }
    }
    found
}

/// No rule is broken.
pub(crate) const NOTHING: [&str; 0] = [];
