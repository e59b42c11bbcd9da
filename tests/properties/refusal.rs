//! What is not valid is refused, with a reason, and nothing panics.

use super::support::{claim, holds};
use crate::generate::{Derived, Kind, Posed, Saved, decimals, derivations, formulas, models};
use thalweg::expr::{Names, parse};
use thalweg::model::Model;
use thalweg::proof::{Verdict, judge};

#[test]
fn a_curvature_that_is_negative_somewhere_is_refused_with_the_place() {
    let cases = (models(Kind { line: false, ..Kind::LANGEVIN }), decimals(101, 400, 2));
    holds("refusal::a_curvature_that_is_negative_somewhere_is_refused_with_the_place", 40, &cases, |(posed, depth)| {
        let mut recipe = posed.recipe();
        recipe.sharp[0].0 = format!("7*(1-{depth}*cos(x-0.3)^2)");
        match recipe.read() {
            Ok(_) => Err("a negative curvature passed".into()),
            Err(reason) => {
                claim!(reason.contains("sharp") || reason.contains("curvature"), "{reason}");
                Ok(())
            }
        }
    });
}

#[test]
fn hyperparameters_that_are_no_positive_numbers_are_refused() {
    holds("refusal::hyperparameters_that_are_no_positive_numbers_are_refused", 30, &models(Kind::ANY), |posed| {
        let fields = if posed.model().sgd().is_some() {
            vec!["learning_rate", "batch_size", "kappa"]
        } else {
            vec!["delta", "kappa"]
        };
        for field in fields {
            for value in ["0", "-1.5", "NaN", "inf", "1e999", "\"1\""] {
                let noise = posed.recipe().noise;
                let (before, rest) = noise.split_once(&format!("{field}: ")).ok_or("no such field")?;
                let after = rest.find([',', ')']).map_or("", |k| &rest[k..]);
                let mut recipe = posed.recipe();
                recipe.noise = format!("{before}{field}: {value}{after}");
                let Err(reason) = recipe.read() else { return Err(format!("{field}: {value} passed")) };
                claim!(!reason.is_empty(), "{field}: {value} is refused without a reason");
            }
        }
        Ok(())
    });
}

#[test]
fn fields_that_nobody_knows_are_refused() {
    holds("refusal::fields_that_nobody_knows_are_refused", 30, &models(Kind::ANY), |posed| {
        let text = posed.text();
        for (old, new) in
            [("floor: (", "floor: (colour: \"red\", "), ("name:", "nam:"), ("domain:", "domain: Line, domain:")]
        {
            claim!(Posed::from_ron(&text.replacen(old, new, 1)).is_err(), "`{new}` passed");
        }
        Ok(())
    });
}

/// Any one character taken out or doubled: an error or a valid model, and never a panic.
#[test]
fn damaged_files_are_read_or_refused() {
    let cases = (models(Kind::ANY), decimals(0, 999, 3));
    holds("refusal::damaged_files_are_read_or_refused", 120, &cases, |(posed, part)| {
        let letters: Vec<char> = posed.text().chars().collect();
        let k = ((letters.len() - 1) as f64 * part) as usize;
        let without: String = letters[..k].iter().chain(&letters[k + 1..]).collect();
        let twice: String = letters[..=k].iter().chain(&letters[k..]).collect();
        for text in [without, twice, letters[..k].iter().collect()] {
            if let Err(errors) = Model::read(&text, &[]) {
                claim!(!errors.to_string().is_empty(), "no reason");
            }
        }
        Ok(())
    });
}

#[test]
fn damaged_formulas_are_read_or_refused_with_the_place() {
    holds("refusal::damaged_formulas_are_read_or_refused_with_the_place", 200, &formulas(4), |formula| {
        let names = Names::of(["x"]);
        for cut in 1..formula.text.len() {
            if let Err(error) = parse(&formula.text[..cut], &names) {
                claim!(
                    error.span.start <= cut && !error.message.is_empty(),
                    "{:?} in `{}`",
                    error.span,
                    &formula.text[..cut]
                );
            }
        }
        let unbalanced = format!("{})", formula.text);
        claim!(parse(&unbalanced, &names).is_err(), "`{unbalanced}` passed");
        Ok(())
    });
}

#[test]
fn a_false_identity_is_never_proved() {
    holds("refusal::a_false_identity_is_never_proved", 60, &derivations(), |derived: &Derived| {
        let read = thalweg::derivation::Derivation::read(&derived.text).map_err(|e| e.to_string())?;
        for wrong in read.mutants() {
            // Not even with the true right-hand side as a step between.
            claim!(
                !matches!(judge(read.symbols(), wrong, read.steps()), Verdict::Proved(_)),
                "a false claim is proved"
            );
        }
        Ok(())
    });
}
