//! What the two vats are called, what may be passed between them, and what is told of them.

use std::fmt;
use std::rc::Rc;

/// One of the two vats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    A,
    B,
}

impl End {
    pub(crate) const ALL: [Self; 2] = [Self::A, Self::B];

    pub(crate) const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(["VatA", "VatB"][*self as usize])
    }
}

/// What an application passes: the names are what it knows it by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Ref {
    /// One of its own objects, made when it is first named.
    Own(String),
    /// One of its own promises, made when it is first named.
    Promise(String),
    /// What it holds under that name.
    Held(String),
}

impl Ref {
    pub(crate) fn name(&self) -> &str {
        let (Self::Own(name) | Self::Promise(name) | Self::Held(name)) = self;
        name
    }
}

/// Something happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    /// A message was put on the wire, where it is held back.
    Sent { from: End, raw: Vec<u8> },
    /// The oldest message held back was read.
    Delivered { to: End },
    /// The application got a reference.
    Holds { vat: End, name: String },
    /// There is an open task.
    Asked { vat: End, question: String },
    /// A question came back, and how it was broken.
    Answered { vat: End, question: String, error: Option<String> },
    /// A probe came back.
    Answer { vat: End, probe: u64, says: Result<String, String> },
    /// The implementation complains.
    Error { vat: End, text: String },
    /// The session is over for this vat.
    Ended { vat: End, text: String },
    /// Own objects that the application does not hold and that still exist.
    Witness { vat: End, alive: Vec<String> },
}

/// Where events go.
pub(crate) type Sink = Rc<dyn Fn(&Event)>;

/// Whether something was done, or why not.
pub(crate) type Done = Result<(), String>;
