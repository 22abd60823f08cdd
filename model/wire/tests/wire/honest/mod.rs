//! Two ends that keep the rules raise no finding, wherever the tap stands and whatever is logged.

mod end;

use captp_wire::line::{
    End, Ended, Ending, Event, Kind, Line, Local, Message, Place, Ref, Release, Tables,
};
use captp_wire::sums::{Free, Rules, Sums};
use end::{Entry, Vat};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::VecDeque;

/// Decisions, until there are none left.
struct Dice<'a>(std::slice::Iter<'a, u8>);

impl Dice<'_> {
    fn below(&mut self, bound: usize) -> usize {
        self.0.next().map_or(0, |byte| usize::from(*byte) % bound.max(1))
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> Option<T> {
        all.get(self.below(all.len())).cloned()
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 1
    }
}

/// Two ends, and what is between them.
struct World {
    rules: Rules,
    /// Whether lines are written by the ends, which also say when they read; or by a tap.
    inside: bool,
    vats: [Vat; 2],
    /// Sent, and not past the tap yet; past it, and not read yet.
    before: [VecDeque<Message>; 2],
    after: [VecDeque<Message>; 2],
    lines: Vec<Line>,
}

impl World {
    fn new(rules: Rules, inside: bool) -> Self {
        Self {
            rules,
            inside,
            vats: [End::A, End::B].map(|_| Vat::new(rules)),
            before: Default::default(),
            after: Default::default(),
            lines: Vec::new(),
        }
    }

    fn send(&mut self, message: Message) {
        let from = message.from as usize;
        if self.inside {
            self.lines.push(Line::Message(message.clone()));
            self.after[from].push_back(message);
        } else {
            self.before[from].push_back(message);
        }
    }

    fn pass(&mut self, from: End) -> bool {
        let passed = self.before[from as usize].pop_front();
        passed.is_some_and(|message| {
            self.lines.push(Line::Message(message.clone()));
            self.after[from as usize].push_back(message);
            true
        })
    }

    fn read(&mut self, at: End) -> bool {
        let message = self.after[at.other() as usize].pop_front();
        message.is_some_and(|message| {
            if self.inside {
                let (import, question) = (None, None);
                let event = Event::Read;
                let read = Local { seq: 0, session: 1, at, event, import, question };
                self.lines.push(Line::Local(read));
            }
            self.vats[at as usize].read(&message);
            true
        })
    }

    fn call(&mut self, from: End, dice: &mut Dice<'_>) {
        let vat = &mut self.vats[from as usize];
        let target = match dice.below(3) {
            0 => dice.one_of(&vat.held()).map(|index| Ref::Home(Place::new(index))),
            1 => dice.one_of(&vat.unfinished()).map(Ref::Answer),
            _ => None,
        };
        let refs = refs(vat, dice);
        let params = vat.counted(&refs);
        let question = dice.coin().then(|| vat.ask(params));
        self.send(Message { from, kind: Kind::Call, question, target, refs, ..Message::default() });
    }

    fn answer(&mut self, from: End, dice: &mut Dice<'_>, last: bool) -> bool {
        let vat = &mut self.vats[from as usize];
        let Some(id) = dice.one_of(&vat.unanswered()) else { return false };
        let refs = if last { Vec::new() } else { refs(vat, dice) };
        let capnp = self.rules.free == Free::ReturnedAndFinished;
        let release_params = capnp && dice.coin() && vat.give_params_back(id);
        let results = vat.counted(&refs);
        let no_finish = capnp && results.is_empty() && dice.coin();
        vat.answered(id, results, no_finish);
        self.send(Message {
            from,
            kind: Kind::Return,
            question: Some(id),
            refs,
            release_params,
            no_finish,
            ..Message::default()
        });
        true
    }

    fn finish(&mut self, from: End, dice: &mut Dice<'_>) -> bool {
        let vat = &mut self.vats[from as usize];
        let Some(id) = dice.one_of(&vat.unfinished()) else { return false };
        let wants = self.rules.free == Free::ReturnedAndFinished && dice.coin();
        let release_results = vat.finish(id, wants);
        let question = Some(id);
        let kind = Kind::Finish;
        self.send(Message { from, kind, question, release_results, ..Message::default() });
        true
    }

    fn pull(&mut self, from: End, dice: &mut Dice<'_>) {
        let vat = &mut self.vats[from as usize];
        let question = dice.one_of(&vat.unfinished());
        if self.rules.lazy && question.is_some() {
            let kind = Kind::Other;
            self.send(Message { from, kind, question, ..Message::default() });
        }
    }

    fn release(&mut self, from: End, dice: &mut Dice<'_>, last: bool) -> bool {
        let vat = &mut self.vats[from as usize];
        let Some(index) = dice.one_of(&vat.held()) else { return false };
        let all = vat.imports[&index];
        let count = if last || dice.coin() { all } else { 1 };
        vat.take_import(index, count);
        let count = i64::try_from(count).unwrap();
        let releases = vec![Release { at: Place::new(index), count }];
        self.send(Message { from, kind: Kind::Release, releases, ..Message::default() });
        true
    }

    fn tables(&mut self, of: End) {
        if self.inside {
            let vat = &self.vats[of as usize];
            let size = |entries: usize| u64::try_from(entries).ok();
            self.lines.push(Line::Tables(Tables {
                seq: 0,
                session: 1,
                tables: of,
                exports: size(vat.exports.len()),
                imports: size(vat.imports.len()),
                questions: size(vat.questions.len()),
                answers: size(vat.answers.len()),
            }));
        }
    }

    fn step(&mut self, dice: &mut Dice<'_>) {
        let of = End::ALL[dice.below(2)];
        match dice.below(12) {
            0 | 1 => self.call(of, dice),
            2 | 3 => drop(self.answer(of, dice, false)),
            4 => drop(self.finish(of, dice)),
            5 | 6 => drop(self.release(of, dice, false)),
            7 => self.pull(of, dice),
            8 => self.tables(of),
            9 => drop(self.pass(of)),
            _ => drop(self.read(of)),
        }
    }

    /// Everything is sent and read; `dropped`: and everything let go of.
    fn settle(&mut self, dropped: bool, dice: &mut Dice<'_>) {
        let mut moved = true;
        while moved {
            moved = false;
            for of in End::ALL {
                moved |= self.pass(of) | self.read(of);
                moved |= self.answer(of, dice, true);
                moved |= dropped && (self.finish(of, dice) | self.release(of, dice, true));
            }
        }
        End::ALL.into_iter().for_each(|of| self.tables(of));
        let end = if dropped { Ending::Dropped } else { Ending::Quiescent };
        self.lines.push(Line::End(Ended { seq: 0, end }));
    }
}

/// References to the vat's own exports, new and old, and to what it holds.
fn refs(vat: &mut Vat, dice: &mut Dice<'_>) -> Vec<Ref> {
    let mut refs = Vec::new();
    for _ in 0..dice.below(4) {
        match dice.below(4) {
            0 => refs.extend(dice.one_of(&vat.held()).map(|index| Ref::Home(Place::new(index)))),
            1 => refs.push(vat.mention(None, &refs)),
            _ => {
                let known: Vec<u32> = vat.exports.keys().copied().collect();
                refs.push(vat.mention(dice.one_of(&known), &refs));
            }
        }
    }
    refs
}

fn honest(rules: Rules, inside: bool, dropped: bool, dice: &[u8]) -> Result<(), TestCaseError> {
    let mut world = World::new(rules, inside);
    let mut dice = Dice(dice.iter());
    while !dice.0.as_slice().is_empty() {
        world.step(&mut dice);
    }
    world.settle(dropped, &mut dice);
    let mut sums = Sums::new(rules);
    for (number, line) in (1..).zip(&mut world.lines) {
        line.set_seq(number);
        if let Some(found) = sums.feed(line).first() {
            let lines: Vec<_> =
                world.lines.iter().map(|line| serde_json::to_string(line).unwrap()).collect();
            return Err(TestCaseError::fail(format!("{found}\n{}", lines.join("\n"))));
        }
    }
    if dropped {
        prop_assert_eq!(sums.clone().finish().live, 0);
        for line in &world.lines {
            let again = matches!(line, Line::Message(message) if message.kind == Kind::Release);
            prop_assert!(
                !again || !sums.feed(line).is_empty(),
                "what is given back twice is found"
            );
        }
        let entries = |vat: &Vat| vat.exports.values().map(Entry::count).sum::<u64>();
        prop_assert_eq!(world.vats.iter().map(entries).sum::<u64>(), 0);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_ends_that_keep_the_rules_raise_no_finding(
        system in proptest::sample::select(Rules::all().collect::<Vec<_>>()),
        inside in any::<bool>(),
        dropped in any::<bool>(),
        dice in vec(any::<u8>(), 0..900),
    ) {
        honest(system, inside, dropped, &dice)?;
    }
}
