//! A condition: what must be known of the world for a service to be kept up.
//!
//! A fact is a path with a value, present or absent; a test looks at one fact.

/// What a test asks of the value of its fact. An absent fact passes none of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Compare {
    /// It is there, whatever its value.
    Present,
    /// It has this value.
    Equals(String),
    /// It has another value than this.
    Differs(String),
    /// It is a number above this one.
    Above(i64),
    /// It is a number below this one.
    Below(i64),
}

impl Compare {
    /// Whether a fact with this value passes.
    pub fn passes(&self, value: Option<&str>) -> bool {
        let Some(value) = value else { return false };
        let number = || value.parse::<i64>().ok();
        match self {
            Compare::Present => true,
            Compare::Equals(wanted) => value == wanted,
            Compare::Differs(unwanted) => value != unwanted,
            Compare::Above(limit) => number().is_some_and(|number| number > *limit),
            Compare::Below(limit) => number().is_some_and(|number| number < *limit),
        }
    }
}

/// One look at one fact.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Test {
    /// The path of the fact.
    pub fact: String,
    /// What is asked of its value.
    pub compare: Compare,
}

/// The table `[when]` of a service. Empty, it always holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Condition {
    /// Each of these passes.
    pub all: Vec<Test>,
    /// One of these passes, if there are any.
    pub any: Vec<Test>,
    /// None of these passes.
    pub none: Vec<Test>,
}

impl Condition {
    /// Every test in it.
    pub fn tests(&self) -> impl Iterator<Item = &Test> {
        self.all.iter().chain(&self.any).chain(&self.none)
    }

    /// The tests that keep it from holding, given the facts; empty when it holds.
    pub fn unmet<'a>(&'a self, value: impl Fn(&str) -> Option<&'a str>) -> Vec<&'a Test> {
        let passes = |test: &&Test| test.compare.passes(value(&test.fact));
        let mut unmet: Vec<_> = self.all.iter().filter(|test| !passes(test)).collect();
        unmet.extend(self.none.iter().filter(passes));
        if !self.any.is_empty() && !self.any.iter().any(|test| passes(&test)) {
            unmet.extend(&self.any);
        }
        unmet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(fact: &str, compare: Compare) -> Test {
        Test { fact: fact.into(), compare }
    }

    #[test]
    fn an_absent_fact_passes_no_test() {
        let equals = Compare::Equals("up".into());
        let differs = Compare::Differs("up".into());
        for compare in [Compare::Present, equals, differs, Compare::Above(1), Compare::Below(1)] {
            assert!(!compare.passes(None));
        }
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        assert!(Compare::Above(9).passes(Some("10")));
        assert!(!Compare::Above(10).passes(Some("10")));
        assert!(Compare::Below(10).passes(Some("-10")));
        assert!(!Compare::Below(10).passes(Some("low")));
    }

    #[test]
    fn what_is_unmet_is_named() {
        let carrier = test("net/eth0/carrier", Compare::Equals("up".into()));
        let single = test("cmdline/single", Compare::Present);
        let (ac, full) =
            (test("power/ac", Compare::Present), test("power/level", Compare::Above(50)));
        let condition = Condition {
            all: vec![carrier.clone()],
            any: vec![ac.clone(), full.clone()],
            none: vec![single.clone()],
        };
        assert_eq!(condition.unmet(|_| None), [&carrier, &ac, &full]);
        let good = |fact: &str| match fact {
            "net/eth0/carrier" => Some("up"),
            "power/level" => Some("51"),
            _ => None,
        };
        assert_eq!(condition.unmet(good), [] as [&Test; 0]);
        assert_eq!(condition.unmet(|fact| Some(good(fact).unwrap_or("1"))), [&single]);
        assert!(Condition::default().unmet(|_| None).is_empty());
    }
}
