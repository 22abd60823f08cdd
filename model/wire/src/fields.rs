//! Reading a line by hand: serde's own messages for such lines say nothing.

use crate::line::{
    End, Ended, Ending, Event, FORMAT, Header, Kind, Line, Local, Mention, Message, Place, Ref,
    Release, Tables,
};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::{Map, Value};

/// A part of a line that can be read from JSON.
pub(crate) trait FromJson: Sized {
    /// What is wrong is said in a sentence.
    fn from_json(value: Value) -> Result<Self, String>;
}

macro_rules! deserialised_by_hand {
    ($($name:ty),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::from_json(Value::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }
    )*};
}

deserialised_by_hand!(
    End, Ended, Ending, Event, Header, Kind, Line, Local, Mention, Message, Place, Ref, Release,
    Tables
);

/// How a value is shown in a message: short.
fn shown(value: &Value) -> String {
    const SHOWN: usize = 40;
    let text = match value {
        Value::String(text) => format!("'{text}'"),
        other => other.to_string(),
    };
    match text.char_indices().nth(SHOWN) {
        None => text,
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

/// The fields of one object. What nobody has taken in the end is unknown.
struct Fields {
    map: Map<String, Value>,
    what: &'static str,
}

impl Fields {
    fn of(value: Value, what: &'static str) -> Result<Self, String> {
        match value {
            Value::Object(map) => Ok(Self { map, what }),
            other => Err(format!("{} is {}, but must be an object", what, shown(&other))),
        }
    }

    fn optional<T: FromJson>(&mut self, name: &str) -> Result<Option<T>, String> {
        let Some(value) = self.map.remove(name) else { return Ok(None) };
        T::from_json(value).map(Some).map_err(|wrong| format!("`{name}`{wrong}"))
    }

    fn required<T: FromJson>(&mut self, name: &str) -> Result<T, String> {
        let found = self.optional(name)?;
        found.ok_or_else(|| format!("`{name}` is missing in {}", self.what))
    }

    fn or_default<T: FromJson + Default>(&mut self, name: &str) -> Result<T, String> {
        Ok(self.optional(name)?.unwrap_or_default())
    }

    fn session(&mut self) -> Result<u32, String> {
        Ok(self.optional("session")?.unwrap_or(1))
    }

    fn end(self) -> Result<(), String> {
        match self.map.keys().next() {
            None => Ok(()),
            Some(name) => Err(format!("{} has no field `{name}`", self.what)),
        }
    }
}

/// Lets errors of something nested follow the name of the field: "`at`: …" or "`at` is …".
fn nested(wrong: String) -> String {
    format!(": {wrong}")
}

impl FromJson for bool {
    fn from_json(value: Value) -> Result<Self, String> {
        let found = value.as_bool();
        found.ok_or_else(|| format!(" is {}, but must be true or false", shown(&value)))
    }
}

impl FromJson for String {
    fn from_json(value: Value) -> Result<Self, String> {
        match value {
            Value::String(text) => Ok(text),
            other => Err(format!(" is {}, but must be a string", shown(&other))),
        }
    }
}

impl FromJson for u64 {
    fn from_json(value: Value) -> Result<Self, String> {
        let found = value.as_u64();
        found.ok_or_else(|| {
            format!(" is {}, but must be a whole number from 0 to {}", shown(&value), Self::MAX)
        })
    }
}

impl FromJson for u32 {
    fn from_json(value: Value) -> Result<Self, String> {
        let found = value.as_u64().and_then(|number| Self::try_from(number).ok());
        found.ok_or_else(|| {
            format!(" is {}, but must be a whole number from 0 to {}", shown(&value), Self::MAX)
        })
    }
}

impl FromJson for i64 {
    fn from_json(value: Value) -> Result<Self, String> {
        let found = value.as_i64();
        found.ok_or_else(|| {
            format!(" is {}, but must be a whole number of at most 64 bits", shown(&value))
        })
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: Value) -> Result<Self, String> {
        let Value::Array(values) = value else {
            return Err(format!(" is {}, but must be a list", shown(&value)));
        };
        let numbered = values.into_iter().enumerate();
        numbered
            .map(|(at, value)| T::from_json(value).map_err(|wrong| format!("[{at}]{wrong}")))
            .collect()
    }
}

/// One of a few names.
fn one_of<T: Copy>(
    value: &Value,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, String> {
    let found = value.as_str().and_then(|text| all.iter().find(|one| name(**one) == text));
    found.copied().ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|one| format!("`{}`", name(*one))).collect();
        format!(" is {}, but must be one of {}", shown(value), names.join(", "))
    })
}

impl FromJson for End {
    fn from_json(value: Value) -> Result<Self, String> {
        one_of(&value, &Self::ALL, Self::letter)
    }
}

impl FromJson for Kind {
    fn from_json(value: Value) -> Result<Self, String> {
        one_of(&value, &Self::ALL, Self::name)
    }
}

impl FromJson for Event {
    fn from_json(value: Value) -> Result<Self, String> {
        one_of(&value, &Self::ALL, Self::name)
    }
}

impl FromJson for Ending {
    fn from_json(value: Value) -> Result<Self, String> {
        one_of(&value, &Self::ALL, Self::name)
    }
}

impl FromJson for Place {
    fn from_json(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of(value, "a place").map_err(nested)?;
        let place = place(&mut fields).map_err(nested)?;
        fields.end().map_err(nested).map(|()| place)
    }
}

fn place(fields: &mut Fields) -> Result<Place, String> {
    Ok(Place { index: fields.required("index")?, space: fields.or_default("space")? })
}

impl FromJson for Mention {
    fn from_json(value: Value) -> Result<Self, String> {
        let read = || -> Result<Self, String> {
            let mut fields = Fields::of(value, "a mention")?;
            let at = place(&mut fields)?;
            let again = fields.optional("again")?;
            let promise = fields.or_default("promise")?;
            fields.end().map(|()| Self { at, again, promise })
        };
        read().map_err(nested)
    }
}

impl FromJson for Release {
    fn from_json(value: Value) -> Result<Self, String> {
        let read = || -> Result<Self, String> {
            let mut fields = Fields::of(value, "a release")?;
            let at = place(&mut fields)?;
            let count = fields.required("count")?;
            fields.end().map(|()| Self { at, count })
        };
        read().map_err(nested)
    }
}

impl FromJson for Ref {
    fn from_json(value: Value) -> Result<Self, String> {
        let read = || -> Result<Self, String> {
            let mut fields = Fields::of(value, "a reference")?;
            let mention = fields.optional("mention")?.map(Self::Mention);
            let home = fields.optional("home")?.map(Self::Home);
            let answer = fields.optional("answer")?.map(Self::Answer);
            fields.end()?;
            match (mention, home, answer) {
                (Some(one), None, None) | (None, Some(one), None) | (None, None, Some(one)) => {
                    Ok(one)
                }
                _ => Err("a reference is one of `mention`, `home`, `answer`".to_owned()),
            }
        };
        read().map_err(nested)
    }
}

impl FromJson for Header {
    fn from_json(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of(value, "the header")?;
        let trace: String = fields.required("trace")?;
        if trace != FORMAT {
            return Err(format!("`trace` is '{trace}', and this reads '{FORMAT}'"));
        }
        let header = Self {
            trace,
            system: fields.required("system")?,
            peer: fields.or_default("peer")?,
            reads: fields.or_default("reads")?,
            locals: fields.or_default("locals")?,
        };
        fields.end().map(|()| header)
    }
}

impl FromJson for Message {
    fn from_json(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of(value, "a message")?;
        let message = Self {
            seq: fields.required("seq")?,
            session: fields.session()?,
            from: fields.required("from")?,
            kind: fields.required("kind")?,
            question: fields.optional("question")?,
            target: fields.optional("target")?,
            refs: fields.or_default("refs")?,
            releases: fields.or_default("releases")?,
            promise: fields.optional("promise")?,
            release_params: fields.or_default("release_params")?,
            release_results: fields.or_default("release_results")?,
            no_finish: fields.or_default("no_finish")?,
            text: fields.or_default("text")?,
        };
        fields.end()?;
        message.check().map(|()| message)
    }
}

impl FromJson for Local {
    fn from_json(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of(value, "an event")?;
        let local = Self {
            seq: fields.required("seq")?,
            session: fields.session()?,
            at: fields.required("at")?,
            event: fields.required("event")?,
            import: fields.optional("import")?,
            question: fields.optional("question")?,
        };
        fields.end()?;
        local.check().map(|()| local)
    }
}

impl FromJson for Tables {
    fn from_json(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of(value, "a line with `tables`")?;
        let tables = Self {
            seq: fields.required("seq")?,
            session: fields.session()?,
            tables: fields.required("tables")?,
            exports: fields.optional("exports")?,
            imports: fields.optional("imports")?,
            questions: fields.optional("questions")?,
            answers: fields.optional("answers")?,
        };
        fields.end().map(|()| tables)
    }
}

impl FromJson for Ended {
    fn from_json(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of(value, "the last line")?;
        let ended = Self { seq: fields.required("seq")?, end: fields.required("end")? };
        fields.end().map(|()| ended)
    }
}

impl FromJson for Line {
    /// Which key is there tells the lines apart.
    fn from_json(value: Value) -> Result<Self, String> {
        let Value::Object(map) = &value else {
            return Err(format!("a line is an object, and this is {}", shown(&value)));
        };
        let has = |key| map.contains_key(key);
        if has("from") {
            Message::from_json(value).map(Self::Message)
        } else if has("event") {
            Local::from_json(value).map(Self::Local)
        } else if has("tables") {
            Tables::from_json(value).map(Self::Tables)
        } else if has("end") {
            Ended::from_json(value).map(Self::End)
        } else if has("trace") {
            Err("a second header: only the first line is one".to_owned())
        } else {
            Err("a line has one of `from` (a message), `event`, `tables`, `end`".to_owned())
        }
    }
}
