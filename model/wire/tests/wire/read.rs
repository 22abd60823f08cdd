//! What the reader says of a file that is wrong, and that it keeps its memory bounded.

use captp_wire::line::{Ending, FORMAT, Line};
use captp_wire::read::{LINE_MAX, Reader};
use std::io::{BufReader, Cursor, Read};

fn header() -> String {
    format!(r#"{{"trace":"{FORMAT}","system":"capnp"}}"#)
}

/// The first thing that is wrong with a file that has this second line.
fn wrong(line: &str) -> String {
    wrong_file(&format!("{}\n{line}\n", header()))
}

fn wrong_file(file: &str) -> String {
    wrong_bytes(file.as_bytes())
}

fn wrong_bytes(file: &[u8]) -> String {
    match Reader::new(Cursor::new(file)) {
        Err(error) => error.to_string(),
        Ok(reader) => {
            let error = reader.into_iter().find_map(Result::err);
            error.map_or_else(|| "nothing".to_owned(), |error| error.to_string())
        }
    }
}

#[test]
fn a_file_is_read_line_by_line_with_the_numbers_of_its_lines() {
    let file = format!(
        "{}\n{}\n{}\n",
        header(),
        r#"{"seq":1,"from":"B","kind":"call","refs":[{"mention":{"index":0}}]}"#,
        r#"{"seq":2,"end":"quiescent"}"#,
    );
    let mut reader = Reader::new(Cursor::new(file)).unwrap();
    assert_eq!(reader.header().system, "capnp");
    let lines: Vec<_> = reader.by_ref().map(Result::unwrap).collect();
    assert_eq!(lines.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [2, 3]);
    assert!(matches!(&lines[0].1, Line::Message(message) if message.session == 1));
    assert_eq!(reader.ending(), Some(Ending::Quiescent));
}

#[test]
fn a_foreign_file_is_no_trace() {
    assert_eq!(wrong_file(""), "the file is empty");
    let json = "line 1: this is not a wire trace: it is not JSON: expected value at column 1";
    assert_eq!(wrong_file("# Title\n"), json);
    let object = "line 1: this is not a wire trace: the header is [1], but must be an object";
    assert_eq!(wrong_file("[1]\n"), object);
    let missing = "line 1: this is not a wire trace: `trace` is missing in the header";
    assert_eq!(wrong_file("{\"name\":1}\n"), missing);
    assert_eq!(
        wrong_file("{\"trace\":\"captp-gc/wire/2\",\"system\":\"capnp\"}\n"),
        "line 1: this is not a wire trace: `trace` is 'captp-gc/wire/2', and this reads \
         'captp-gc/wire/1'"
    );
}

#[test]
fn a_file_that_was_cut_off_in_a_line_is_truncated_and_one_cut_between_lines_is_not() {
    let line = r#"{"seq":1,"from":"B","kind":"other"}"#;
    let cut = format!("{}\n{}", header(), &line[..20]);
    assert_eq!(wrong_file(&cut), "line 2: the file ends in the middle of it");
    let in_a_letter = [cut.as_bytes(), b"\xc3"].concat();
    assert_eq!(wrong_bytes(&in_a_letter), "line 2: the file ends in the middle of it");
    assert_eq!(wrong_file(&format!("{}\n{line}", header())), "nothing");
    assert_eq!(wrong_file(&header()[..10]), "line 1: the file ends in the middle of it");
}

#[test]
fn what_is_wrong_with_a_field_is_said_with_its_name() {
    let kind = wrong(r#"{"seq":1,"from":"A","kind":"cal"}"#);
    assert_eq!(
        kind,
        "line 2: `kind` is 'cal', but must be one of `bootstrap`, `call`, `return`, `finish`, \
         `release`, `resolve`, `unimplemented`, `over`, `other`"
    );
    let from = wrong(r#"{"seq":1,"from":"C","kind":"call"}"#);
    assert_eq!(from, "line 2: `from` is 'C', but must be one of `A`, `B`");
    let missing = wrong(r#"{"from":"A","kind":"call"}"#);
    assert_eq!(missing, "line 2: `seq` is missing in a message");
    let unknown = wrong(r#"{"seq":1,"from":"A","kind":"call","qestion":1}"#);
    assert_eq!(unknown, "line 2: a message has no field `qestion`");
    let refs = r#"[{"answer":0},{"mention":{"index":4294967296}}]"#;
    let index = wrong(&format!(r#"{{"seq":1,"from":"A","kind":"call","refs":{refs}}}"#));
    assert_eq!(
        index,
        "line 2: `refs`[1]: `mention`: `index` is 4294967296, but must be a whole number from 0 \
         to 4294967295"
    );
    let count =
        wrong(r#"{"seq":1,"from":"A","kind":"release","releases":[{"index":0,"count":0.5}]}"#);
    assert_eq!(
        count,
        "line 2: `releases`[0]: `count` is 0.5, but must be a whole number of at most 64 bits"
    );
    let two =
        wrong(r#"{"seq":1,"from":"A","kind":"call","refs":[{"answer":0,"home":{"index":1}}]}"#);
    assert_eq!(two, "line 2: `refs`[0]: a reference is one of `mention`, `home`, `answer`");
}

#[test]
fn what_does_not_fit_together_is_said() {
    let question = wrong(r#"{"seq":1,"from":"A","kind":"finish"}"#);
    assert_eq!(question, "line 2: `question` is missing, and a `finish` needs it");
    let params = wrong(r#"{"seq":1,"from":"A","kind":"call","release_params":true}"#);
    assert_eq!(params, "line 2: `release_params` belongs to a `return`, and this is a `call`");
    let drop = wrong(r#"{"seq":1,"at":"A","event":"drop"}"#);
    assert_eq!(drop, "line 2: `drop` needs either `import` or `question`");
    let nothing = wrong(r#"{"seq":1}"#);
    assert_eq!(nothing, "line 2: a line has one of `from` (a message), `event`, `tables`, `end`");
    assert_eq!(wrong(&header()), "line 2: a second header: only the first line is one");
    assert_eq!(wrong(""), "line 2: a line must not be empty");
}

#[test]
fn lines_are_numbered_without_gaps_and_nothing_follows_the_last() {
    assert_eq!(
        wrong(r#"{"seq":2,"end":"cut"}"#),
        "line 2: `seq` is 2, but must be 1: lines are missing or moved"
    );
    let after = wrong("{\"seq\":1,\"end\":\"cut\"}\n{\"seq\":2,\"end\":\"cut\"}");
    assert_eq!(after, "line 3: nothing may follow the line that has `end`");
}

#[test]
fn a_line_without_end_is_refused_before_it_fills_the_memory() {
    let endless = Cursor::new(header() + "\n").chain(std::io::repeat(b' '));
    let mut reader = Reader::new(BufReader::new(endless)).unwrap();
    let error = reader.next().unwrap().unwrap_err();
    assert_eq!(error.to_string(), format!("line 2: it is longer than {LINE_MAX} bytes"));
    assert!(reader.next().is_none(), "after an error nothing is read");
}

#[test]
fn hostile_nesting_is_an_error() {
    let deep = "[".repeat(100_000);
    assert!(wrong(&deep).starts_with("line 2: it is not JSON: recursion limit exceeded"));
}
