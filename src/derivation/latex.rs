//! A claim in LaTeX.

use crate::expr::Expr;
use crate::num::rational::Rational;
use crate::proof::{Claim, Place, Range};
use std::collections::BTreeMap;

/// The statement in LaTeX, without dollar signs.
pub fn claim_latex(claim: &Claim) -> String {
    match claim {
        Claim::Equal { left, right } => format!("{} = {}", left.latex(), right.latex()),
        Claim::Limit { of, variable, to, equals } => {
            let variable = Expr::symbol(variable).latex();
            format!("\\lim_{{{variable} \\to {}}} \\left[ {} \\right] = {}", place(to), of.latex(), place(equals))
        }
        Claim::Series { of, variable, about, order, equals } => {
            let variable = Expr::symbol(variable).latex();
            let small = if about.is_zero() { variable } else { format!("({variable} - {})", about.latex()) };
            let rest = if *order == 0 { small } else { format!("{small}^{{{}}}", order + 1) };
            format!("{} = {} + O\\left({rest}\\right)", of.latex(), equals.latex())
        }
        Claim::Integral { integrand, variable, lower, upper, equals, .. } => format!(
            "\\int_{{{}}}^{{{}}} {} \\, d{} = {}",
            place(lower),
            place(upper),
            integrand.latex(),
            Expr::symbol(variable).latex(),
            equals.latex()
        ),
        Claim::Positive { expression, over } => format!("{} > 0{}", expression.latex(), ranges(over)),
        Claim::Less { smaller, larger, over } => {
            format!("{} < {}{}", smaller.latex(), larger.latex(), ranges(over))
        }
        Claim::Stationary { density, drift, diffusion, variables } => {
            let variables: Vec<String> = variables.iter().map(|v| Expr::symbol(v).latex()).collect();
            let mut terms = Vec::new();
            for (v, f) in variables.iter().zip(drift) {
                if !f.is_zero() {
                    terms.push(format!("- \\partial_{{{v}}} \\left[ \\left({}\\right) p \\right]", f.latex()));
                }
            }
            for (i, row) in diffusion.iter().enumerate() {
                for (j, d) in row.iter().enumerate().filter(|(_, d)| !d.is_zero()) {
                    let by = if i == j {
                        format!("\\partial_{{{}}}^2", variables[i])
                    } else {
                        format!("\\partial_{{{}}} \\partial_{{{}}}", variables[i], variables[j])
                    };
                    terms.push(format!("+ {by} \\left[ {} \\, p \\right]", d.latex()));
                }
            }
            format!("{} = 0, \\quad p = {}", terms.join(" "), density.latex())
        }
    }
}

fn place(place: &Place) -> String {
    match place {
        Place::MinusInfinity => "-\\infty".into(),
        Place::At(term) => term.latex(),
        Place::Infinity => "\\infty".into(),
    }
}

fn ranges(over: &BTreeMap<String, Range>) -> String {
    let end = |end: &Option<Rational>, infinity: &str| {
        end.as_ref().map_or(infinity.into(), |n| Expr::number(n.clone()).latex())
    };
    over.iter()
        .map(|(name, (lower, upper))| {
            let name = Expr::symbol(name).latex();
            format!(", \\quad {name} \\in \\left({}, {}\\right)", end(lower, "-\\infty"), end(upper, "\\infty"))
        })
        .collect()
}
