//! What each field of a derivation file means, for its errors.

use crate::document::{Path, Step};

/// What a field means and what it accepts.
pub(super) fn meaning(path: &Path) -> &'static str {
    let fields = || path.0.iter().filter_map(|s| if let Step::Field(name) = s { Some(name.as_str()) } else { None });
    let first = fields().next().unwrap_or("");
    let nested = matches!(first, "claim" | "mutants" | "source");
    match fields().next_back().unwrap_or("") {
        "id" => "the derivation's name in the library: letters, digits, - and _, such as \"paper-2023-equation-7\"",
        "title" => "what is claimed, in words: text in quotes, not empty",
        "reference" => "who claims it, authors and year: text in quotes, not empty",
        "source" => "who claims it: (reference: \"…\"), with arxiv, equation, doi and note if there are any",
        "arxiv" | "equation" | "doi" | "note" => "text in quotes",
        "symbols" => match path.0.last() {
            Some(Step::Key(_)) => "a symbol's name: letters, digits and _, not pi, inf, diff or an elementary function",
            _ => {
                "names and what is known of them: Real, Positive, Natural, Function([\"x\"]) or PositiveFunction([\"x\"])"
            }
        },
        "definitions" => {
            "abbreviations in order, (\"name\", \"formula\"): each may use those before it, and its name is new"
        }
        "steps" => "formulas between the two sides of an Equal claim, each equal to the next",
        "variable" => "the variable of the claim: one of the symbols that is not a function",
        "variables" => "the variables of the density: symbols, Real or Positive, each once",
        "to" => "where the variable goes: a formula, inf or -inf",
        "lower" | "upper" => "an end of the integral: a formula, inf or -inf",
        "equals" => "what it is equal to: a formula (of a limit also inf or -inf)",
        "about" if nested => "the point of expansion: a formula without the variable",
        "about" => "what else is to be known: text in quotes",
        "order" => "the last order that must agree: a whole number from 0 to 32",
        "over" => "open ranges of symbols, lower below upper, such as {\"x\": (0.0, 1.0)}; ends may be inf",
        "drift" => "the drift: one formula per variable",
        "diffusion" => "the diffusion matrix: one row per variable, one formula per column",
        "of" | "integrand" | "antiderivative" | "expression" | "smaller" | "larger" | "density" => {
            "a formula in the symbols and definitions"
        }
        _ if nested => {
            "Equal(\"…\", \"…\"), Limit(of, variable, to, equals), Series(of, variable, about, order, equals), \
             Integral(integrand, variable, lower, upper, equals), Positive(expression), Less(smaller, larger) or \
             Stationary(density, drift, diffusion, variables)"
        }
        _ => "a derivation file is Derivation(id: \"…\", title: \"…\", source: (…), symbols: {…}, claim: …)",
    }
}
