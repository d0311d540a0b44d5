//! What is tried on the parsers: a function each, from any bytes, which panics if a promise is
//! broken. cargo-fuzz calls them (fuzz_targets/), and so does `make check` (check.rs).
#![allow(dead_code, reason = "a fuzz target uses one of them")]

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use common::base::death::Death;
use common::base::signal::Signal;
use common::base::stamp::{LABEL, Wall, label};
use common::base::when::{self, Zone};
use common::format::event::{self, Line};
use common::format::letters::{COMMANDS, Command, Event, ScanCommand};
use common::format::record::Writer;
use common::format::records::{self, Exit, Holder, Process};
use common::format::servicedir::{FILES, Settings};
use common::format::status::{self, Status};
use common::format::{logline, record, tally};
use common::os::process::{BootId, Stat};

/// The name of a body, which is that of its corpus too, and the body.
pub(crate) type Body = (&'static str, fn(&[u8]));

/// All of them.
pub(crate) const BODIES: &[Body] = &[
    ("record", record),
    ("records", records),
    ("status", status),
    ("settings", settings),
    ("event", event),
    ("letters", letters),
    ("stat", stat),
    ("words", words),
    ("script", script),
    ("logline", logline),
    ("when", when),
    ("envfile", envfile),
    ("envdir", envdir),
    ("expand", expand),
    ("chain", chain),
    ("datagram", datagram),
    ("service", service),
    ("graph", graph),
    ("request", request),
    ("table", table),
    ("replay", replay),
];

/// Lines of a record: none is invented, and what a writer makes of them reads back.
pub(crate) fn record(bytes: &[u8]) {
    let Some(fields) = record::parse(bytes) else { return };
    let size: usize = fields.clone().map(|(key, value)| key.len() + value.len() + 2).sum();
    assert!(size <= bytes.len());
    let mut writer = record::Writer::<4096>::new();
    for (key, value) in fields.clone() {
        writer.put(key, format_args!("{value}"));
    }
    let again = writer.seal().and_then(record::parse);
    assert!(again.is_none_or(|again| again.eq(fields)));
}

/// The three small records: what was read can be written, and reads back the same.
pub(crate) fn records(bytes: &[u8]) {
    let bytes = &sealed(bytes);
    if let Some(process) = Process::unpack(bytes) {
        let text = process.pack();
        assert!(text.as_ref().is_none_or(|t| t.bytes().len() <= records::SIZE));
        assert!(text.is_some_and(|t| Process::unpack(t.bytes()) == Some(process)));
    }
    if let Some(holder) = Holder::unpack(bytes) {
        assert!(holder.pack().is_some_and(|t| Holder::unpack(t.bytes()) == Some(holder)));
    }
    if let Some(exit) = Exit::unpack(bytes) {
        assert!(exit.pack().is_some_and(|t| Exit::unpack(t.bytes()) == Some(exit)));
    }
}

/// A status: whatever was read can be written within its size; what is written reads back, and
/// writing that again changes nothing (long texts are cut once).
pub(crate) fn status(bytes: &[u8]) {
    let Some(status) = Status::unpack(&sealed(bytes)) else { return };
    let mut writer = Writer::new();
    let text = status.pack(&mut writer);
    assert!(text.len() <= status::MAX);
    let again = Status::unpack(text);
    assert!(again.is_some(), "{status:?}");
    let Some(again) = again else { return };
    assert_eq!(again.pack(&mut Writer::new()), text);
    assert_eq!((again.phase, again.seq, again.pid), (status.phase, status.seq, status.pid));
    assert_eq!(again.wanted, status.wanted);
    // A start time without a process means nothing, and is not kept.
    assert!(status.pid.is_none() || again.start == status.start);
}

/// The files of a service directory: one that can't be used changes nothing and is named in one
/// line; one that can changes nothing else.
pub(crate) fn settings(bytes: &[u8]) {
    for name in FILES {
        let mut settings = Settings::default();
        match settings.take(name, bytes) {
            Ok(()) => {
                let mut again = settings.clone();
                assert!(again.take(name, bytes).is_ok() && again == settings);
            }
            Err(e) => {
                assert_eq!(settings, Settings::default());
                assert!(e.message.starts_with(name) && e.message.len() < 512, "{}", e.message);
                assert!(!e.message.contains(char::is_control), "{:?}", e.message);
            }
        }
    }
}

/// Event lines: what was read is written in one line of bounded size, and reads back.
pub(crate) fn event(bytes: &[u8]) {
    let Some(line) = bytes.split(|b| *b == b'\n').next().and_then(Line::unpack) else { return };
    let text = line.pack();
    assert!(text.bytes().len() <= event::MAX);
    if !text.is_cut() {
        assert_eq!(text.bytes().strip_suffix(b"\n").and_then(Line::unpack), Some(line));
    }
}

/// Letters of all kinds: one that is known is its own.
pub(crate) fn letters(bytes: &[u8]) {
    for letter in bytes {
        assert!(Command::from_letter(*letter).is_none_or(|c| c.letter() == *letter));
        assert!(Event::from_letter(*letter).is_none_or(|e| e.letter() == *letter));
        let scan = ScanCommand::from_letter(*letter);
        assert!(scan.is_none_or(|c| c.letter() == *letter || *letter == b'i'));
    }
    let named = std::str::from_utf8(bytes).ok().and_then(Command::from_name);
    assert!(named.is_none_or(|c| COMMANDS.iter().any(|row| row.1 == c)));
}

/// /proc/PID/stat: a name in it, whatever it is, changes nothing of the rest.
pub(crate) fn stat(bytes: &[u8]) {
    let read = Stat::parse(bytes);
    let mut named = b"1 (".to_vec();
    named.extend(bytes);
    named.extend(b") S 4711 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 777 1 2 3 0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 256\n");
    let stat = Stat { state: b'S', parent: 4711, start: 777, wait_status: 256 };
    assert_eq!(Stat::parse(&named), Some(stat));
    if let (Some(read), Some(end)) = (read, bytes.iter().rposition(|b| *b == b')')) {
        let mut other = b"12 (name".to_vec();
        other.extend(&bytes[end..]);
        assert_eq!(Stat::parse(&other), Some(read));
    }
}

/// Deaths, signals, times and boots: what was read reads back as written.
pub(crate) fn words(bytes: &[u8]) {
    if let Some(boot) = BootId::parse(bytes) {
        assert_eq!(boot.as_str().as_bytes(), bytes);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(death) = Death::parse(text) {
        assert_eq!(Death::parse(&death.to_string()), Some(death));
        assert_eq!(tally::entry(Wall(0), death).len(), tally::ENTRY);
    }
    if let Some(signal) = Signal::parse(text) {
        assert_eq!(Signal::parse(&signal.to_string()), Some(signal));
        assert!((1..=64).contains(&signal.number()));
    }
    if let Some(wall) = Wall::parse(text) {
        assert_eq!(Wall::parse(&wall.to_string()), Some(wall));
        assert!(wall.iso().ends_with('Z') && wall.iso().len() == 24, "{}", wall.iso());
    }
}

/// A logger's script, as a file and as a command line with a word a line: what is wrong is told in
/// one line with its place; what is right means the same with a comment behind it.
pub(crate) fn script(bytes: &[u8]) {
    // Repetitions of repetitions take the C library's matcher as much memory as there is.
    if bytes.contains(&b'{') {
        return;
    }
    match bins::log::number_of_file("file", bytes) {
        Ok(number) => {
            let more = [bytes, b"\n # end\n\n"].concat();
            assert_eq!(bins::log::number_of_file("file", &more), Ok(number));
        }
        Err(e) => {
            assert!(e.message.starts_with("file:") && e.message.len() < 1024, "{}", e.message);
            assert!(!e.message.contains(char::is_control), "{:?}", e.message);
        }
    }
    let words = bytes.split(|b| *b == b'\n').map(<[u8]>::to_vec).map(OsString::from_vec);
    if let Err(e) = bins::log::number_of_words(words.collect()) {
        assert_eq!(e.code, 100);
    }
}

/// Stamps of log lines: none is longer than its line, a label is that of its time, and what has been
/// read before changes nothing.
pub(crate) fn logline(bytes: &[u8]) {
    let mut reader = logline::Reader::default();
    for line in bytes.split(|b| *b == b'\n') {
        let stamp = reader.read(line);
        assert_eq!(logline::Reader::default().read(line), stamp);
        let Some(stamp) = stamp else { continue };
        assert!(stamp.length <= line.len());
        if line.starts_with(b"@") {
            assert_eq!(label(&line[..LABEL]), Some(stamp.time));
            assert_eq!(Wall::from_tai64n(stamp.time.tai64n()), Some(stamp.time));
        }
    }
}

/// Times as people write them: what is none is named in one line, what is past is no future.
pub(crate) fn when(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let now = Wall(1_795_258_800_000_000_000);
    match when::parse(text, now, Zone::HERE) {
        Ok(time) if text.trim().starts_with('-') || text.contains("ago") => assert!(time <= now),
        Ok(_) => {}
        Err(e) => assert!(e.message.starts_with("invalid time: "), "{}", e.message),
    }
}

/// A file of variables: names are names, values can be handed to a program, and what was read reads
/// back when each value is quoted. A mistake is in a line that there is.
pub(crate) fn envfile(bytes: &[u8]) {
    let variables = match chainload::variables_of_file(bytes) {
        Ok(variables) => variables,
        Err(line) => return assert!((1..=bytes.split(|b| *b == b'\n').count()).contains(&line)),
    };
    let mut quoted = Vec::new();
    for (name, value) in &variables {
        assert!(name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_'));
        assert!(!name.is_empty() && !name[0].is_ascii_digit() && !value.contains(&0));
        quoted.extend([name.as_slice(), b"=\""].concat());
        for byte in value {
            quoted.extend(b"\\".iter().filter(|_| matches!(byte, b'"' | b'\\' | b'$' | b'`')));
            quoted.push(*byte);
        }
        quoted.extend(b"\"\n");
    }
    assert_eq!(chainload::variables_of_file(&quoted), Ok(variables));
}

/// A file of a variable: its value can be handed to a program, is no longer than the first line, and
/// has a newline for each NUL.
pub(crate) fn envdir(bytes: &[u8]) {
    let value = chainload::value_of_file(bytes);
    assert_eq!(value.is_none(), bytes.is_empty());
    let (Some(value), Some(line)) = (value, bytes.split(|b| *b == b'\n').next()) else { return };
    assert!(value.len() <= line.len() && !value.contains(&0));
    let count = |text: &[u8], byte: u8| text.iter().filter(|b| **b == byte).count();
    assert_eq!(count(&value, b'\n'), count(line, 0));
    assert!(!value.ends_with(b" ") && !value.ends_with(b"\t"));
}

/// Words of a command line, the first line being the value of `A`, each other one a word: one without
/// a dollar is what it was; one in which each is doubled is what it was before; with the words for
/// defaults, one without any is what it is without.
pub(crate) fn expand(bytes: &[u8]) {
    let mut lines = bytes.split(|b| *b == b'\n');
    let first = lines.next().unwrap_or_default();
    let value = |name: &[u8]| (name == b"A").then(|| first.to_vec());
    for word in lines {
        let words = chainload::words_of_word(word, false, &value);
        let with_defaults = chainload::words_of_word(word, true, &value);
        let has = |pair: &[u8]| word.windows(2).any(|w| w == pair);
        if !word.contains(&b'$') {
            assert_eq!(words, [word]);
        }
        if !has(b":-") && !has(b":+") {
            assert_eq!(words, with_defaults);
        }
        // Only a word that is a variable is not one word.
        assert!(words.len() == 1 || word.starts_with(b"$"));
        // Each byte of a word is taken once, and at most one value for each three of them.
        let most = word.len() + word.len() / 3 * first.len() + first.len();
        for words in [&words, &with_defaults] {
            assert!(words.iter().map(Vec::len).sum::<usize>() <= most);
        }
        let mut doubled = word.to_vec();
        for at in (0..word.len()).rev().filter(|at| word[*at] == b'$') {
            doubled.insert(at, b'$');
        }
        assert_eq!(chainload::words_of_word(&doubled, true, &value), [word]);
    }
}

/// A chain file: its words, each quoted, make the same chain, or a mistake has a place that is in it.
pub(crate) fn chain(bytes: &[u8]) {
    let lines = match chainload::lines_of_chain(bytes) {
        Ok(lines) => lines,
        Err((line, column)) => {
            let there = bytes.split(|b| *b == b'\n').nth(line - 1);
            assert!(there.is_some_and(|text| column <= text.len() + 1));
            return;
        }
    };
    let mut quoted = Vec::new();
    for line in &lines {
        for word in line {
            let parts: Vec<&[u8]> = word.as_bytes().split(|b| *b == b'\'').collect();
            quoted.extend([b"'", &parts.join(&b"'\"'\"'"[..])[..], b"' "].concat());
        }
        quoted.push(b'\n');
    }
    assert_eq!(chainload::lines_of_chain(&quoted), Ok(lines));
}

/// What a program says of itself: whatever it is, its status is one line that can be shown, no longer
/// than what was said (a byte that is no text is shown as three), and a line more changes nothing else.
pub(crate) fn datagram(bytes: &[u8]) {
    let message = chainload::message_of_datagram(bytes);
    if let Some(status) = &message.status {
        assert!(!status.contains(char::is_control) && status.len() <= 3 * bytes.len());
    }
    let says = |line: &[u8]| bytes.split(|b| *b == b'\n').any(|said| said == line);
    assert_eq!(message.ready, says(b"READY=1"));
    assert_eq!(message.alive, says(b"WATCHDOG=1"));
    let more = [b"X=1\n", bytes, b"\nREADY\n=1\n"].concat();
    assert_eq!(chainload::message_of_datagram(&more), message);
}

/// A service file, as it is and as an instance of a template: each complaint has a place that is in the
/// text and can be shown; a comment behind a file that is right changes nothing.
pub(crate) fn service(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for parameter in [None, Some("tty1")] {
        let found = bins::manager::service_file::complaints(&text, parameter);
        for complaint in &found {
            let place =
                complaint.strip_prefix("file:").and_then(|rest| rest.split_once(": error[E"));
            let place = place.and_then(|(place, _)| place.split_once(':'));
            let number = |word: &str| word.parse().ok().filter(|number: &usize| *number > 0);
            let place = place.and_then(|(line, column)| Some((number(line)?, number(column)?)));
            let line = place.and_then(|(line, _)| text.split('\n').nth(line - 1));
            assert!(
                line.is_some_and(|line| place.is_some_and(|p| p.1 <= line.chars().count() + 1))
            );
            assert!(!complaint.contains(|c: char| c.is_control() && c != '\n'), "{complaint:?}");
        }
        if found.is_empty() {
            let more = format!("{text}\n# end\n");
            assert!(bins::manager::service_file::complaints(&more, parameter).is_empty());
        }
    }
}

/// A graph: what was read is written as lines that read back the same, and what is wrong is told in one
/// line, of a line that there is.
pub(crate) fn graph(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match bins::manager::graph_file::unpack(&text) {
        Ok(contents) => {
            assert_eq!(bins::manager::graph_file::unpack(&contents.pack()), Ok(contents));
        }
        Err(what) => {
            let number = what.strip_prefix("line ").and_then(|rest| rest.split_once(':'));
            let number = number.and_then(|(number, _)| number.parse().ok());
            assert!(number.is_none_or(|number: usize| number <= text.split('\n').count()));
            assert!(!what.contains(char::is_control), "{what:?}");
        }
    }
}

/// What is written to the manager's fifos, and what it answers: what was read is written as a line that
/// reads back the same, and a long request as lines of which each fits.
pub(crate) fn request(bytes: &[u8]) {
    use bins::manager::announcement::Announcement;
    use bins::manager::policy::Policy;
    use bins::manager::request::{Answer, LONGEST, Line, Request};
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Some(announcement) = Announcement::unpack(line) {
            let text = announcement.to_string();
            assert_eq!(Announcement::unpack(text.as_bytes()), Some(announcement));
        }
        let Some(Line { id, part, text }) = Line::unpack(line) else { continue };
        assert!(part.0 >= 1 && part.0 <= part.1);
        let Ok(request) = Request::unpack(text) else { continue };
        assert_eq!(Request::unpack(&request.pack()).as_ref(), Ok(&request));
        let lines = request.lines(&id);
        assert!(lines.iter().all(|line| line.len() <= LONGEST));
        for line in lines {
            assert!(Line::unpack(line.trim_matches('\n').as_bytes()).is_some());
        }
    }
    let text = String::from_utf8_lossy(bytes);
    if let Some(answer) = Answer::unpack(&text) {
        assert_eq!(Answer::unpack(&answer.pack()), Some(answer));
    }
    let (policy, errors) = Policy::read(&text);
    assert!(policy.groups().all(|group| !group.is_empty() && !group.contains('/')));
    assert!(errors.len() <= text.lines().count());
}

/// The manager's table of states.
pub(crate) fn table(bytes: &[u8]) {
    if let Some(contents) = bins::manager::table::Contents::unpack(bytes) {
        assert!(contents.rows.len() <= bytes.len());
    }
}

/// A graph and a record of what an engine was told: whatever it is, the engine comes to an end with it,
/// and nothing is done before its time.
pub(crate) fn replay(bytes: &[u8]) {
    use bins::manager::engine::record;
    let text = String::from_utf8_lossy(bytes);
    let mut segments = record::segments(&text);
    let graph = segments.next().map(bins::manager::graph_file::unpack);
    let Some(Ok(contents)) = graph else { return };
    let graph = std::rc::Rc::new(contents.graph);
    for segment in segments {
        if let Ok(done) = record::replay(&graph, segment) {
            assert!(done.is_sorted_by_key(|(time, _)| *time));
        }
    }
}

/// The lines of a record with the right checksum at their end: else next to nothing that a fuzzer
/// makes gets past it. Unsealed bytes are tried as they are by `record`.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let mut writer = record::Writer::<8192>::new();
    for line in text.lines().filter(|l| !l.starts_with("version=") && !l.starts_with("check=")) {
        writer.line(format_args!("{line}"));
    }
    writer.seal().map_or_else(|| bytes.to_vec(), <[u8]>::to_vec)
}
