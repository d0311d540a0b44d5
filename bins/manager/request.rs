//! What clients write to a request fifo, and the files that answer: both ways, here alone.

use std::fmt::Write;

use super::graph_file::is_fit;

/// The answer, behind its name, to a reload of a service that can't be reloaded.
pub const NO_WAY: &str =
    ": no way to reload: its service file says neither reload nor reload-signal";

/// The longest line, newline included: one write of it to a fifo is whole or not at all.
pub const LONGEST: usize = 4096;
/// The most lines that one request may take: more names than there are services.
pub const MOST_PARTS: usize = 4096;
/// How many hexadecimal digits an id has.
const ID: usize = 32;

/// What tells a request from every other: 32 hexadecimal digits, chosen by the client.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(String);

impl RequestId {
    /// From random bytes.
    pub fn new(random: [u8; ID / 2]) -> RequestId {
        let mut id = String::with_capacity(ID);
        for byte in random {
            // Writing to a String can't fail.
            let _ = write!(id, "{byte:02x}");
        }
        RequestId(id)
    }

    /// From its text, which is also the name of a file: nothing but digits.
    pub fn parse(text: &str) -> Option<RequestId> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == ID && text.bytes().all(is_digit)).then(|| RequestId(text.to_owned()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Up until asked otherwise.
    Up,
    /// Up until it has ended.
    Once,
    /// Down.
    Down,
    /// Down and up again.
    Restart,
    /// Read the configuration again.
    Reload,
    /// Forget failures and try again.
    Reset,
    /// Make another generation the live one.
    Apply,
    /// Keep the generation that would be given up by itself.
    Confirm,
    /// Look at facts again.
    Look,
    /// All down, in order, and then the end of the tree.
    End,
}

/// Each verb and its word.
pub const VERBS: [(Verb, &str); 10] = [
    (Verb::Up, "up"),
    (Verb::Once, "once"),
    (Verb::Down, "down"),
    (Verb::Restart, "restart"),
    (Verb::Reload, "reload"),
    (Verb::Reset, "reset"),
    (Verb::Apply, "apply"),
    (Verb::Confirm, "confirm"),
    (Verb::Look, "look"),
    (Verb::End, "end"),
];

impl Verb {
    /// Its word.
    pub fn word(self) -> &'static str {
        VERBS.iter().find(|(verb, _)| *verb == self).map_or("", |(_, word)| word)
    }

    /// From its word.
    pub fn parse(word: &str) -> Option<Verb> {
        VERBS.iter().find(|(_, known)| *known == word).map(|(verb, _)| *verb)
    }

    /// Whether `before-start` has a say in it.
    pub fn is_tested(self) -> bool {
        match self {
            Verb::Restart | Verb::Reload | Verb::Apply => true,
            Verb::Up
            | Verb::Once
            | Verb::Down
            | Verb::Reset
            | Verb::Confirm
            | Verb::Look
            | Verb::End => false,
        }
    }

    /// Whether services are named with it.
    pub fn takes_names(self) -> bool {
        match self {
            Verb::Up | Verb::Once | Verb::Down | Verb::Restart | Verb::Reload | Verb::Reset => true,
            Verb::Apply | Verb::Confirm | Verb::Look | Verb::End => false,
        }
    }
}

/// A request, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub verb: Verb,
    /// `down`: also of what others need, who go down with it.
    pub with_dependents: bool,
    /// `apply`: it is given up after so many seconds, unless confirmed.
    pub confirm: Option<u32>,
    /// `restart`, `reload`, `apply`: whatever `before-start` says.
    pub no_test: bool,
    /// Of which services; or for `apply` the number of the generation, if one is named.
    pub names: Vec<String>,
}

impl Request {
    /// As words: the verb, its options, the names.
    pub fn pack(&self) -> String {
        let mut text = self.verb.word().to_owned();
        if self.with_dependents {
            text += " --with-dependents";
        }
        if let Some(seconds) = self.confirm {
            text += &format!(" --confirm={seconds}");
        }
        if self.no_test {
            text += " --no-test";
        }
        self.names.iter().for_each(|name| text += &format!(" {name}"));
        text
    }

    /// From words; else what is wrong with them.
    pub fn unpack(text: &str) -> Result<Request, String> {
        let mut words = text.split(' ').filter(|word| !word.is_empty());
        let word = words.next().unwrap_or_default();
        let verb = Verb::parse(word).ok_or_else(|| format!("{word:?} is no verb"))?;
        let mut request = Request {
            verb,
            with_dependents: false,
            confirm: None,
            no_test: false,
            names: Vec::new(),
        };
        for word in words {
            match word.strip_prefix("--") {
                Some("with-dependents") if verb == Verb::Down => request.with_dependents = true,
                Some("no-test") if verb.is_tested() => request.no_test = true,
                Some(option) if verb == Verb::Apply && option.starts_with("confirm=") => {
                    let seconds = option["confirm=".len()..].parse();
                    let seconds = seconds.ok().filter(|seconds: &u32| *seconds > 0);
                    let seconds = seconds.ok_or(format!("{word} is no number of seconds"))?;
                    request.confirm = Some(seconds);
                }
                Some(_) => return Err(format!("{word} does not go with {}", verb.word())),
                None if !is_fit(word) => {
                    return Err(format!("{word:?} is not the name of a service"));
                }
                None => request.names.push(word.to_owned()),
            }
        }
        match (verb.takes_names(), request.names.as_slice()) {
            (true, []) => Err(format!("{} of which service?", verb.word())),
            (false, [_, ..]) if verb != Verb::Apply => {
                Err(format!("{} takes no names", verb.word()))
            }
            (false, [_, _, ..]) => Err("apply takes the number of one generation".to_owned()),
            (true, _) | (false, _) => Ok(request),
        }
    }

    /// As lines for the fifo: as many as it takes, each with a newline in front, too, so that half a
    /// line which somebody has left there swallows none of them.
    pub fn lines(&self, id: &RequestId) -> Vec<String> {
        // A newline, an id, a blank, two numbers with a slash, a blank, a newline.
        const HEAD: usize = ID + 16;
        let mut parts = vec![String::new()];
        for word in self.pack().split(' ') {
            let last = parts.len() - 1;
            if parts[last].len() + 1 + word.len() > LONGEST - HEAD {
                parts.push(word.to_owned());
            } else {
                let blank = if parts[last].is_empty() { "" } else { " " };
                parts[last] += blank;
                parts[last] += word;
            }
        }
        let all = parts.len();
        let line = |(number, part): (usize, &String)| match all {
            1 => format!("\n{} {part}\n", id.as_str()),
            _ => format!("\n{} {}/{all} {part}\n", id.as_str(), number + 1),
        };
        parts.iter().enumerate().map(line).collect()
    }
}

/// A line of the fifo: the whole of a request or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Whose it is.
    pub id: RequestId,
    /// Which part of how many, from 1.
    pub part: (usize, usize),
    /// What is in it.
    pub text: &'a str,
}

impl Line<'_> {
    /// From a line without its newline. None: it is none, and nobody knows whom to tell.
    pub fn unpack(line: &[u8]) -> Option<Line<'_>> {
        let line = std::str::from_utf8(line).ok()?;
        if line.len() >= LONGEST || line.contains(char::is_control) {
            return None;
        }
        let (id, text) = line.split_once(' ')?;
        let id = RequestId::parse(id)?;
        let numbered = text.split_once(' ').and_then(|(numbers, rest)| {
            let (part, all) = numbers.split_once('/')?;
            Some(((part.parse().ok()?, all.parse().ok()?), rest))
        });
        let (part, text) = numbered.unwrap_or(((1, 1), text));
        let fits = (1..=part.1).contains(&part.0) && part.1 <= MOST_PARTS;
        fits.then_some(Line { id, part, text })
    }
}

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It will be carried out, whoever dies.
    Accepted,
    /// It is over, with this exit code for the client.
    Done(u8),
}

/// The file that answers a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What was asked for, as [`Request::pack`] has it.
    pub request: String,
    /// The place of the request among all, by which it is known what it has already changed.
    pub order: u64,
    /// How far it has come.
    pub progress: Progress,
    /// For people: a line each.
    pub lines: Vec<String>,
}

impl Answer {
    /// As the file has it.
    pub fn pack(&self) -> String {
        let state = match self.progress {
            Progress::Accepted => "state=accepted\n".to_owned(),
            Progress::Done(code) => format!("state=done\nexit={code}\n"),
        };
        let mut text = format!("version=1\nrequest={}\norder={}\n", self.request, self.order);
        text += &state;
        for line in &self.lines {
            text += &format!("result={}\n", line.replace(char::is_control, " "));
        }
        text + "end\n"
    }

    /// From the file; none: it is not one, or not all of it.
    pub fn unpack(text: &str) -> Option<Answer> {
        let (mut request, mut order, mut state, mut exit) = (None, None, None, None);
        let mut lines = Vec::new();
        let mut all = text.strip_suffix("\nend\n")?.split('\n');
        all.next().filter(|line| *line == "version=1")?;
        for line in all {
            if line.contains(char::is_control) {
                return None;
            }
            match line.split_once('=')? {
                ("request", value) => request = Some(value.to_owned()),
                ("order", value) => order = value.parse().ok(),
                ("state", value) => state = Some(value),
                ("exit", value) => exit = value.parse().ok(),
                ("result", value) => lines.push(value.to_owned()),
                // Of a newer version.
                _ => {}
            }
        }
        let progress = match (state?, exit) {
            ("accepted", None) => Progress::Accepted,
            ("done", Some(code)) => Progress::Done(code),
            _ => return None,
        };
        Some(Answer { request: request?, order: order?, progress, lines })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> RequestId {
        RequestId::parse("0123456789abcdef0123456789abcdef").unwrap()
    }

    #[test]
    fn a_request_reads_back_as_written() {
        for text in [
            "up web db",
            "down --with-dependents db",
            "apply --confirm=60 7",
            "apply --confirm=60 --no-test",
            "restart --no-test web",
            "apply",
            "confirm",
            "end",
            "restart getty@tty1",
        ] {
            assert_eq!(Request::unpack(text).map(|request| request.pack()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn what_is_wrong_with_a_request_is_said() {
        for (text, error) in [
            ("", "\"\" is no verb"),
            ("start web", "\"start\" is no verb"),
            ("up", "up of which service?"),
            ("up --with-dependents web", "--with-dependents does not go with up"),
            ("up --no-test web", "--no-test does not go with up"),
            ("apply --confirm=soon", "--confirm=soon is no number of seconds"),
            ("apply 1 2", "apply takes the number of one generation"),
            ("confirm web", "confirm takes no names"),
            ("up ../web", "\"../web\" is not the name of a service"),
        ] {
            assert_eq!(Request::unpack(text), Err(error.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_long_request_comes_in_parts() {
        let names: Vec<String> = (0..3000).map(|number| format!("service-{number}")).collect();
        let (with_dependents, confirm, no_test) = (false, None, false);
        let request = Request { verb: Verb::Up, with_dependents, confirm, no_test, names };
        let lines = request.lines(&id());
        assert!(lines.len() > 1 && lines.iter().all(|line| line.len() <= LONGEST));
        let mut text = String::new();
        for (number, line) in lines.iter().enumerate() {
            let line = Line::unpack(line.trim().as_bytes()).unwrap();
            assert_eq!(line.part, (number + 1, lines.len()));
            text += line.text;
            text += " ";
        }
        assert_eq!(Request::unpack(&text), Ok(request));
    }

    #[test]
    fn what_is_no_line_is_nobodys() {
        let good = format!("{} up web", id().as_str());
        assert_eq!(Line::unpack(good.as_bytes()).unwrap().part, (1, 1));
        for line in ["", "up web", "0123 up web", &format!("{} 2/1 up", id().as_str())] {
            assert_eq!(Line::unpack(line.as_bytes()), None, "{line}");
        }
        assert_eq!(Line::unpack(&[b'a'; LONGEST]), None);
        assert_eq!(Line::unpack(format!("{good}\x07").as_bytes()), None);
    }

    #[test]
    fn an_answer_reads_back_as_written() {
        let lines = vec!["web: ready".to_owned(), "db: exit=1".to_owned()];
        for progress in [Progress::Accepted, Progress::Done(1)] {
            let lines = lines.clone();
            let answer = Answer { request: "up web db".to_owned(), order: 7, progress, lines };
            let text = answer.pack();
            assert_eq!(Answer::unpack(&text), Some(answer));
            (0..text.len()).for_each(|end| assert_eq!(Answer::unpack(&text[..end]), None));
        }
    }
}
