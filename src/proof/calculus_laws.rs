//! Laws of series, limits and integrals on random terms: what is true is proved, what is nearly true is refuted.

use super::*;
use crate::expr::{Names, parse};
use crate::num::rational::Rational;
use num_traits::{One, Zero};
use proptest::prelude::*;

const KNOWN: usize = 7;

fn ratio(a: i64, b: i64) -> Rational {
    Rational::new(a.into(), b.into())
}

/// Coefficients of `f(u)` up to `u^6`, by the recurrences of textbooks.
fn taylor(function: usize) -> (&'static str, Vec<Rational>) {
    let mut factorial = Rational::one();
    let mut over_factorial = vec![Rational::one()];
    for n in 1..KNOWN as i64 {
        factorial *= ratio(n, 1);
        over_factorial.push(factorial.recip());
    }
    let alternating = |odd: usize| -> Vec<Rational> {
        let sign = |n: usize| if n % 4 < 2 { ratio(1, 1) } else { ratio(-1, 1) };
        (0..KNOWN).map(|n| if n % 2 == odd { sign(n) * &over_factorial[n] } else { Rational::zero() }).collect()
    };
    let table = |pairs: &[(i64, i64)]| pairs.iter().map(|(a, b)| ratio(*a, *b)).collect();
    match function {
        0 => ("exp(#)", over_factorial),
        1 => ("sin(#)", alternating(1)),
        2 => ("cos(#)", alternating(0)),
        3 => ("ln(1+#)", table(&[(0, 1), (1, 1), (-1, 2), (1, 3), (-1, 4), (1, 5), (-1, 6)])),
        4 => ("sqrt(1+#)", table(&[(1, 1), (1, 2), (-1, 8), (1, 16), (-5, 128), (7, 256), (-21, 1024)])),
        5 => ("1/(1-#)", table(&[(1, 1); KNOWN])),
        6 => ("tanh(#)", table(&[(0, 1), (1, 1), (0, 1), (-1, 3), (0, 1), (2, 15), (0, 1)])),
        _ => ("atan(#)", table(&[(0, 1), (1, 1), (0, 1), (-1, 3), (0, 1), (1, 5), (0, 1)])),
    }
}

fn times(a: &[Rational], b: &[Rational]) -> Vec<Rational> {
    let mut out = vec![Rational::zero(); KNOWN];
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate().take(KNOWN - i) {
            out[i + j] += x * y;
        }
    }
    out
}

fn composed(outer: &[Rational], inner: &[Rational]) -> Vec<Rational> {
    let mut sum = vec![Rational::zero(); KNOWN];
    for c in outer.iter().rev() {
        sum = times(&sum, inner);
        sum[0] += c;
    }
    sum
}

fn written(coefficients: &[Rational], shift: i32) -> String {
    let terms = coefficients.iter().enumerate().map(|(n, c)| format!("({c})*z^({})", n as i32 - shift));
    terms.collect::<Vec<_>>().join("+")
}

fn small() -> impl Strategy<Value = Rational> {
    (-4_i64..=4, 1_i64..=3).prop_map(|(a, b)| ratio(a, b))
}

type Read<'a> = &'a dyn Fn(&str) -> Expr;

fn ask(claim: impl Fn(Read<'_>) -> Claim) -> Verdict {
    let names = Names::of(["z", "x"]);
    let symbols = Symbols::from([("z".into(), Assumption::Real), ("x".into(), Assumption::Positive)]);
    judge(&symbols, &claim(&|text: &str| parse(text, &names).unwrap_or_else(|e| panic!("{text}: {e}"))), &[])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn products_of_known_series_are_proved_and_their_neighbours_refuted(
        f in 0_usize..8, g in 0_usize..8, a in small(), b in small(), c in small(),
        shift in 0_i32..3, wrong in 0_usize..5, by in small(),
    ) {
        let inner = [Rational::zero(), a, b];
        let other = [Rational::zero(), c];
        let ((first, p), (second, q)) = (taylor(f), taylor(g));
        let product = times(&composed(&p, &inner), &composed(&q, &other));
        let of = format!(
            "{}*{}/z^{shift}",
            first.replace('#', &format!("({})", written(&inner, 0))),
            second.replace('#', &format!("({})", written(&other, 0))),
        );
        let order = 4 - shift.unsigned_abs();
        let series = |coefficients: &[Rational]| {
            let equals = written(&coefficients[..5], shift);
            ask(|read| Claim::Series {
                of: read(&of), variable: "z".into(), about: Expr::integer(0), order, equals: read(&equals),
            })
        };
        let verdict = series(&product);
        prop_assert!(matches!(verdict, Verdict::Proved(_)), "{of}: {verdict:?}");
        if !by.is_zero() {
            let mut mutant = product.clone();
            mutant[wrong] += by;
            let verdict = series(&mutant);
            prop_assert!(matches!(verdict, Verdict::Refuted(_)), "{of} {wrong}: {verdict:?}");
        }
        // The value of a removable singularity is the first coefficient that is left.
        let low = product.iter().position(|c| !c.is_zero()).unwrap_or(0);
        let over = format!("{of}*z^{shift}/z^{low}");
        let limit = |value: &Rational| ask(|read| Claim::Limit {
            of: read(&over), variable: "z".into(), to: Place::At(Expr::integer(0)),
            equals: Place::At(Expr::number(value.clone())),
        });
        prop_assert!(product.iter().all(Zero::is_zero) || matches!(limit(&product[low]), Verdict::Proved(_)), "{over}");
        prop_assert!(!matches!(limit(&(&product[low] + ratio(1, 7))), Verdict::Proved(_)), "{over}");
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn integrals_of_derivatives_are_never_refuted_and_their_neighbours_never_proved(
        f in 0_usize..8, g in 0_usize..8, a in small(), c in small(), lower in 0_i64..3, length in 1_i64..3,
        exponent in 0_u32..4,
    ) {
        // sqrt, ln and the quotient stay defined for arguments above zero.
        let argument = |q: &Rational| if q < &Rational::zero() { format!("({})*x/100", -q) } else { format!("({q})*x/100") };
        let (first, second) = (taylor(f).0.replace('#', &argument(&a)), taylor(g).0.replace('#', &argument(&c)));
        let whole = format!("x^{exponent}*{first}+{second}");
        let upper = lower + length;
        let integral = |shift: i64| ask(|read| {
            let whole = read(&whole);
            let at = |n: i64| whole.substitute(&|name: &str| (name == "x").then(|| Expr::integer(n)));
            Claim::Integral {
                integrand: whole.derivative("x"),
                variable: "x".into(),
                lower: Place::At(Expr::integer(lower)),
                upper: Place::At(Expr::integer(upper)),
                equals: at(upper) - at(lower) + Expr::ratio(shift, 1000),
                antiderivative: None,
            }
        });
        let verdict = integral(0);
        prop_assert!(!matches!(verdict, Verdict::Refuted(_)), "{whole}: {verdict:?}");
        let verdict = integral(1);
        prop_assert!(!matches!(verdict, Verdict::Proved(_)), "{whole}: {verdict:?}");
    }
}
