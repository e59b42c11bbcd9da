//! Equal by definition or by theorem.

use super::support::{Held, claim, holds, near, places};
use crate::generate::{Formula, Kind, Posed, Saved, Shape, formulas, models};
use num_dual::{Dual64, DualNum};
use thalweg::eval::Tape;
use thalweg::expr::{Names, parse};
use thalweg::fokker_planck;
use thalweg::model::Model;
use thalweg::num::domain::Domain;
use thalweg::theory::{Method, joint, loss, stationary};

/// The stretch that holds the law but for 1e-9.
fn stretch(law: &thalweg::num::density::Density) -> (f64, f64) {
    law.domain().ends().unwrap_or_else(|| law.visited(1e-9))
}

/// `∫ f` by Gauss–Legendre's three points on 4000 panels.
fn integral((a, b): (f64, f64), f: impl Fn(f64) -> f64) -> f64 {
    let panels = 4000;
    let h = (b - a) / f64::from(panels);
    let node = 0.6f64.sqrt() * 0.5 * h;
    (0..panels)
        .map(|k| {
            let m = a + h * (f64::from(k) + 0.5);
            h * (5.0 * f(m - node) + 8.0 * f(m) + 5.0 * f(m + node)) / 18.0
        })
        .sum()
}

#[test]
fn every_density_is_normalised() {
    holds("identity::every_density_is_normalised", 60, &models(Kind::ANY), |posed| {
        for method in Method::ALL {
            let Ok(law) = stationary(posed.model(), method) else { continue };
            let mass = integral(stretch(&law.density), |x| law.density.at(x));
            claim!(near(mass, 1.0, 2e-6, 0.0), "{}: mass {mass}", method.name());
        }
        Ok(())
    });
}

#[test]
fn every_density_is_positive_on_the_stretch_it_visits() {
    holds("identity::every_density_is_positive_on_the_stretch_it_visits", 60, &models(Kind::ANY), |posed| {
        for method in Method::ALL {
            let Ok(law) = stationary(posed.model(), method) else { continue };
            for x in places(&law.density, 60) {
                claim!(law.density.at(x) > 0.0, "{} at {x}: {}", method.name(), law.density.at(x));
            }
        }
        Ok(())
    });
}

#[test]
fn the_exact_density_is_positive_and_normalised() {
    holds("identity::the_exact_density_is_positive_and_normalised", 10, &models(Kind::VALLEY), |posed| {
        let Ok(exact) = fokker_planck::solve(posed.model()) else { return Ok(()) };
        let (a, b) = exact.visited;
        let mass = integral((a, b), |x| exact.at(x));
        claim!(near(mass, 1.0, 1e-5, 10.0 * exact.error), "mass {mass}");
        let peak = exact.peak().1;
        for k in 0..=500 {
            let x = (a + (b - a) * f64::from(k) / 500.0).min(b);
            claim!(exact.at(x) >= -10.0 * exact.error * peak - 1e-12 * peak, "{} at {x}", exact.at(x));
        }
        Ok(())
    });
}

#[test]
fn quantiles_invert_the_distribution() {
    holds("identity::quantiles_invert_the_distribution", 40, &models(Kind::ANY), |posed| {
        let Ok(law) = stationary(posed.model(), Method::Adiabatic) else { return Ok(()) };
        for k in 1..20 {
            let q = f64::from(k) / 20.0;
            let back = law.density.cdf(law.density.quantile(q));
            claim!(near(back, q, 0.0, 1e-9), "{q}: {back}");
        }
        Ok(())
    });
}

#[test]
fn the_marginal_of_the_joint_is_the_marginal() {
    let kind = Kind { directions: 1, ..Kind::ANY };
    holds("identity::the_marginal_of_the_joint_is_the_marginal", 30, &models(kind), |posed| {
        let method = if posed.model().sgd().is_some() { Method::Discrete } else { Method::Adiabatic };
        let Ok(law) = joint(posed.model(), method) else { return Ok(()) };
        for x in places(&law.floor.density, 7) {
            let deviation = law.variances_at(x)[0].sqrt();
            let mass = integral((-9.0 * deviation, 9.0 * deviation), |y| law.at(x, &[y]));
            let own = law.floor.density.at(x);
            claim!(near(mass, own, 1e-9, 0.0), "at {x}: {mass} and {own}");
        }
        Ok(())
    });
}

/// `−Δ ln P − L` is L_SGD, up to a constant: Eq. 7 and 11 of the paper.
#[test]
fn the_joint_density_is_that_of_the_loss_and_l_sgd() {
    holds("identity::the_joint_density_is_that_of_the_loss_and_l_sgd", 30, &models(Kind::VALLEY), |posed| {
        let model = posed.model();
        // On a circle without a mirror the adiabatic law is not that of a potential alone.
        let (Ok(law), Ok(formula)) = (joint(model, Method::Adiabatic), loss(model).sgd) else { return Ok(()) };
        let Some(delta) = model.langevin().ok().and_then(|l| l.delta) else { return Ok(()) };
        let tape = model.compile(&[formula, model.floor_loss().clone(), model.curvature(0).clone()]);
        let rest = |x: f64| {
            let y = 0.3 * law.variances_at(x)[0].sqrt();
            let v = tape.at(&[x]);
            -delta * law.at(x, &[y]).ln() - (v[1] + 0.5 * v[2] * y * y) - v[0]
        };
        let at = places(&law.floor.density, 9);
        for x in &at {
            let (here, there) = (rest(*x), rest(at[0]));
            claim!(near(here, there, 1e-9, 1e-8 * delta), "{here} at {x}, {there} at {}", at[0]);
        }
        Ok(())
    });
}

#[test]
fn the_effective_loss_is_the_floor_loss_and_l_sgd() {
    holds("identity::the_effective_loss_is_the_floor_loss_and_l_sgd", 60, &models(Kind::ANY), |posed| {
        let model = posed.model();
        let told = loss(model);
        let (Ok(sgd), Ok(effective)) = (told.sgd, told.effective) else { return Ok(()) };
        let tape = model.compile(&[told.floor, sgd, effective]);
        for k in -10..10 {
            let x = model.domain().place(f64::from(k) / 7.0).unwrap_or(0.0);
            let v = tape.at(&[x]);
            claim!(near(v[0] + v[1], v[2], 1e-12, 1e-13), "at {x}: {v:?}");
        }
        Ok(())
    });
}

/// With equal noise in all directions the law is Boltzmann's, however strong the noise is.
#[test]
fn equal_noise_everywhere_is_boltzmanns_law() {
    holds("identity::equal_noise_everywhere_is_boltzmanns_law", 10, &models(Kind::VALLEY), |posed| {
        let Some(model) = posed.model().with_kappa(1.0) else { return Ok(()) };
        let Ok(exact) = fokker_planck::solve(&model) else { return Ok(()) };
        let delta = model.langevin().ok().and_then(|l| l.delta).unwrap_or(f64::NAN);
        let tape = model.compile(&[model.floor_loss().clone(), model.curvature(0).clone()]);
        let boltzmann = |x: f64| {
            let v = tape.at(&[x]);
            (-v[0] / delta).exp() / v[1].sqrt()
        };
        let (x0, peak) = exact.peak();
        let norm = peak / boltzmann(x0);
        for k in 0..=40 {
            let (a, b) = exact.visited;
            let x = (a + (b - a) * f64::from(k) / 40.0).min(b);
            let (own, law) = (exact.at(x), norm * boltzmann(model.domain().place(x).unwrap_or(x)));
            claim!(near(own, law, 0.0, (1e-6 + 20.0 * exact.error) * peak), "at {x}: {own} and {law}");
        }
        let moment = exact.second_moment(0).unwrap_or(f64::NAN);
        let expected = exact.expectation(&|x| delta / tape.at(&[x])[1]);
        claim!(near(moment, expected, 1e-6, 0.0), "<y²> {moment} and {expected}");
        Ok(())
    });
}

#[test]
fn the_order_of_the_directions_changes_nothing() {
    let kind = Kind { langevin: true, sgd: false, ..Kind::ANY };
    holds("identity::the_order_of_the_directions_changes_nothing", 40, &models(kind), |posed| {
        let recipe = posed.recipe();
        let mut turned = recipe.clone();
        turned.sharp.reverse();
        let turned = turned.read()?;
        for method in [Method::Adiabatic, Method::FirstOrder] {
            let (Ok(a), Ok(b)) = (stationary(posed.model(), method), stationary(turned.model(), method)) else {
                continue;
            };
            for x in places(&a.density, 9) {
                claim!(near(a.density.at(x), b.density.at(x), 1e-7, 0.0), "{} at {x}", method.name());
            }
        }
        Ok(())
    });
}

#[test]
fn a_model_written_and_read_is_the_same_model() {
    holds("identity::a_model_written_and_read_is_the_same_model", 120, &models(Kind::ANY), |posed| {
        let model = posed.model();
        let text = model.to_ron();
        let again = Model::read(&text, &[]).map_err(|e| e.to_string())?;
        claim!(again.to_ron() == text, "written twice: {text} and {}", again.to_ron());
        claim!(again.floor_loss() == model.floor_loss(), "the floor loss changed");
        claim!((0..model.directions()).all(|i| again.curvature(i) == model.curvature(i)), "a curvature changed");
        claim!(again.domain() == model.domain(), "the domain changed");
        Ok(())
    });
}

#[test]
fn a_formula_printed_and_parsed_is_the_same_formula() {
    holds("identity::a_formula_printed_and_parsed_is_the_same_formula", 400, &formulas(5), |formula| {
        let names = Names::of(["x"]);
        let term = parse(&formula.text, &names).map_err(|e| e.message)?;
        let again = parse(&term.to_string(), &names).map_err(|e| format!("`{term}`: {}", e.message))?;
        claim!(again == term, "`{term}` is read as `{again}`");
        Ok(())
    });
}

/// Value and slope of a shape, by dual numbers and by nothing of this crate.
fn dual(shape: &Shape, x: Dual64) -> Dual64 {
    let of = |a: &Shape| dual(a, x);
    match shape {
        Shape::Number(n) => Dual64::from(*n),
        Shape::X => x,
        Shape::Sum(a, b) => of(a) + of(b),
        Shape::Difference(a, b) => of(a) - of(b),
        Shape::Product(a, b) => of(a) * of(b),
        Shape::Quotient(a, b) => of(a) / (of(b) * of(b) + 1.0),
        Shape::Power(a, n) => of(a).powi(*n as i32),
        Shape::Call(name, a) => {
            let a = of(a);
            match *name {
                "sin" => a.sin(),
                "cos" => a.cos(),
                "tanh" => a.tanh(),
                "atan" => a.atan(),
                "exp" => a.tanh().exp(),
                "ln" => (a * a + 1.0).ln(),
                _ => (a * a + 1.0).sqrt(),
            }
        }
    }
}

fn tame(v: f64) -> bool {
    v.abs() < 1e6
}

/// Asks of a formula's text, its derivative and its tape at nine places; without its tree (read from a file) by differences.
fn slopes_agree(formula: &Formula) -> Held {
    let term = parse(&formula.text, &Names::of(["x"])).map_err(|e| e.message)?;
    let derivative = term.derivative("x");
    let tape = Tape::compile(&[term, derivative], &["x"], &|_| None).map_err(|e| e.to_string())?;
    for k in -4..=4 {
        let x = f64::from(k) * 0.61 + 0.07;
        let witness = match &formula.shape {
            Some(shape) => dual(shape, Dual64::from_re(x).derivative()),
            None => {
                let h = 1e-5;
                let slope = (tape.at(&[x + h])[0] - tape.at(&[x - h])[0]) / (2.0 * h);
                Dual64::from_re(tape.at(&[x])[0]) + Dual64::from_re(slope) * (Dual64::from_re(0.0).derivative())
            }
        };
        if !(tame(witness.re) && tame(witness.eps)) {
            continue;
        }
        let own = tape.at(&[x]);
        let (value, slope) = tape.duals(&[x], 0)[0];
        claim!(near(own[0], witness.re, 1e-9, 1e-7), "value at {x}: {} and {}", own[0], witness.re);
        claim!(near(own[1], witness.eps, 1e-8, 1e-5), "derivative at {x}: {} and {}", own[1], witness.eps);
        claim!(near(value, witness.re, 1e-9, 1e-7), "value of the tape's dual at {x}: {value}");
        claim!(near(slope, witness.eps, 1e-8, 1e-5), "slope of the tape's dual at {x}: {slope} and {}", witness.eps);
    }
    Ok(())
}

#[test]
fn symbolic_derivatives_are_those_of_dual_numbers() {
    holds("identity::symbolic_derivatives_are_those_of_dual_numbers", 300, &formulas(4), slopes_agree);
}

#[test]
fn a_saved_case_is_the_case() {
    holds("identity::a_saved_case_is_the_case", 60, &models(Kind::ANY), |posed| {
        let again = Posed::from_ron(&posed.to_ron())?;
        claim!(again.model().to_ron() == posed.model().to_ron(), "another model came back");
        claim!(
            matches!(again.model().domain(), Domain::Line) == matches!(posed.model().domain(), Domain::Line),
            "domain"
        );
        Ok(())
    });
}
