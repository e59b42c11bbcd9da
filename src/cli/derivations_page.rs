//! The library of derivations as one page in Markdown.

use super::prove::{Judged, name};
use crate::derivation::claim_latex;
use crate::expr::Expr;
use crate::proof::{Assumption, Symbols, Verdict};

/// Every derivation: title, formula, source, assumptions and verdict, under a heading per folder.
pub fn page(judged: &[Judged]) -> String {
    let mut text = String::from(
        "# Derivations\n\nWritten by `thalweg prove derivations --format markdown`; a test keeps it current. Every claim is \
         a file: what is claimed, by whom, under which assumptions, and wrong variants that must be refuted.\n",
    );
    let mut folder = None;
    for j in judged {
        let here = j.file.parent().and_then(|p| p.file_name()).map(|n| n.to_string_lossy().into_owned());
        if here != folder {
            text += &format!("\n## {}\n", here.as_deref().unwrap_or("."));
            folder = here;
        }
        text += &entry(j);
    }
    text
}

fn entry(j: &Judged) -> String {
    let d = &j.derivation;
    let mut text = format!("\n### {}\n\n`{}`: {}", d.title(), d.id(), name(&j.verdict));
    if let Verdict::Proved(theorem) = &j.verdict
        && !theorem.conditions().is_empty()
    {
        text += &format!(" where {}", theorem.conditions().join(", "));
    }
    let refuted = j.mutants.iter().filter(|m| matches!(m, Verdict::Refuted(_))).count();
    text += &format!("; {refuted} of {} wrong variants refuted.\n", j.mutants.len());
    text += &format!("\n$$\n{}\n$$\n", claim_latex(d.stated()));
    for (k, (name, formula)) in d.definitions_used().into_iter().enumerate() {
        let with = if k == 0 { "\nwith\n" } else { "" };
        text += &format!("{with}\n$$\n{} = {}\n$$\n", Expr::symbol(name).latex(), formula.latex());
    }
    text += &format!("\n{}. Source: {}.\n", assumptions(d.symbols()), d.source());
    if let Some(about) = d.about() {
        text += &format!("\n{about}\n");
    }
    text
}

fn assumptions(symbols: &Symbols) -> String {
    let named: Vec<String> = symbols
        .iter()
        .map(|(name, known)| match known {
            Assumption::Real => format!("`{name}` real"),
            Assumption::Positive => format!("`{name}` positive"),
            Assumption::Natural => format!("`{name}` natural"),
            Assumption::Function(of) => format!("`{name}({})` a smooth function", of.join(", ")),
            Assumption::PositiveFunction(of) => format!("`{name}({})` a positive smooth function", of.join(", ")),
        })
        .collect();
    if named.is_empty() { "No symbols".into() } else { format!("Symbols: {}", named.join(", ")) }
}
