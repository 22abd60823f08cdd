//! What stands around the test: the imports, the messages, the law.

use super::run::Followed;
use super::script::{Script, comment, name};
use std::fmt::Write;

const COLUMNS: usize = 100;

/// What of the crate a test may name.
const NAMES: [&str; 11] = [
    "Admission",
    "Descriptor",
    "GcExportOp",
    "Index",
    "Limits",
    "ProxyId",
    "Received",
    "SessionId",
    "Tables",
    "Violation",
    "Written",
];

/// What a message may say: what it is for, and the variant with what it holds.
const VARIANTS: [(&str, &str, &str); 5] = [
    ("Carries", "It carries references.", "(Vec<Descriptor>)"),
    ("GivesBack", "It gives mentions back.", "(GcExportOp)"),
    ("Over", "It is the last of its session.", ""),
    ("Faulty", "References that break the protocol. No law counts them.", "(Vec<Descriptor>)"),
    ("FaultyGc", "A `GCExportOp` that breaks the protocol.", "(Index, u32)"),
];

/// The helpers that a test may call: by what it is known that it does, and the text.
const HELPERS: [(&str, &str); 6] = [
    (
        "references(",
        r#"
/// The references of the next message.
fn references(next: Option<(SessionId, Message)>) -> Vec<Descriptor> {
    match next {
        Some((_, Carries(descriptors))) => descriptors,
        other => panic!("no references, but {other:?}"),
    }
}
"#,
    ),
    (
        "given_back(",
        r#"
/// What the next message gives back.
fn given_back(next: Option<(SessionId, Message)>) -> GcExportOp {
    match next {
        Some((_, GivesBack(op))) => op,
        other => panic!("nothing given back, but {other:?}"),
    }
}
"#,
    ),
    (
        "faulty(",
        r#"
/// The references of the next message, which break the protocol.
fn faulty(next: Option<(SessionId, Message)>) -> Vec<Descriptor> {
    match next {
        Some((_, Faulty(descriptors))) => descriptors,
        other => panic!("nothing wrong, but {other:?}"),
    }
}
"#,
    ),
    (
        "faulty_gc(",
        r#"
/// The index and the delta of the next message, which break the protocol.
fn faulty_gc(next: Option<(SessionId, Message)>) -> (Index, u32) {
    match next {
        Some((_, FaultyGc(index, delta))) => (index, delta),
        other => panic!("nothing wrong, but {other:?}"),
    }
}
"#,
    ),
    (
        "installed(",
        r#"
/// A proxy that had to be made.
fn installed(received: Received<&'static str>) -> ProxyId {
    match received {
        Received::Proxy { proxy, installed } if installed => proxy,
        other => panic!("no new proxy, but {other:?}"),
    }
}
"#,
    ),
    (
        "live(",
        r#"
/// A proxy that was there.
fn live(proxy: ProxyId) -> Received<&'static str> {
    let installed = false;
    Received::Proxy { proxy, installed }
}
"#,
    ),
];

const LAW: &str = r"
    let session = exporter.session();
    let mention = |d: &&Descriptor| d.is_mention() && d.index() == @INDEX;
    let mentions = |all: &[Descriptor]| all.iter().filter(mention).count();
    let mut in_flight = 0;
@HALF    for (_, message) in out.iter().filter(|(of, _)| *of == session) {
        if let Carries(descriptors) = message {
            in_flight += mentions(descriptors);
        }
    }
    let mut coming_back = 0;
    for (_, message) in back.iter().filter(|(of, _)| *of == session) {
        match message {
            GivesBack(op) if op.index == @INDEX => coming_back += op.delta.get(),
            _ => {}
        }
    }
    let in_flight = u32::try_from(in_flight).unwrap();
    let entry = importer.imports().entry(@INDEX);
    let imported = entry.map_or(0, |entry| entry.slot.count().get());
    let count = exporter.exports().count(@INDEX).get();
    assert_eq!(count, in_flight + imported + coming_back);
    [count, in_flight, imported, coming_back]
}
";

const IN_THE_MAKING: &str = "    if let Some(written) = half {
        in_flight += mentions(written.descriptors());
    }
";

/// The whole file.
pub(super) fn file(followed: &Followed, test: &str, story: &[String], script: &Script) -> String {
    let mut body = String::new();
    for line in script.lines() {
        let indent = if line.is_empty() { "" } else { "    " };
        // Writing to a string cannot fail.
        let _written = writeln!(body, "{indent}{line}");
    }
    let rest = rest(followed, test, story, script, &body);
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let code: String = rest.lines().filter(is_code).collect();
    let mut file = String::from(
        "//! A schedule that breaks a bent protocol, and the tables of `captp-gc`, which survive \
         it.\n//!\n//! Made from a counterexample of the model of E's CapTP.\n\n",
    );
    for module in ["Descriptor", "Reference"] {
        let known: &[&str] = match module {
            "Descriptor" => &["ExportDesc", "ImportDesc", "NewFarDesc"],
            _ => &["Local", "Proxy"],
        };
        let named: Vec<_> =
            known.iter().copied().filter(|known| code.contains(&format!("{known}("))).collect();
        file.push_str(&import(&format!("captp_gc::protocol::{module}"), &named));
    }
    let named: Vec<_> = NAMES.into_iter().filter(|known| code.contains(known)).collect();
    file.push_str(&import("captp_gc::protocol", &named));
    file.push_str("use std::collections::VecDeque;\n");
    file.push_str(&rest);
    file
}

/// What follows the imports.
fn rest(followed: &Followed, test: &str, story: &[String], script: &Script, body: &str) -> String {
    let mut text = String::from(
        "\n/// The tables of one vat.
type Vat = Tables<&'static str>;\n",
    );
    text.push_str(
        "/// The messages in flight to a vat, each with its session; the next is first.\n",
    );
    text.push_str("type Channel = VecDeque<(SessionId, Message)>;\n\n");
    for index in script.indices() {
        let _written = writeln!(text, "const {}: Index = Index::new({index});", name(index));
    }
    text.push_str("\n/// What one vat tells the other.\n#[derive(Debug)]\n");
    let is_made =
        |made: &str| [")", "("].iter().any(|next| body.contains(&format!(", {made}{next}")));
    let law = |variant: &str| matches!(variant, "Carries" | "GivesBack");
    let unmade = ["Carries", "GivesBack"].into_iter().any(|variant| !is_made(variant));
    let readers = [("Faulty", "faulty("), ("FaultyGc", "faulty_gc(")];
    let unread = readers.into_iter().any(|(made, read)| is_made(made) && !body.contains(read));
    if unmade || unread {
        let reason = "not every schedule sends and reads all of it";
        let _written = writeln!(text, "#[allow(dead_code, reason = \"{reason}\")]");
    }
    text.push_str("enum Message {\n");
    let variants = VARIANTS.iter().filter(|(variant, ..)| law(variant) || is_made(variant));
    let mut names = Vec::new();
    for (variant, what, holds) in variants {
        let _written = writeln!(text, "    /// {what}\n    {variant}{holds},");
        names.push(*variant);
    }
    text.push_str("}\n\n");
    names.sort_unstable();
    text.push_str(&import("Message", &names));
    text.push('\n');
    text.push_str(&story_text(story));
    let _written = writeln!(text, "#[test]\nfn {test}() {{");
    text.push_str(&body_start(followed, body));
    text.push_str(body);
    text.push_str("}\n");
    text.push_str(&law_text(followed));
    for (call, helper) in HELPERS {
        if [' ', '(', '&'].iter().any(|before| body.contains(&format!("{before}{call}"))) {
            text.push_str(helper);
        }
    }
    text
}

fn story_text(story: &[String]) -> String {
    let paragraphs: Vec<_> =
        story.iter().map(|paragraph| comment("/// ", paragraph).join("\n")).collect();
    format!("{}\n", paragraphs.join("\n///\n"))
}

fn body_start(followed: &Followed, body: &str) -> String {
    let mut start = String::new();
    let mutable = |changed: bool| if changed { "mut " } else { "" };
    for vat in ["vat_a", "vat_b"] {
        let deeds = ["write", "unwrite", "read", "gc_export", "clear", "notify", "close"];
        let change = |deed: &str| body.contains(&format!("{vat}.{deed}("));
        let mutable = mutable(deeds.into_iter().any(change));
        let new = "Tables::new(SessionId::FIRST, Limits::default())";
        let _written = writeln!(start, "    let {mutable}{vat} = {new};");
    }
    for channel in ["to_a", "to_b"] {
        let mutable = mutable(body.contains(&format!("{channel}.push_back(")));
        let _written = writeln!(start, "    let {mutable}{channel} = Channel::new();");
    }
    for half in &followed.half_writers {
        let _written = writeln!(start, "    let mut {half}: Option<Written> = None;");
    }
    start.push('\n');
    start
}

/// The function that computes both sides of the conservation law.
fn law_text(followed: &Followed) -> String {
    let Followed { exporter, importer, index, half, .. } = followed;
    let mut text = String::from("\n");
    for line in comment(
        "/// ",
        &format!(
            "What {exporter} counts of exports[{index}], and what accounts for it: the mentions in \
             flight, what {importer} has imported, and what is coming back. The one is the sum of \
             the others, whenever both are in the same session."
        ),
    ) {
        let _written = writeln!(text, "{line}");
    }
    if *half {
        text.push_str(
            "fn counts(\n    exporter: &Vat,\n    importer: &Vat,\n    out: &Channel,\n    back: \
             &Channel,\n    half: &Option<Written>,\n) -> [u32; 4] {",
        );
    } else {
        text.push_str(
            "fn counts(exporter: &Vat, importer: &Vat, out: &Channel, back: &Channel) -> [u32; 4] \
             {",
        );
    }
    let law = LAW.replace("@INDEX", &name(*index));
    text.push_str(&law.replace("@HALF", if *half { IN_THE_MAKING } else { "" }));
    text
}

/// A `use` of these names, on as few lines as rustfmt makes of it.
fn import(from: &str, names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [name] => format!("use {from}::{name};\n"),
        names => {
            let line = format!("use {from}::{{{}}};\n", names.join(", "));
            if line.chars().count() <= COLUMNS + 1 {
                return line;
            }
            let all = format!("{},", names.join(", "));
            let lines = textwrap::wrap(&all, COLUMNS - 4).join("\n    ");
            format!("use {from}::{{\n    {lines}\n}};\n")
        }
    }
}
