//! POSIX extended regular expressions by the C library: regcomp and regexec.

use std::ffi::{CStr, c_char, c_int};
use std::mem::MaybeUninit;

/// A compiled expression. Lines are bytes, and never contain NUL or a newline.
#[derive(Debug)]
pub struct Regex {
    // Boxed: nothing says that it may be moved once it is compiled.
    compiled: Box<libc::regex_t>,
    /// The line with a NUL behind it, for a library that can't be told its length.
    #[cfg(not(target_env = "gnu"))]
    line: Vec<u8>,
}

/// The C library had no memory left to match with: nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMemory;

impl Regex {
    /// Compiles an expression; says in the C library's words what is wrong with it.
    pub fn new(pattern: &CStr) -> Result<Regex, String> {
        Regex::compile(pattern, 0)
    }

    /// The same; large and small letters match each other.
    pub fn ignoring_case(pattern: &CStr) -> Result<Regex, String> {
        Regex::compile(pattern, libc::REG_ICASE)
    }

    fn compile(pattern: &CStr, more: c_int) -> Result<Regex, String> {
        let mut compiled = Box::new(MaybeUninit::<libc::regex_t>::zeroed());
        let flags = libc::REG_EXTENDED | libc::REG_NOSUB | libc::REG_NEWLINE | more;
        // SAFETY: both live through the call, which writes `compiled`.
        let code = unsafe { libc::regcomp(compiled.as_mut_ptr(), pattern.as_ptr(), flags) };
        if code != 0 {
            // Nothing to free: a failed regcomp keeps nothing.
            return Err(message(code, compiled.as_ptr()));
        }
        // SAFETY: zeroed, then written by a successful regcomp.
        let compiled = unsafe { compiled.assume_init() };
        Ok(Regex {
            compiled,
            #[cfg(not(target_env = "gnu"))]
            line: Vec::new(),
        })
    }

    /// Whether a part of the line matches.
    pub fn matches(&mut self, line: &[u8]) -> Result<bool, NoMemory> {
        match self.exec(line) {
            0 => Ok(true),
            libc::REG_NOMATCH => Ok(false),
            _ => Err(NoMemory),
        }
    }

    #[cfg(target_env = "gnu")]
    fn exec(&mut self, line: &[u8]) -> c_int {
        let Ok(rm_eo) = c_int::try_from(line.len()) else { return libc::REG_ESPACE };
        let mut part = libc::regmatch_t { rm_so: 0, rm_eo };
        let text: *const c_char = line.as_ptr().cast();
        // SAFETY: `compiled` is; with REG_STARTEND no more is read of `line` than `part` says.
        unsafe { libc::regexec(&*self.compiled, text, 0, &mut part, libc::REG_STARTEND) }
    }

    #[cfg(not(target_env = "gnu"))]
    fn exec(&mut self, line: &[u8]) -> c_int {
        self.line.clear();
        self.line.extend_from_slice(line);
        self.line.push(0);
        let text: *const c_char = self.line.as_ptr().cast();
        // SAFETY: `compiled` is, and a NUL ends `text`.
        unsafe { libc::regexec(&*self.compiled, text, 0, std::ptr::null_mut(), 0) }
    }
}

impl Drop for Regex {
    fn drop(&mut self) {
        // SAFETY: compiled once, and freed once, here.
        unsafe { libc::regfree(&mut *self.compiled) };
    }
}

fn message(code: c_int, compiled: *const libc::regex_t) -> String {
    let mut text = [0u8; 128];
    // SAFETY: regerror writes at most as much as it is told, and ends it with NUL.
    unsafe { libc::regerror(code, compiled, text.as_mut_ptr().cast(), text.len()) };
    CStr::from_bytes_until_nul(&text)
        .map_or_else(|_| String::new(), |t| t.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_matches_a_part_of_a_line() {
        let mut regex = Regex::new(c"^[a-c]+x|y$").unwrap();
        assert_eq!(regex.matches(b"abx."), Ok(true));
        assert_eq!(regex.matches(b".abx"), Ok(false));
        assert_eq!(regex.matches(b"\xff\xfey"), Ok(true));
        assert_eq!(regex.matches(b""), Ok(false));
        assert_eq!(Regex::new(c"^$").unwrap().matches(b""), Ok(true));
    }

    #[test]
    fn case_may_be_ignored() {
        assert_eq!(Regex::ignoring_case(c"^err").unwrap().matches(b"ERROR"), Ok(true));
        assert_eq!(Regex::new(c"^err").unwrap().matches(b"ERROR"), Ok(false));
    }

    #[test]
    fn only_the_line_is_looked_at() {
        let mut regex = Regex::new(c"[b]").unwrap();
        assert_eq!(regex.matches(&b"aab"[..2]), Ok(false));
    }

    #[test]
    fn a_dot_is_any_byte() {
        assert_eq!(Regex::new(c"^.$").unwrap().matches(b"\xff"), Ok(true));
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert!(Regex::new(c"a(b").is_err_and(|reason| !reason.is_empty()));
    }
}
