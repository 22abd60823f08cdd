//! Messages as arrows, from where they were sent to where they were read.

use super::{END, Layout, times};
use crate::counterexample::{Counterexample, MessageRecord, Role};
use maud::{Markup, html};

/// What became of a message, and in which row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Read(usize),
    Lost(usize),
    InFlight,
}

/// A message on its way.
pub(super) struct Flight<'a> {
    message: &'a MessageRecord,
    sent: usize,
    /// The how-manieth message of its step.
    place: usize,
    fate: Fate,
    /// The how-manieth of those that are in flight at the end.
    waiting: usize,
}

impl<'a> Flight<'a> {
    pub(super) fn all(counterexample: &'a Counterexample) -> Vec<Self> {
        let mut waiting = 0;
        let mut flights = Vec::new();
        for (sent, step) in counterexample.steps.iter().enumerate() {
            for (place, message) in step.sent.iter().enumerate() {
                let fate = fate(counterexample, sent, message.number);
                flights.push(Self { message, sent, place, fate, waiting });
                waiting += usize::from(fate == Fate::InFlight);
            }
        }
        flights
    }

    pub(super) fn draw(&self, layout: &Layout) -> Markup {
        let rightward = self.message.to > self.message.from;
        let away = |half: i32| if rightward { half } else { -half };
        let sent = &layout.rows[self.sent];
        let from = layout.lane(self.message.from) + away(sent.half);
        let start = (from, sent.y + sent.spread + times(self.place, 7));
        let lane = layout.lane(self.message.to);
        let part = |tenths: i32| from + (lane - from) * tenths / 10;
        let end = match self.fate {
            Fate::Read(row) => {
                let read = &layout.rows[row];
                (lane - away(read.half), read.y - read.spread)
            }
            Fate::Lost(row) => (part(6), layout.rows[row].y),
            Fate::InFlight => {
                let low = END - 12 - times(self.waiting, 9).min(END - 20);
                (part(7), layout.bottom - low.min(END - 12) / 2)
            }
        };
        let class = role_class(self.message.role);
        let in_flight = if self.fate == Fate::InFlight { " in-flight" } else { "" };
        let until = match self.fate {
            Fate::Read(row) | Fate::Lost(row) => Some(row + 1),
            Fate::InFlight => None,
        };
        html! {
            g class={ "flight " (class) (in_flight) } data-sent=(self.sent + 1) data-until=[until] {
                line class="wire" x1=(start.0) y1=(start.1) x2=(end.0) y2=(end.1) {}
                @if let Fate::Lost(_) = self.fate {
                    path class="cross" transform={ "translate(" (end.0) " " (end.1) ")" }
                        d="M-6 -6L6 6M-6 6L6 -6" {}
                } @else {
                    (head(self.message.role, end, angle(start, end)))
                }
            }
        }
    }
}

fn fate(counterexample: &Counterexample, sent: usize, number: usize) -> Fate {
    let is = |message: &Option<MessageRecord>| message.as_ref().is_some_and(|m| m.number == number);
    for (row, step) in counterexample.steps.iter().enumerate().skip(sent + 1) {
        if is(&step.read) {
            return Fate::Read(row);
        }
        let mut there = step.after.channels.iter().flat_map(|channel| &channel.messages);
        if is(&step.lost) || !there.any(|message| message.number == number) {
            return Fate::Lost(row);
        }
    }
    Fate::InFlight
}

fn angle(start: (i32, i32), end: (i32, i32)) -> f64 {
    f64::from(end.1 - start.1).atan2(f64::from(end.0 - start.0)).to_degrees()
}

/// Each role has its own shape, as colour alone says nothing to many.
fn head(role: Role, (x, y): (i32, i32), angle: f64) -> Markup {
    let (class, shape) = match role {
        Role::Carries => ("head", "M0 0L-11 -5V5z"),
        Role::GivesBack => ("head hollow", "M0 0L-11 -5V5z"),
        Role::Ends => ("head", "M0 -6H-3V6H0zM-6 -6H-9V6H-6z"),
        Role::Breaks => ("head", "M0 0L-7 -6L-14 0L-7 6z"),
    };
    html! {
        path class=(class) d=(shape)
            transform=(format!("translate({x} {y}) rotate({angle:.1})")) {}
    }
}

const fn role_class(role: Role) -> &'static str {
    match role {
        Role::Carries => "carries",
        Role::GivesBack => "gives-back",
        Role::Ends => "ends",
        Role::Breaks => "breaks",
    }
}

const fn role_words(role: Role) -> &'static str {
    match role {
        Role::Carries => "carries references",
        Role::GivesBack => "gives back",
        Role::Ends => "ends the session",
        Role::Breaks => "breaks the protocol",
    }
}

/// What the arrows mean, as far as there are such.
pub(super) fn legend(counterexample: &Counterexample, y: i32) -> Markup {
    let flights = Flight::all(counterexample);
    let is_there = |role: &Role| flights.iter().any(|flight| flight.message.role == *role);
    let roles = [Role::Carries, Role::GivesBack, Role::Ends, Role::Breaks];
    let roles: Vec<_> = roles.into_iter().filter(is_there).collect();
    let in_flight = flights.iter().any(|flight| flight.fate == Fate::InFlight);
    let lost = flights.iter().any(|flight| matches!(flight.fate, Fate::Lost(_)));
    let x = |place: usize| 14 + times(place, 166);
    html! {
        @for (place, role) in roles.iter().enumerate() {
            g class={ "flight " (role_class(*role)) } {
                line class="wire" x1=(x(place)) x2=(x(place) + 28) y1=(y - 4) y2=(y - 4) {}
                (head(*role, (x(place) + 30, y - 4), 0.0))
            }
            text class="small soft" x=(x(place) + 38) y=(y) { (role_words(*role)) }
        }
        @if in_flight || lost {
            text class="small soft" x=(x(roles.len())) y=(y) {
                @if in_flight { "dashed: in flight at the end" }
                @if in_flight && lost { "; " }
                @if lost { "cross: lost" }
            }
        }
    }
}
