//! Random derivations whose truth is known by how they were made: products multiplied out, quotients and functions differentiated,
//! each beside a variant in which one number is another.

use super::Saved;
use proptest::prelude::*;
use std::fmt::{Debug, Formatter, Result as Written};

/// A derivation file: its claim is true, its only mutant is false.
#[derive(Clone, PartialEq)]
pub struct Derived {
    /// The file.
    pub text: String,
}

impl Debug for Derived {
    fn fmt(&self, f: &mut Formatter) -> Written {
        f.write_str(&self.text)
    }
}

/// Derivations of identities in `x` and `a > 0`.
pub fn derivations() -> impl Strategy<Value = Derived> {
    let number = || -9i64..=9;
    let at_least_one = || 1i64..=9;
    let written = |left: String, right: String, wrong: String| Derived {
        text: format!(
            "Derivation(\n    id: \"generated\",\n    title: \"An identity made by hand\",\n    source: (reference: \"generated\"),\n    \
             symbols: {{ \"x\": Real, \"a\": Positive }},\n    claim: Equal(\"{left}\", \"{right}\"),\n    mutants: [Equal(\"{left}\", \"{wrong}\")],\n)\n"
        ),
    };
    let signed = |n: i64| if n < 0 { format!("({n})") } else { n.to_string() };
    prop_oneof![
        // (px + q)(rx + s)
        (at_least_one(), number(), at_least_one(), number(), at_least_one()).prop_map(move |(p, q, r, s, off)| {
            let left = format!("({p}*x+{})*({r}*x+{})", signed(q), signed(s));
            let right = |c: i64| format!("{}*x^2+{}*x+{}", p * r, signed(p * s + q * r), signed(c));
            written(left, right(q * s), right(q * s + off))
        }),
        // d/dx (x^n exp(px))
        (2i64..7, at_least_one(), at_least_one()).prop_map(move |(n, p, off)| {
            let right = |n: i64| format!("({n}*x^{}+{p}*x^{})*exp({p}*x)", n - 1, n);
            let wrong = format!("({}*x^{}+{p}*x^{n})*exp({p}*x)", n + off, n - 1);
            written(format!("diff(x^{n}*exp({p}*x), x)"), right(n), wrong)
        }),
        // Logarithms of powers and products of positive numbers.
        (at_least_one(), at_least_one(), at_least_one()).prop_map(move |(p, q, off)| {
            let right = |n: i64| format!("{n}*ln(a)+{q}*ln(1+a)");
            written(format!("ln(a^{p}*(1+a)^{q})"), right(p), right(p + off))
        }),
        // d/dx of a sine of a line, and a quotient.
        (at_least_one(), number(), at_least_one()).prop_map(move |(p, q, off)| {
            let left = format!("diff(sin({p}*x+{})/(1+a), x)", signed(q));
            let right = |n: i64| format!("{n}*cos({p}*x+{})/(1+a)", signed(q));
            written(left, right(p), right(p + off))
        }),
    ]
}

impl Saved for Derived {
    fn to_ron(&self) -> String {
        self.text.clone()
    }

    fn from_ron(text: &str) -> Result<Derived, String> {
        Ok(Derived { text: text.to_owned() })
    }
}
