//! Orders of convergence, conservation, closed forms, and the other exact solve.

use super::*;
use crate::expr::{Names, parse};
use crate::fokker_planck;
use crate::model::Model;
use crate::num::function::{cos, exp, sin};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

fn fitted_order(errors: &[f64]) -> f64 {
    // Slope of log2 error over halvings.
    let n = errors.len() as f64;
    let middle = 0.5 * (n - 1.0);
    let (mut above, mut below) = (0.0, 0.0);
    for (k, error) in errors.iter().enumerate() {
        above -= (k as f64 - middle) * error.log2();
        below += (k as f64 - middle) * (k as f64 - middle);
    }
    above / below
}

/// A loss without the form of a valley: tilted, with a skew coupling and a quartic.
fn skew(x: f64, y: f64) -> f64 {
    0.5 * x * x + 0.25 * y.powi(4) + 0.6 * x * y + 0.4 * sin(x) * y * y
}

fn square(cells: usize) -> Grid {
    Grid { x: Axis::interval(-4.0, 4.0, cells), y: Axis::interval(-3.0, 3.0, cells) }
}

#[test]
fn boltzmann_is_exact_on_every_grid() {
    let problem = Problem { loss: &skew, along: &|_, _| 0.7, across: &|_, _| 0.7 };
    for grid in [
        square(9),
        Grid { x: Axis::graded(-3.0, 4.0, 0.3, 0.5, 17), y: Axis::graded(-2.0, 3.0, -0.1, 0.2, 11) },
        Grid { x: Axis::interval(-2.0, 2.0, 5), y: Axis::point(0.5) },
    ] {
        let found = stationary(&problem, &grid).expect("solved");
        let exact = Density2D::of(grid, &|x, y| exp(-skew(x, y) / 0.7)).expect("a density");
        for (p, q) in found.values.iter().zip(&exact.values) {
            assert!((p / q - 1.0).abs() < 1e-12, "{p} {q}");
        }
        assert!((found.mass() - 1.0).abs() < 1e-13 && found.current.abs() < 1e-13);
    }
}

#[test]
fn the_error_of_one_grid_is_of_second_order_and_of_three_nested_ones_smaller() {
    // No closed form: T and Δ differ. A fine solution stands for it.
    let problem = Problem { loss: &skew, along: &|_, _| 0.5, across: &|_, _| 1.1 };
    let reference = extrapolated(&problem, &square(128)).expect("solved");
    let error = |nodes: &[f64], density: &[f64]| {
        let at = |x: &f64| reference.nodes.iter().position(|node| node == x).expect("a node of the finest grid");
        nodes.iter().zip(density).map(|(x, p)| (p - reference.density[at(x)]).abs()).fold(0.0, f64::max)
    };
    let errors: Vec<f64> = [16, 32, 64]
        .into_iter()
        .map(|cells| {
            let found = stationary(&problem, &square(cells)).expect("solved");
            assert!((found.mass() - 1.0).abs() < 1e-13 && found.values.iter().all(|p| *p >= 0.0));
            error(found.grid.x.nodes(), &found.marginal())
        })
        .collect();
    let order = fitted_order(&errors);
    assert!((order - 2.0).abs() < 0.2, "{order} {errors:?}");
    let better = extrapolated(&problem, &square(64)).expect("solved");
    let peak = reference.density.iter().copied().fold(0.0, f64::max);
    let left = error(&better.nodes, &better.density) / peak;
    assert!(left < better.error && left < 0.1 * errors[2] / peak, "{left} {} {errors:?}", better.error);
}

#[test]
fn itos_temperature_that_varies_has_its_closed_form() {
    // ∂x(p L' + (Tp)') = 0: p ∝ exp(−∫L'/T)/T. With L' = T x it is exp(−x²/2)/T.
    let temperature = |x: f64| 1.0 + 0.5 * sin(x);
    let loss = |x: f64, _: f64| 0.5 * x * x + 0.5 * (sin(x) - x * cos(x));
    let problem = Problem { loss: &loss, along: &|x, _| temperature(x), across: &|_, _| 1.0 };
    let grid = Grid { x: Axis::interval(-7.0, 7.0, 512), y: Axis::point(0.0) };
    let found = extrapolated(&problem, &grid).expect("solved");
    let exact = Density2D::of(grid, &|x, _| exp(-0.5 * x * x) / temperature(x)).expect("a density").marginal();
    for (p, q) in found.density.iter().zip(exact.iter().step_by(2)) {
        assert!((p - q).abs() < 1e-7, "{p} {q}");
    }
}

/// An Ornstein–Uhlenbeck pair: the variance after a time is known.
#[test]
fn time_is_of_first_and_of_second_order_and_keeps_mass_and_sign() {
    let problem = Problem { loss: &|x, y| 0.5 * x * x + y * y, along: &|_, _| 1.0, across: &|_, _| 0.5 };
    let grid = Grid { x: Axis::interval(-6.0, 6.0, 48), y: Axis::half(3.0, 3.0, 12) };
    let start = Density2D::of(grid, &|x, y| exp(-2.0 * (x - 1.0) * (x - 1.0) - y * y)).expect("a density");
    let mean = |p: &Density2D| {
        p.marginal().iter().zip(p.grid.x.nodes()).zip(p.grid.x.widths()).map(|((p, x), w)| p * x * w).sum::<f64>()
    };
    let reference = mean(&evolve(&problem, &start, 0.5, 512, Scheme::TrBdf2).expect("evolved"));
    for (scheme, expected) in [(Scheme::ImplicitEuler, 1.0), (Scheme::TrBdf2, 2.0)] {
        let errors: Vec<f64> = [4, 8, 16]
            .into_iter()
            .map(|steps| {
                let p = evolve(&problem, &start, 0.5, steps, scheme).expect("evolved");
                assert!((p.mass() - 1.0).abs() < 1e-13, "{}", p.mass());
                assert!(scheme == Scheme::TrBdf2 || p.values.iter().all(|p| *p >= 0.0));
                (mean(&p) - reference).abs()
            })
            .collect();
        let order = fitted_order(&errors);
        assert!((order - expected).abs() < 0.2, "{scheme:?} {order} {errors:?}");
    }
    // <x> e^{-t}, up to the size of the cells.
    assert!((reference / mean(&start) - exp(-0.5)).abs() < 1e-2, "{reference}");
    // The end of time is the stationary law.
    let end = evolve(&problem, &start, 1e6, 3, Scheme::ImplicitEuler).expect("evolved");
    let law = stationary(&problem, &start.grid).expect("solved");
    assert!(end.values.iter().zip(&law.values).all(|(p, q)| (p - q).abs() < 1e-5));
    assert!(evolve(&problem, &start, f64::NAN, 3, Scheme::TrBdf2).is_err());
    assert!(evolve(&problem, &start, 1.0, 0, Scheme::TrBdf2).is_err());
}

#[test]
fn what_cannot_be_solved_is_said() {
    let grid = || square(8);
    let sound = |_: f64, _: f64| 1.0;
    let refused = |loss: &dyn Fn(f64, f64) -> f64, along: &dyn Fn(f64, f64) -> f64| {
        stationary(&Problem { loss, along, across: &sound }, &grid()).expect_err("refused")
    };
    assert!(matches!(refused(&|_, _| f64::NAN, &sound), Unsolved::NotFinite { .. }));
    assert!(matches!(refused(&sound, &|x, _| x), Unsolved::NotFinite { .. }));
    let huge = stationary(&Problem { loss: &sound, along: &sound, across: &sound }, &square(600));
    assert!(matches!(huge, Err(Unsolved::TooLarge { .. })));
    let two = include_str!("../../models/two-directions.ron");
    let refused = solve(&Model::read(two, &[]).expect("a model")).expect_err("refused");
    assert_eq!(refused, Unsolved::TooManyDirections { directions: 2 });
}

/// Both exact solves, which share nothing: densities within the sum of their estimates, and currents.
fn agree(model: &Model) -> f64 {
    let cells = solve(model).unwrap_or_else(|e| panic!("{}: {e}", model.name()));
    let modes = fokker_planck::solve(model).unwrap_or_else(|e| panic!("{}: {e}", model.name()));
    let peak = modes.peak().1;
    let apart =
        cells.nodes.iter().zip(&cells.density).map(|(x, p)| (p - modes.at(*x)).abs()).fold(0.0, f64::max) / peak;
    assert!(apart <= cells.error + modes.error, "{}: {apart:e} {:e} {:e}", model.name(), cells.error, modes.error);
    let middle = modes.peak().0;
    let slack = 10.0 * (cells.error + modes.error) + 1e-6;
    assert!((cells.expectation(&|_| 1.0) - 1.0).abs() < slack && (cells.cdf(middle) - modes.cdf(middle)).abs() < slack);
    assert!((cells.current - modes.current).abs() <= cells.current_error + 1e-9 * peak, "{}", model.name());
    cells.error
}

#[test]
fn both_exact_solves_agree_on_the_zoo() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("the zoo") {
        let path = entry.expect("an entry").path();
        let model = Model::read(&std::fs::read_to_string(&path).expect("a file"), &[]).expect("a model");
        if matches!(solve(&model), Err(Unsolved::TooManyDirections { .. })) {
            continue;
        }
        let error = agree(&model);
        assert!(error < 1e-4, "{}: {error}", model.name());
        seen += 1;
    }
    assert!(seen >= 16, "{seen}");
}

#[test]
fn both_exact_solves_agree_on_valleys_drawn_at_random() {
    for seed in 0..9 {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut between = |a: f64, b: f64| a + (b - a) * random.random::<f64>();
        let (domain, confinement) = [
            ("Interval(lower: -3, upper: 2.5)", between(0.0, 1.0)),
            ("Line", between(0.5, 2.0)),
            ("Periodic(lower: 0, upper: 6.283185307179586)", 0.0),
        ][seed as usize % 3];
        let text = format!(
            "Model(name: \"random {seed}\", floor: (coordinate: \"x\", domain: {domain}, loss: \"{confinement}*x^2 + {}*cos(x+{})\"), \
             sharp: [(curvature: \"{}*exp({}*sin(x+{})+{}*cos(2*x))\")], noise: Langevin(delta: {}, kappa: {}))",
            between(0.0, 0.3),
            between(0.0, 6.0),
            between(5.0, 30.0),
            between(0.1, 0.5),
            between(0.0, 6.0),
            between(0.0, 0.2),
            between(0.3, 0.8),
            between(0.4, 4.0),
        );
        let error = agree(&Model::read(&text, &[]).unwrap_or_else(|e| panic!("{text}: {e:?}")));
        assert!(error < 3e-4, "{text}: {error}");
    }
}

#[test]
fn a_formula_in_two_variables_is_a_loss() {
    let formula = parse("x^2/2 + y^4/4 + c*x*y + 0.4*sin(x)*y^2", &Names::of(["x", "y", "c"])).expect("a formula");
    let loss = function_of(&formula, "x", "y", &|name| (name == "c").then_some(0.6)).expect("bound");
    assert!((loss(0.7, -1.2) - skew(0.7, -1.2)).abs() < 1e-15);
    assert!(function_of(&formula, "x", "y", &|_| None).is_err());
}
