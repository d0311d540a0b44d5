//! The parameter of an instance of a template: `%i` in its texts.

use super::diagnostic::Code;

/// A text with the parameter in the place of each `%i`; `%%` is a percent sign.
pub(crate) fn put(text: &str, parameter: &str) -> Result<String, (Code, String)> {
    let mut parts = text.split('%');
    let mut put = parts.next().unwrap_or_default().to_owned();
    while let Some(part) = parts.next() {
        if let Some(rest) = part.strip_prefix('i') {
            put += parameter;
            put += rest;
        } else if part.is_empty()
            && let Some(rest) = parts.next()
        {
            put.push('%');
            put += rest;
        } else {
            let what = "a % in a template is %i, the parameter, or %%, a percent sign";
            return Err((Code::BadParameter, what.to_owned()));
        }
    }
    Ok(put)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameter_is_put_in() {
        let with = |text| put(text, "eth0").ok();
        assert_eq!(with("a"), Some("a".into()));
        assert_eq!(with("-i %i -f %%i%i%%"), Some("-i eth0 -f %ieth0%".into()));
        assert_eq!(with("%I"), None);
        assert_eq!(with("100%"), None);
        assert_eq!(with("%%%"), None);
    }
}
