//! What the systems hold each other to, as far as the wire shows it.

use std::fmt;

/// What one system's traffic is held against.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules {
    /// The system, as `model list --systems` names it.
    pub system: &'static str,
    /// What counts as one mention.
    pub unit: Unit,
    /// Whether a place may be used for something else when all its mentions were given back.
    pub reuse: Reuse,
    /// Whether giving back no mention at all is a violation; otherwise it is only noted.
    pub zero_refused: bool,
    /// Whether each end has a first object at index 0 that no message needs to mention.
    pub first_object: bool,
    /// When an id of a question may be used again.
    pub free: Free,
    /// Whether results are messages of their own, so that a question must be answered in the end.
    pub returns: bool,
    /// Whether a result comes only if it is asked for by itself (`other` with the `question`).
    pub lazy: bool,
    /// Whether the table of exports has the answers, too, where it says how large it is.
    pub answers_among_exports: bool,
}

/// What counts as one mention.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Each.
    Occurrence,
    /// All of one place in one message.
    Message,
}

/// Whether a place may be used again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reuse {
    /// For something else, too.
    Any,
    /// For the same object only. The wire does not show whether it is.
    Same,
    /// Never.
    Never,
}

/// When an id of a question may be used again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Free {
    /// When it was returned and is finished, or returned without need for a finish.
    ReturnedAndFinished,
    /// When the caller says that it is done with it.
    Finished,
    /// Never.
    Never,
}

/// Why the sums of a system cannot be judged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoRules {
    /// No system has this name.
    Unknown(String),
    /// It does not count mentions.
    Uncounted {
        /// Its name.
        system: &'static str,
        /// What it does in place of that.
        does: &'static str,
    },
}

impl fmt::Display for NoRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(f, "there is no system '{name}'"),
            Self::Uncounted { system, does } => {
                write!(f, "sums cannot be judged: {system} counts no mentions, {does}")
            }
        }
    }
}

impl std::error::Error for NoRules {}

/// Mentions are counted one by one; places and questions are used again.
const CAPNP: Rules = Rules {
    system: "capnp",
    unit: Unit::Occurrence,
    reuse: Reuse::Any,
    zero_refused: false,
    first_object: false,
    free: Free::ReturnedAndFinished,
    returns: true,
    lazy: false,
    answers_among_exports: false,
};

/// Results are messages to an object that the caller exports with the call.
const E: Rules = Rules {
    system: "e-captp",
    zero_refused: true,
    first_object: true,
    free: Free::Finished,
    returns: false,
    ..CAPNP
};

const OCAPN: Rules = Rules { reuse: Reuse::Never, zero_refused: false, ..E };

const COUNTED: [Rules; 7] = [
    E,
    Rules { system: "es-strawman", zero_refused: false, ..E },
    CAPNP,
    Rules { system: "go-capnp", ..CAPNP },
    Rules {
        system: "endo-captp",
        unit: Unit::Message,
        reuse: Reuse::Same,
        free: Free::Never,
        ..CAPNP
    },
    Rules { system: "goblins", ..OCAPN },
    Rules { system: "endo-ocapn", ..OCAPN },
];

const CAPNWEB: Rules = Rules {
    system: "capnweb",
    reuse: Reuse::Never,
    first_object: true,
    free: Free::Never,
    lazy: true,
    answers_among_exports: true,
    ..CAPNP
};

const UNCOUNTED: [(&str, &str); 5] = [
    ("netobj", "the owner lists its clients"),
    ("rmi", "the owner lists its clients, which renew their leases"),
    ("swingset", "a drop acknowledges the last mention"),
    ("weighted", "references carry weights"),
    ("indirect", "whoever makes a copy counts it"),
];

impl Rules {
    /// The rules of a system.
    ///
    /// # Errors
    /// No system has this name, or it does not count mentions.
    pub fn of(system: &str) -> Result<Self, NoRules> {
        let mut counted = Self::all();
        if let Some(rules) = counted.find(|rules| rules.system == system) {
            return Ok(rules);
        }
        match UNCOUNTED.into_iter().find(|(name, _)| *name == system) {
            Some((system, does)) => Err(NoRules::Uncounted { system, does }),
            None => Err(NoRules::Unknown(system.to_owned())),
        }
    }

    /// The rules of every system that counts mentions.
    pub fn all() -> impl Iterator<Item = Self> {
        COUNTED.into_iter().chain([CAPNWEB])
    }
}
