//! The tables in the pages of the formats say what the code says.

use bins::manager::announcement::Announcement;
use bins::manager::engine::{Event, Failure, Memory, State, Wish, record};
use bins::manager::graph_file;
use bins::manager::request::{Answer, VERBS};
use bins::manager::service_file::diagnostic::CODES;
use bins::manager::service_file::keys::KEYS;
use bins::manager::table::{Contents, Doing, Header, Row, Table};
use common::base::death::Death;
use common::base::error::exit;
use common::base::stamp::Wall;
use common::format::letters::{COMMANDS, EVENTS, SCAN_COMMANDS};
use common::format::status::{SIZE, Status};

fn page(name: &str) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../doc/html/").to_owned() + name;
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// What stands between two marks.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let start = text.find(from).unwrap_or_else(|| panic!("no {from}")) + from.len();
    let end = text[start..].find(to).unwrap_or_else(|| panic!("no {to}"));
    &text[start..start + end]
}

fn plain(cell: &str) -> String {
    let bare = cell.replace("<code>", "").replace("</code>", "").replace('\n', " ");
    bare.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").trim().to_owned()
}

/// The rows of a table, a text for each cell.
fn rows(table: &str) -> Vec<Vec<String>> {
    table.split("<tr><td>").skip(1).map(|row| row.split("<td>").map(plain).collect()).collect()
}

fn table(page_name: &str, id: &str) -> Vec<Vec<String>> {
    rows(between(&page(page_name), &format!("<table id=\"{id}\">"), "</table>"))
}

fn letters<T>(table: &[(u8, T, &str, &str)]) -> Vec<Vec<String>> {
    let row = |r: &(u8, T, &str, &str)| vec![char::from(r.0).into(), r.2.into(), r.3.into()];
    table.iter().map(row).collect()
}

#[test]
fn letters_are_those_of_the_code() {
    assert_eq!(table("control-letters.html", "commands"), letters(COMMANDS));
    assert_eq!(table("control-letters.html", "scan-commands"), letters(SCAN_COMMANDS));
    assert_eq!(table("events.html", "letters"), letters(EVENTS));
}

#[test]
fn the_verbs_and_the_answer_of_the_page_are_those_of_requests() {
    let verbs: Vec<String> =
        table("manager-requests.html", "verbs").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(verbs, VERBS.map(|(_, word)| word));
    let page = page("manager-requests.html");
    let answer = between(&page, "id=\"answers\"", "</pre>");
    let text = &answer[answer.find("<pre>").unwrap() + "<pre>".len()..];
    assert_eq!(Answer::unpack(text).map(|answer| answer.pack()), Some(text.to_owned()));
}

#[test]
fn what_the_page_says_is_announced_is_understood() {
    for row in table("manager-requests.html", "announcements") {
        let line = row[0].replace("STATE", "ready").replace('N', "7");
        let understood = Announcement::unpack(line.as_bytes());
        assert_eq!(understood.map(|a| a.to_string()), Some(line));
    }
}

#[test]
fn the_status_of_the_page_is_one_and_each_of_its_keys_is_explained() {
    let page = page("supervise-files.html");
    let section = between(&page, "<h2 id=\"status\">", "<h2 id=\"process\">");
    let mut bytes = between(section, "<pre>", "</pre>").as_bytes().to_vec();
    bytes.resize(SIZE, b'\n');
    let status = Status::unpack(&bytes);
    assert!(status.is_some(), "the checksum of the example is wrong");
    let rows = rows(section);
    let mut lines = String::new();
    for row in &rows {
        // The example in each row is one that the parser takes.
        assert_eq!(row[2].split_once('=').map(|(key, _)| key), Some(row[0].as_str()));
        lines += &(row[2].clone() + "\n");
    }
    let mut writer = common::format::record::Writer::<4096>::new();
    writer.line(format_args!("{}", lines.trim_end()));
    let all = writer.seal().and_then(Status::unpack);
    let all = all.unwrap_or_else(|| panic!("an example is refused: {lines}"));
    assert_eq!(all.other, "", "keys that the code does not know");
    // Packing it again names every key that there is.
    let mut writer = common::format::record::Writer::new();
    let packed = Status { other: String::new(), ready: Some(Wall(1)), ..all };
    let text = String::from_utf8_lossy(packed.pack(&mut writer)).into_owned();
    for key in text.lines().filter_map(|line| line.split_once('=')).map(|(key, _)| key) {
        let known = ["version", "check"].contains(&key) || rows.iter().any(|row| row[0] == key);
        assert!(known, "{key} is not in the page");
    }
}

#[test]
fn exit_codes_are_those_of_the_code() {
    let documented: Vec<_> =
        rows(&page("exitcodes.html")).iter().filter_map(|row| row[0].parse::<u8>().ok()).collect();
    let ours = [
        exit::OK,
        exit::NO,
        exit::TIMED_OUT,
        exit::USAGE,
        exit::NOT_SUPERVISED,
        exit::FAILED_FOR_GOOD,
        exit::SYSTEM,
        exit::CANNOT_RUN,
        exit::NOT_FOUND,
    ];
    assert_eq!(documented, ours);
}

#[test]
fn the_keys_of_service_files_are_those_of_the_code() {
    let kinds = |of: &str| {
        let words = [('d', "daemon"), ('o', "oneshot"), ('g', "group")];
        let words: Vec<_> =
            words.iter().filter(|row| of.contains(row.0)).map(|row| row.1).collect();
        if words.len() == 3 { "all".to_owned() } else { words.join(", ") }
    };
    let keys = KEYS.iter().map(|key| {
        let unit = key.unit();
        let unit = if unit.is_empty() { String::new() } else { format!(": {unit}") };
        let value = format!("{}{unit}", key.type_name());
        [key.name, &value, key.default, &kinds(key.of), key.text, key.example].map(str::to_owned)
    });
    let keys: Vec<_> = keys.map(Vec::from).collect();
    assert_eq!(table("service-file.html", "keys"), keys);
}

#[test]
fn the_codes_of_svc_compile_are_those_of_the_code() {
    let codes = CODES.iter().map(|(code, text)| vec![(*code).to_owned(), text.trim().to_owned()]);
    assert_eq!(table("svc-compile.html", "codes"), codes.collect::<Vec<_>>());
}

#[test]
fn a_graph_of_the_lines_of_the_page_is_one() {
    let page = page("generation.html");
    let rows = rows(between(&page, "<h2 id=\"graph\">", "<h2 id=\"contents\">"));
    let mut lines: Vec<String> = rows.iter().flat_map(|row| row[0].split(',')).map(line).collect();
    lines.push("service zone oneshot".to_owned());
    let text = lines.join("\n") + "\n";
    let contents = graph_file::unpack(&text).unwrap_or_else(|what| panic!("{what} of {text}"));
    let packed = contents.pack();
    assert!(packed.lines().all(|line| lines.iter().any(|said| said == line)), "{packed}");
    assert_eq!(packed.lines().count(), lines.len());
}

/// A line with words for those that the page leaves open.
fn line(said: &str) -> String {
    let said = said.trim();
    let is_head = ["version ", "boot ", "service "].iter().any(|word| said.starts_with(word));
    let name = if is_head { "web" } else { "zone" };
    let said = said.replace("NAME", name).replace("KIND", "daemon").replace("LOSS", "stop");
    let said = said.replace("MS", "5").replace("TEXT", "a b").replace("TEST", "a = b");
    if is_head { said } else { format!(" {said}") }
}

/// What stands in front of the sign in each word.
fn keys_of<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    words.map(|word| word.split('=').next().unwrap_or_default().to_owned()).collect()
}

/// The first cells of a table, up to the sign.
fn keys_in(page_name: &str, id: &str) -> Vec<String> {
    let cells: Vec<String> = table(page_name, id).into_iter().map(|row| row[0].clone()).collect();
    keys_of(cells.iter().map(String::as_str))
}

#[test]
fn the_words_of_the_state_table_are_those_of_the_code() {
    let header = Header { generation: 7, back: Some((6, 9)), requests: 4, applied: 3, ends: true };
    let memory = Memory {
        wish: Wish::Up,
        state: State::Starting,
        failure: Some(Failure::Died(Death::Exit(1))),
        due: Some(9),
        restarting: true,
        parts_told: true,
        started: 2,
        lost: 1,
        chosen: vec![0],
    };
    let row = Row {
        name: "web".to_owned(),
        memory,
        seq: 5,
        doing: Doing::Stop,
        request: 4,
        gone: Some(6),
        since: Wall(1),
        was: Some("www".to_owned()),
    };
    let dir = std::env::temp_dir().join(format!("coppice-pages-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let fd = common::os::file::open_dir(rustix::fs::CWD, &dir).unwrap();
    Table::create(&fd, &header, &[row]).unwrap();
    let text = std::fs::read_to_string(dir.join("state")).unwrap();

    // A line: a text, blanks, eight digits of a checksum.
    let words = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        keys_of(words[..words.len() - 1].iter().copied())
    };
    let mut documented = keys_in("manager-directory.html", "header-words");
    let mut written = words(text.lines().next().unwrap());
    written.splice(0..2, ["coppice-state 1".to_owned()]);
    documented.sort();
    written.sort();
    assert_eq!(documented, written);
    let mut documented = keys_in("manager-directory.html", "row-words");
    let mut written = words(text.lines().nth(1).unwrap()).split_off(1);
    documented.sort();
    written.sort();
    assert_eq!(documented, written);

    let page = page("manager-directory.html");
    let example = between(&page, "<pre id=\"state-example\">", "</pre>");
    let padded = |line: &str| {
        let (text, sum) = line.split_once("  ... ").unwrap();
        format!("{text:<502} {sum}\n")
    };
    std::fs::write(dir.join("state"), example.lines().map(padded).collect::<String>()).unwrap();
    let contents = Contents::below(&dir).unwrap().unwrap();
    assert_eq!((contents.header.generation, contents.rows.len()), (7, 4));
    assert!(contents.rows.iter().all(Option::is_some), "{contents:?}");
    std::fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn the_lines_of_the_record_are_those_of_the_code() {
    let page = page("manager-directory.html");
    let example = between(&page, "<pre id=\"record-example\">", "</pre>");
    let text =
        "version 1\nservice db daemon\nservice web daemon\n when-all power/ac\n requires db stop\n";
    let graph = std::rc::Rc::new(graph_file::unpack(text).unwrap().graph);
    assert!(record::replay(&graph, example).is_ok(), "{:?}", record::replay(&graph, example));

    let death = Death::Exit(1);
    let fact = "power/ac".to_owned();
    let events = [
        Event::Wish(0, Wish::Up),
        Event::Restart(0),
        Event::Reset(0),
        Event::Started(0),
        Event::Ready(0),
        Event::NotReady(0),
        Event::Died(0, death),
        Event::Ended(0, death),
        Event::Fact(fact.clone(), Some("1".to_owned())),
        Event::Fact(fact, None),
    ];
    let step = record::step(&graph, 5, &events);
    let written: Vec<_> = step.lines().filter_map(|line| line.split(' ').nth(1)).collect();
    let lines = table("manager-directory.html", "record-lines");
    let documented: Vec<_> =
        lines.iter().filter_map(|row| row[0].strip_prefix("MS ")?.split(' ').next()).collect();
    assert_eq!(documented, written);
}
