//! What our pictures share: their texts, how they look in light and in dark, and where they go.

use std::fs;

use common::prelude::*;
use common::program::print;

use super::call::Call;

/// How high letters are, in all pictures: names, and what stands beside them.
pub(super) const LETTERS: f64 = 13.0;
pub(super) const SMALL: f64 = 11.0;

/// The look of all pictures. Each class has a fill and a line, and in the dark another of both.
const STYLE: &str = "
text { font-family: system-ui, 'DejaVu Sans', Verdana, sans-serif; font-size: 13px; fill: #1f2430 }
.small { font-size: 11px; fill: #59606e }
.name { font-weight: 600 }
.paper { fill: #fdfdf9 }
.line { stroke: #59606e; fill: none; stroke-width: 1.3 }
.head { fill: #59606e; stroke: #59606e }
.hollow { fill: #fdfdf9; stroke: #59606e }
.plain { fill: #f3f4f6; stroke: #7d8593 }
.good { fill: #d9f2df; stroke: #2e7d4f }
.busy { fill: #fdf0c8; stroke: #a06a00 }
.bad { fill: #fbdad6; stroke: #b3261e }
.alarm { stroke: #b3261e; fill: none; stroke-width: 1.5 }
.faint { stroke: #e3e6ea; fill: none }
.label { font-size: 11px; fill: #59606e; stroke: #fdfdf9; stroke-width: 3px; paint-order: stroke }
@media (prefers-color-scheme: dark) {
text { fill: #e6e8eb }
.small { fill: #a6adb8 }
.paper { fill: #191c17 }
.line { stroke: #a6adb8 }
.head { fill: #a6adb8; stroke: #a6adb8 }
.hollow { fill: #191c17; stroke: #a6adb8 }
.plain { fill: #23272e; stroke: #7d8593 }
.good { fill: #1b3a27; stroke: #6cc08b }
.busy { fill: #40330f; stroke: #e0b34a }
.bad { fill: #4a1d1a; stroke: #ff8a80 }
.alarm { stroke: #ff8a80 }
.faint { stroke: #2c313a }
.label { fill: #a6adb8; stroke: #191c17 }
}
";

/// A picture of this size, with what more there is to say of its classes.
pub(super) fn begin(width: f64, height: f64, title: &str, style: &str) -> String {
    let (width, height, title) = (number(width), number(height), escaped(title));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{title}</title>\n\
         <style>{STYLE}{}</style>\n\
         <rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n",
        style.trim_start_matches('\n')
    )
}

/// A text whose line begins (or with `text-anchor` ends, or has its middle) at a point.
pub(super) fn text(class: &str, (x, y): (f64, f64), anchor: &str, text: &str) -> String {
    let anchor = match anchor {
        "start" => String::new(),
        anchor => format!(" text-anchor=\"{anchor}\""),
    };
    let (x, y, text) = (number(x), number(y), escaped(text));
    format!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\"{anchor}>{text}</text>\n")
}

/// A number with as many decimals as the eye can see.
pub(super) fn number(number: f64) -> String {
    let text = format!("{number:.1}");
    match text.strip_suffix(".0") {
        Some("-0") => "0".to_owned(),
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

/// A text as XML has it. XML has no control characters, however they are written.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\n' => safe.push('\n'),
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            letter if letter.is_control() => safe.extend(letter.escape_default()),
            letter => safe.push(letter),
        }
    }
    safe
}

/// How wide a text is about, at this height of letters: the font is the reader's.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let of = |letter| match letter {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '|' | '!' | '\'' => 0.36,
        'f' | 't' | 'r' | '-' | ' ' | '(' | ')' | '/' => 0.45,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.98,
        'A'..='Z' => 0.75,
        letter if letter.is_ascii() => 0.65,
        _ => 1.0,
    };
    text.chars().map(of).sum::<f64>() * size
}

/// Hands a picture over: to a file, or to whatever reads our output, unless that is a terminal.
pub(super) fn deliver(call: &Call, picture: &str) -> Result<Next> {
    if let Some(path) = call.raw("--output") {
        fs::write(path, picture).unable(format_args!("write {}", path.display()))?;
        return Ok(Next::Exit(0));
    }
    Ok(Next::Exit(print(picture)))
}

/// Refuses to write a picture to a terminal: before there is any work. `instead` is what else there is.
pub(super) fn check_output(call: &Call, instead: &str) -> Result<()> {
    if !call.terminal.is_terminal || call.raw("--output").is_some() {
        return Ok(());
    }
    let (command, word) = (call.site.command(), call.verb.word);
    Err(Error::user(format_args!(
        "a picture is not for a terminal: {command} {word} {instead}--output {word}.svg"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_xml_whatever_is_in_them() {
        assert_eq!(
            escaped("<a>&\"b\"\u{1b}é\u{ffff}"),
            "&lt;a&gt;&amp;&quot;b&quot;\\u{1b}é\u{fffd}"
        );
    }

    #[test]
    fn numbers_have_no_decimals_that_say_nothing() {
        assert_eq!([1.0, 1.25, -0.01, 100.0].map(number), ["1", "1.2", "0", "100"]);
    }
}
