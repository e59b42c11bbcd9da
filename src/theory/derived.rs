//! Which derivation is a number's? Ids of the files in `derivations/` behind each closed form.
//!
//! The tests below hold every formula that is evaluated at run time against its derivation: the kernel proves the two
//! equal with the model's own terms put in, so that neither can be edited without the other.

use crate::model::{Model, Sgd};

/// A quantity with a closed form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// `L_SGD` and `L_eff`.
    SgdLoss,
    /// The marginal potential `Φ` of the Langevin model, and its stationary density.
    Potential,
    /// The marginal potential of the steps at their finite learning rate.
    DiscretePotential,
    /// The first correction.
    FirstOrder,
    /// The corrected diffusion of passage times.
    PassageTime,
}

/// Ids of the derivations behind a quantity of `model`, most specific first; empty where it has no closed form.
pub fn derivations(model: &Model, quantity: Quantity) -> Vec<&'static str> {
    let one = model.directions() == 1;
    match quantity {
        Quantity::SgdLoss if !one => vec!["yang-tang-tu-2023-several-directions"],
        Quantity::SgdLoss if model.floor_loss().is_zero() => {
            vec!["yang-tang-tu-2023-equation-7", "yang-tang-tu-2023-equation-11"]
        }
        Quantity::SgdLoss => vec!["yang-tang-tu-2023-equation-11"],
        Quantity::Potential => vec!["langevin-potential", "reduced-equation-along-the-floor"],
        Quantity::DiscretePotential => model.sgd().map_or(Vec::new(), |sgd| of_steps(model, sgd)),
        Quantity::FirstOrder if one => vec!["extra-diffusion-of-one-direction", "resummed-and-expanded"],
        Quantity::FirstOrder => Vec::new(),
        Quantity::PassageTime if one => {
            vec!["dynamic-diffusion-is-slower", "passage-time-solves-the-backward-equation"]
        }
        Quantity::PassageTime => vec!["passage-time-solves-the-backward-equation"],
    }
}

fn of_steps(model: &Model, sgd: &Sgd) -> Vec<&'static str> {
    let mut ids = Vec::new();
    if sgd.learners.is_some() {
        ids.push("learners-mode-variance");
    } else if sgd.curvature_noise != 0.0 {
        ids.push("curvature-noise-variance");
    } else if sgd.momentum != 0.0 {
        ids.extend(["momentum-variance", "momentum-potential"]);
    } else if sgd.variance.iter().any(|variance| variance.contains(model.coordinate())) {
        ids.push("label-noise-variance");
    } else {
        ids.extend(["sgd-potential", "sgd-variance"]);
    }
    if sgd.dataset_size.is_some() {
        ids.push("finite-population-factor");
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derivation::Derivation;
    use crate::expr::{Expr, Names, Node, parse};
    use crate::proof::{Assumption, Claim, Symbols, Verdict, judge};
    use crate::theory::{first_order, loss, passage};
    use std::path::{Path, PathBuf};

    /// What symbols and functions stand for.
    type Terms = Vec<(&'static str, Expr)>;

    fn file(id: &str) -> PathBuf {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("derivations");
        let folders = std::fs::read_dir(root).expect("the library");
        let found = folders.map(|f| f.expect("a folder").path().join(format!("{id}.ron"))).find(|path| path.is_file());
        found.unwrap_or_else(|| panic!("no derivation is called {id}"))
    }

    fn derivation(id: &str) -> Derivation {
        Derivation::read(&std::fs::read_to_string(file(id)).expect("read")).expect("valid")
    }

    /// The right side of an equality.
    fn right(id: &str) -> Expr {
        match derivation(id).claim() {
            Claim::Equal { right, .. } => right.clone(),
            other => panic!("{id} is not an equality: {other:?}"),
        }
    }

    /// `e` with symbols and functions of `x` replaced; derivatives of replaced functions are taken.
    fn with(e: &Expr, terms: &[(&str, Expr)]) -> Expr {
        let find = |name: &str| terms.iter().find(|(n, _)| *n == name).map(|(_, t)| t.clone());
        match e.node() {
            Node::Number(_) | Node::Pi => e.clone(),
            Node::Symbol(name) => find(name).unwrap_or_else(|| e.clone()),
            Node::Sum(parts) => Expr::sum(parts.iter().map(|p| with(p, terms)).collect::<Vec<_>>()),
            Node::Product(parts) => Expr::product(parts.iter().map(|p| with(p, terms)).collect::<Vec<_>>()),
            Node::Negative(a) => -with(a, terms),
            Node::Quotient(a, b) => with(a, terms) / with(b, terms),
            Node::Power(a, b) => with(a, terms).power(&with(b, terms)),
            Node::Call(f, a) => with(a, terms).call(*f),
            Node::Apply { function, .. } => find(function).unwrap_or_else(|| panic!("no term for {function}")),
            Node::Derivative { of, variable, order } => {
                (0..*order).fold(with(of, terms), |inner, _| inner.derivative(variable))
            }
        }
    }

    fn number(text: &str) -> Expr {
        parse(text, &Names::default()).expect("a number")
    }

    fn assert_equal(what: &str, left: &Expr, right: &Expr) {
        let symbols = Symbols::from([("x".to_owned(), Assumption::Real)]);
        let claim = Claim::Equal { left: left.clone(), right: right.clone() };
        let verdict = judge(&symbols, &claim, &[]);
        assert!(matches!(verdict, Verdict::Proved(_)), "{what}: {left} against {right}: {verdict:?}");
    }

    /// λ = 3 + x², L0 = x²/5: positive everywhere for the kernel to see.
    fn model(sharp: &str, noise: &str) -> Model {
        let text = format!(
            r#"Model(name: "t", floor: (coordinate: "x", domain: Interval(lower: -1, upper: 1), loss: "x^2/5"),
                sharp: [{sharp}], noise: {noise})"#
        );
        Model::read(&text, &[]).expect("a valid model")
    }

    fn curvature() -> Expr {
        parse("3+x^2", &Names::of(["x"])).expect("a formula")
    }

    const SHARP: &str = r#"(curvature: "3+x^2")"#;

    #[test]
    fn the_effective_loss_is_equation_11_and_its_form_for_several_directions() {
        let one = model(r#"(flatness: "2+x^2")"#, "Langevin(delta: 0.7, kappa: 3)");
        let flatness = one.flatness(0).clone();
        let floor = one.floor_loss().clone();
        let terms = |mut more: Vec<(&'static str, Expr)>| {
            more.extend([("Delta", number("0.7")), ("kappa", number("3")), ("L0", floor.clone()), ("y", number("0"))]);
            more
        };
        let said = with(&right("yang-tang-tu-2023-equation-11"), &terms(vec![("F", flatness.clone())]));
        assert_equal("Eq. 11", &loss(&one).effective.expect("a loss"), &said);
        let two = model(r#"(flatness: "2+x^2"), (flatness: "1+x^4", delta: 0.4)"#, "Langevin(delta: 0.7, kappa: 3)");
        let more = vec![
            ("F1", two.flatness(0).clone()),
            ("F2", two.flatness(1).clone()),
            ("D1", number("0.7")),
            ("D2", number("0.28")),
        ];
        let said = with(&right("yang-tang-tu-2023-several-directions"), &terms(more));
        assert_equal("several directions", &loss(&two).effective.expect("a loss"), &said);
        assert_eq!(derivations(&two, Quantity::SgdLoss), ["yang-tang-tu-2023-several-directions"]);
    }

    #[test]
    fn the_potential_has_the_slope_of_its_derivation() {
        let valley = model(SHARP, "Langevin(delta: 0.7, kappa: 3)");
        let potential = loss(&valley).potential.expect("a potential");
        let said = with(&right("langevin-potential"), &[("lambda", curvature()), ("Delta", number("0.7"))]);
        let floor = valley.floor_loss().derivative("x");
        assert_equal("slope", &potential.slope, &(&floor + &said));
        assert_equal("potential", &potential.formula.expect("closed").derivative("x"), &(floor + said));
    }

    /// Every row of the table of noise models: `Φ' = L0' + ½ λ' V` with the variance of its derivation.
    #[test]
    fn the_potentials_of_steps_have_the_variances_of_their_derivations() {
        let half_slope = curvature().derivative("x") * Expr::ratio(1, 2);
        let common =
            |more: Vec<(&'static str, Expr)>| [vec![("eta", number("0.2")), ("lambda", curvature())], more].concat();
        let sgd = |fields: &str, variance: &str| {
            format!(r#"Sgd(learning_rate: 0.2, batch_size: 4, kappa: 5, variance: "{variance}"{fields})"#)
        };
        let s = || ("S", number("0.3"));
        let rows: Vec<(&str, String, Terms)> = vec![
            ("sgd-variance", sgd("", "1.2"), vec![s()]),
            ("momentum-variance", sgd(", momentum: 0.6", "1.2"), vec![s(), ("beta", number("0.6"))]),
            (
                "curvature-noise-variance",
                sgd(", curvature_noise: 0.8", "1.2"),
                vec![s(), ("s", curvature() * number("0.4"))],
            ),
            ("label-noise-variance", sgd("", "0.36*lambda"), vec![("sigma", number("0.3"))]),
            (
                "sgd-variance",
                sgd(", sampling: FreshWithoutReplacement, dataset_size: 13", "1.2"),
                vec![("S", population())],
            ),
        ];
        for (id, noise, more) in rows {
            let valley = model(SHARP, &noise);
            let potential = loss(&valley).discrete_potential.expect("a potential");
            let variance = derivation(id).definitions().iter().find(|(n, _)| n == "V").expect("V").1.clone();
            let said = valley.floor_loss().derivative("x") + &half_slope * with(&variance, &common(more));
            assert_equal(id, &potential.slope, &said);
            if let Some(formula) = potential.formula {
                assert_equal(id, &formula.derivative("x"), &said);
            }
            assert!(derivations(&valley, Quantity::DiscretePotential).contains(&id), "{id}");
        }
        // Two learners that mix a quarter of their difference: the modes share the noise.
        let valley = model(SHARP, &sgd(", learners: (count: 2, mixing: Complete(0.25))", "1.2"));
        let matrix = &valley.sgd().expect("steps").learners.as_ref().expect("learners").eigenvalues.clone();
        let variance = derivation("learners-mode-variance").definitions()[0].1.clone();
        let modes = matrix.iter().map(|w| {
            with(&variance, &common(vec![s(), ("w", Expr::from_f64((w * 1e12).round() / 1e12).expect("finite"))]))
        });
        let said =
            valley.floor_loss().derivative("x") + half_slope * Expr::ratio(1, 2) * Expr::sum(modes.collect::<Vec<_>>());
        assert_equal("learners", &loss(&valley).discrete_potential.expect("a potential").slope, &said);
    }

    /// `S/B·(N−B)/(N−1)` at `B = 4`, `N = 13`, variance 1.2.
    fn population() -> Expr {
        with(&right("finite-population-factor"), &[("S", number("1.2")), ("B", number("4")), ("N", number("13"))])
    }

    #[test]
    fn the_first_correction_is_the_resummed_one() {
        let valley = model(SHARP, "Langevin(delta: 0.7, kappa: 3)");
        let law = first_order::law(&valley).expect("a law");
        let g = curvature().derivative("x") / (Expr::integer(2) * curvature());
        let terms = vec![
            ("Delta", number("0.7")),
            ("kappa", number("3")),
            ("lambda", curvature()),
            ("z", Expr::integer(1) / curvature()),
            ("g1", g.derivative("x")),
            ("L1", valley.floor_loss().derivative("x")),
            ("g", g),
        ];
        let said = with(&right("extra-diffusion-of-one-direction"), &terms);
        assert_equal("diffusion", &law.diffusion, &said);
        let Claim::Series { of, .. } = derivation("resummed-and-expanded").claim().clone() else {
            panic!("a series");
        };
        assert_equal("p'/p", &-(&law.force / &law.diffusion), &with(&of, &terms));
        let Claim::Less { smaller, .. } = derivation("dynamic-diffusion-is-slower").claim().clone() else {
            panic!("an inequality");
        };
        let epsilon = number("3*0.7") * &terms[6].1 * &terms[6].1 / curvature();
        let dynamic = passage::corrected_diffusion(&valley, &law.diffusion).expect("one direction");
        let said = with(&smaller, &[("T", number("0.7/3")), ("kappa", number("3")), ("epsilon", epsilon)]);
        assert_equal("diffusion of passage times", &dynamic, &said);
    }

    #[test]
    fn every_id_named_is_a_derivation() {
        for path in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/models")).expect("the zoo") {
            let text = std::fs::read_to_string(path.expect("a model").path()).expect("read");
            let model = Model::read(&text, &[]).expect("valid");
            for quantity in [
                Quantity::SgdLoss,
                Quantity::Potential,
                Quantity::DiscretePotential,
                Quantity::FirstOrder,
                Quantity::PassageTime,
            ] {
                for id in derivations(&model, quantity) {
                    assert_eq!(derivation(id).id(), id);
                }
            }
        }
    }
}
