//! What a link of a chain is: it reads its own words, looks up what it needs, changes the process.

use std::ffi::OsString;

use common::base::future::Future;
use common::prelude::*;

/// A link: what there is to know of it before it runs.
pub struct Link {
    /// The name that it is called by.
    pub name: &'static str,
    /// As in [`common::program::Program`].
    pub help: &'static str,
    /// Takes the link's own options and operands off the command line, and changes nothing.
    pub read: fn(&mut Args) -> Result<Box<dyn Change>>,
}

/// A change that a link was asked for.
pub trait Change {
    /// Reads files and accounts, and changes what the next program gets that is not the kernel's. Of
    /// the process it changes nothing.
    fn look_up(&mut self, _future: &mut Future) -> Result<()> {
        Ok(())
    }

    /// Changes the process.
    fn apply(&self, _future: &mut Future) -> Result<()> {
        Ok(())
    }

    /// Whether this changes what a later link finds when it looks up: its directory, its rights, the
    /// files themselves. Then that link waits until this one was applied.
    fn moves_look_ups(&self) -> bool {
        false
    }

    /// Whether this changes the words that come next. Then they are read only after it was applied.
    fn changes_words(&self) -> bool {
        false
    }

    /// Whether what comes next sees another root directory.
    fn changes_root(&self) -> bool {
        false
    }

    /// The user that this makes of root, and so the end of root's privileges; known when it was looked
    /// up.
    fn drops_to(&self) -> Option<u32> {
        None
    }

    /// Whether this lets what comes behind keep some of root's privileges when it is root no more.
    fn keeps_privileges(&self) -> bool {
        false
    }

    /// The privilege without which this fails for certain when root has become that user.
    fn needs(&self, _user: u32) -> Option<&'static str> {
        None
    }

    /// The command lines that this runs besides the next program.
    fn blocks(&self) -> Vec<&[OsString]> {
        Vec::new()
    }
}

/// Applies links in this order. What can be looked up before anything has changed is.
pub fn apply_all(changes: &mut [&mut dyn Change], future: &mut Future) -> Result<()> {
    for part in changes.split_inclusive_mut(|change| change.moves_look_ups()) {
        for change in part.iter_mut() {
            // A name that a link before gave was for this one.
            future.argv0 = None;
            change.look_up(future)?;
        }
        for change in part {
            change.apply(future)?;
        }
    }
    Ok(())
}

/// A link as a program: the rest of the command line is what it becomes.
pub(crate) fn alone(link: &Link, mut args: Args) -> Result<Next> {
    let mut change = (link.read)(&mut args)?;
    let mut future = Future::new(args.operands("program")?);
    apply_all(&mut [&mut *change], &mut future)?;
    Ok(Next::Exec(future))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;

    struct Noted {
        name: char,
        moves: bool,
        seen: Rc<RefCell<String>>,
    }

    impl Change for Noted {
        fn look_up(&mut self, _: &mut Future) -> Result<()> {
            self.seen.borrow_mut().push(self.name);
            Ok(())
        }
        fn apply(&self, _: &mut Future) -> Result<()> {
            self.seen.borrow_mut().push(self.name.to_ascii_uppercase());
            Ok(())
        }
        fn moves_look_ups(&self) -> bool {
            self.moves
        }
    }

    struct Named;

    impl Change for Named {
        fn look_up(&mut self, future: &mut Future) -> Result<()> {
            future.argv0 = Some("name".into());
            Ok(())
        }
    }

    #[test]
    fn a_name_is_for_what_comes_next() {
        let mut quiet = Noted { name: 'a', moves: false, seen: Rc::default() };
        let argv0 = |changes: &mut [&mut dyn Change]| {
            let mut future = Future::new(vec!["prog".into()]);
            apply_all(changes, &mut future).map(|()| future.argv0)
        };
        assert_eq!(argv0(&mut [&mut quiet, &mut Named]), Ok(Some("name".into())));
        assert_eq!(argv0(&mut [&mut Named, &mut quiet]), Ok(None));
    }

    fn order(links: &[(char, bool)]) -> String {
        let seen = Rc::new(RefCell::new(String::new()));
        let noted =
            |(name, moves): &(char, bool)| Noted { name: *name, moves: *moves, seen: seen.clone() };
        let mut links: Vec<Noted> = links.iter().map(noted).collect();
        let mut changes: Vec<&mut dyn Change> = Vec::new();
        for link in &mut links {
            changes.push(link);
        }
        assert_eq!(apply_all(&mut changes, &mut Future::new(vec!["prog".into()])), Ok(()));
        seen.take()
    }

    #[test]
    fn everything_is_looked_up_before_anything_is_changed() {
        assert_eq!(order(&[('a', false), ('b', false), ('c', true)]), "abcABC");
    }

    #[test]
    fn who_comes_after_a_link_that_moves_look_ups_looks_up_after_it() {
        assert_eq!(order(&[('a', false), ('b', true), ('c', false), ('d', false)]), "abABcdCD");
    }
}
