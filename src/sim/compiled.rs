//! Landscapes compiled into the program of a library user: no formula is interpreted, numbers stay in registers.

use super::block::{Block, is_within};
use super::normal::{Generators, SIGNS};
use super::problem::{Kind, Problem};
use super::{Ensemble, Plan, Scheme, SimError, Watch, follow};
use crate::eval::lanes::{Kernel, Lanes, WIDTH, on_lanes};
use crate::model::Model;
use crate::num::domain::Domain;
use std::sync::Arc;

/// What a valley with `D` sharp directions is at a place.
#[derive(Clone, Copy)]
pub struct Local<L, const D: usize> {
    /// `L0'`
    pub floor_slope: L,
    /// `λ_i`
    pub curvature: [L; D],
    /// `λ_i'`
    pub steepness: [L; D],
}

/// A valley as code over vectors of places.
///
/// ```
/// use thalweg::eval::lanes::Lanes;
/// use thalweg::sim::{Landscape, Local};
/// /// `L0 = x²/2`, `λ = 20(1 + ½ sin x)`
/// struct Valley;
/// impl Landscape<1> for Valley {
///     #[inline(always)]
///     fn at<L: Lanes>(&self, x: L) -> Local<L, 1> {
///         let (sine, cosine) = x.sin_cos();
///         Local {
///             floor_slope: x,
///             curvature: [sine.mul_add(L::splat(10.0), L::splat(20.0))],
///             steepness: [cosine * L::splat(10.0)],
///         }
///     }
/// }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let model = thalweg::model::Model::read(r#"Model(name: "valley",
///     floor: (coordinate: "x", domain: Line, loss: "x^2/2"), sharp: [(curvature: "20*(1+sin(x)/2)")],
///     noise: Langevin(delta: 1.0, kappa: 3.0))"#, &[]).map_err(|_| "not a model")?;
/// let plan = thalweg::sim::Plan { steps: 10, ..thalweg::sim::Plan::for_model(&model, Some(1.0))? };
/// let paths = thalweg::sim::run_compiled(&model, Valley, &plan, &thalweg::sim::Unwatched)?;
/// assert_eq!(paths.x.len(), plan.walkers);
/// # Ok(())
/// # }
/// ```
pub trait Landscape<const D: usize>: Send + Sync + 'static {
    /// Slopes and curvatures at `x`. Mark it `#[inline(always)]`, or it runs without vector instructions.
    fn at<L: Lanes>(&self, x: L) -> Local<L, D>;
}

/// [`run`](super::run()) with the model's landscape also given as code, which is what is followed.
///
/// # Errors
/// Those of [`run`](super::run()); [`SimError::NotTheModel`] where the code is not the model's landscape, to 1e-9 of its size
/// at 2001 places; [`SimError::OnlyLangevin`] for a model of SGD.
pub fn run_compiled<const D: usize, S: Landscape<D>>(
    model: &Model,
    landscape: S,
    plan: &Plan,
    watch: &dyn Watch,
) -> Result<Ensemble, SimError> {
    let mut problem = Problem::of(model, plan)?;
    compare(&problem, &landscape)?;
    let Kind::Langevin { scheme, floor_kick, .. } = problem.kind else { return Err(SimError::OnlyLangevin) };
    let (deltas, _) = problem.temperatures(problem.start);
    let deltas: [f64; D] = deltas.try_into().map_err(|_| SimError::NotTheModel { at: problem.start })?;
    problem.compiled = Some(Arc::new(Compiled { landscape, scheme, floor_kick, deltas }));
    follow(problem, plan, watch)
}

/// Somebody who advances blocks in the place of formulas.
pub(crate) trait Stepper: Send + Sync {
    fn advance(&self, block: &mut Block, problem: &Problem, steps: u64);
    fn complete(&self, block: &mut Block, problem: &Problem);
}

struct Compiled<S, const D: usize> {
    landscape: S,
    scheme: Scheme,
    floor_kick: f64,
    deltas: [f64; D],
}

struct Values<'a, S>(&'a S, [f64; WIDTH]);

impl<const D: usize, S: Landscape<D>> Kernel for (Values<'_, S>, [(); D]) {
    type Output = Vec<[f64; WIDTH]>;
    #[inline(always)]
    fn run<L: Lanes>(self) -> Self::Output {
        let local = self.0.0.at(L::load(&self.0.1));
        let mut rows = vec![[0.0; WIDTH]; 1 + 2 * D];
        local.floor_slope.store(&mut rows[0]);
        for i in 0..D {
            local.steepness[i].store(&mut rows[1 + i]);
            local.curvature[i].store(&mut rows[1 + D + i]);
        }
        rows
    }
}

/// Whether the code is the landscape of the model.
fn compare<const D: usize, S: Landscape<D>>(problem: &Problem, landscape: &S) -> Result<(), SimError> {
    const PLACES: usize = 2001;
    if problem.directions() != D {
        return Err(SimError::NotTheModel { at: problem.start });
    }
    let (lower, upper) = problem.stretch;
    for k in 0..PLACES {
        let x = lower + (upper - lower) * k as f64 / (PLACES - 1) as f64;
        let rows = on_lanes(problem.simd, (Values(landscape, [x; WIDTH]), [(); D]));
        for (row, formula) in rows.iter().zip(problem.landscape(x)) {
            if !((row[0] - formula).abs() <= 1e-9 * (1.0 + formula.abs())) {
                return Err(SimError::NotTheModel { at: x });
            }
        }
    }
    Ok(())
}

struct Advance<'a, S, const D: usize> {
    by: &'a Compiled<S, D>,
    block: &'a mut Block,
    problem: &'a Problem,
    steps: u64,
}

impl<const D: usize, S: Landscape<D>> Kernel for Advance<'_, S, D> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Advance { by, block, problem, steps } = self;
        let mut random: Generators<L> = block.stream.take();
        for left in (0..steps).rev() {
            block.step += 1;
            let (x, y) = match by.scheme {
                Scheme::EulerMaruyama => by.euler::<L, false>(block, problem, &mut random),
                Scheme::TwoPoint => by.euler::<L, true>(block, problem, &mut random),
                Scheme::Strang => by.strang(block, problem, &mut random),
            };
            let mut sound = is_within(x, problem.x_limit);
            for i in 0..D {
                sound &= is_within(y[i], problem.y_limits[i]);
            }
            std::mem::swap(&mut block.x[0], &mut block.work.before[0]);
            block.settle::<L>(problem, sound, left == 0);
        }
        block.stream.put(random);
    }
}

/// The half step of `y` that is owed.
struct Complete<'a, S, const D: usize>(&'a Compiled<S, D>, &'a mut Block, &'a Problem);

impl<const D: usize, S: Landscape<D>> Kernel for Complete<'_, S, D> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Complete(by, block, problem) = self;
        let mut random: Generators<L> = block.stream.take();
        for k in 0..block.x[0].len() {
            let local = by.landscape.at(L::load(&block.x[0][k]));
            let (_, noise) = normals::<L, D>(&mut random);
            by.relax(&local, noise, 0.5 * problem.dt, k, &mut block.y);
        }
        block.stream.put(random);
    }
}

impl<const D: usize, S: Landscape<D>> Stepper for Compiled<S, D> {
    fn advance(&self, block: &mut Block, problem: &Problem, steps: u64) {
        on_lanes(problem.simd, Advance { by: self, block, problem, steps });
    }
    fn complete(&self, block: &mut Block, problem: &Problem) {
        on_lanes(problem.simd, Complete(self, block, problem));
    }
}

/// The rows of a block, all of one length that is known before the loop.
struct Rows<'a, const D: usize> {
    x: &'a [[f64; WIDTH]],
    y: [&'a mut [[f64; WIDTH]]; D],
    /// Where `x` goes.
    new: &'a mut [[f64; WIDTH]],
}

impl<'a, const D: usize> Rows<'a, D> {
    #[inline(always)]
    fn of(block: &'a mut Block) -> Rows<'a, D> {
        let x = block.x[0].as_slice();
        let mut y = block.y.iter_mut();
        let y = std::array::from_fn(|_| y.next().map_or(&mut [][..], |row| &mut row[..x.len()]));
        Rows { x, y, new: &mut block.work.before[0][..x.len()] }
    }
}

/// One normal number along the floor and one per sharp direction.
#[inline(always)]
fn normals<L: Lanes, const D: usize>(random: &mut Generators<L>) -> (L, [L; D]) {
    let (floor, mut spare) = random.normals();
    let mut sharp = [spare; D];
    for (i, xi) in sharp.iter_mut().enumerate() {
        if i % 2 == 1 {
            (*xi, spare) = random.normals();
        } else {
            *xi = spare;
        }
    }
    (floor, sharp)
}

/// The same with ±1 in their place.
#[inline(always)]
fn signs<L: Lanes, const D: usize>(random: &mut Generators<L>) -> (L, [L; D]) {
    let (mut word, one) = (random.words(), L::splat(1.0));
    let (floor, mut sharp) = (one.flip(word), [one; D]);
    for (i, sign) in sharp.iter_mut().enumerate() {
        word = if (i + 1) % SIGNS == 0 { random.words() } else { L::plus(word, word) };
        *sign = one.flip(word);
    }
    (floor, sharp)
}

impl<const D: usize, S: Landscape<D>> Compiled<S, D> {
    /// New places go to `work.before`. The sums of squares of new `x` and `y_i`, lane by lane.
    #[inline(always)]
    fn euler<L: Lanes, const SIGNS: bool>(
        &self,
        block: &mut Block,
        problem: &Problem,
        random: &mut Generators<L>,
    ) -> (L, [L; D]) {
        let (dt, half, floor_kick) = (L::splat(problem.dt), L::splat(0.5), L::splat(self.floor_kick));
        let kicks = self.deltas.map(|delta| (2.0 * delta * problem.dt).sqrt());
        let (mut farthest, mut squares) = (L::splat(0.0), [L::splat(0.0); D]);
        let Rows { x, y, new } = Rows::<D>::of(block);
        for k in 0..x.len() {
            let (xi, noise) = if SIGNS { signs::<L, D>(random) } else { normals::<L, D>(random) };
            let x = L::load(&x[k]);
            let local = self.landscape.at(x);
            let mut force = local.floor_slope;
            for i in 0..D {
                let y = &mut y[i][k];
                let old = L::load(y);
                force = local.steepness[i].mul_add(old * (old * half), force);
                let new = (local.curvature[i] * dt).neg_mul_add(old, noise[i].mul_add(L::splat(kicks[i]), old));
                new.store(y);
                squares[i] = new.mul_add(new, squares[i]);
            }
            let moved = force.neg_mul_add(dt, xi.mul_add(floor_kick, x));
            moved.store(&mut new[k]);
            farthest = moved.mul_add(moved, farthest);
        }
        (farthest, squares)
    }

    /// `y_i ← a y_i + s ξ`, the exact law after a time `h` at a frozen place.
    #[inline(always)]
    fn relax<L: Lanes>(&self, local: &Local<L, D>, noise: [L; D], h: f64, k: usize, y: &mut [Vec<[f64; WIDTH]>]) {
        for i in 0..D {
            let decay = (local.curvature[i] * L::splat(-h)).exp();
            let lost = decay.neg_mul_add(decay, L::splat(1.0));
            let spread = (lost * L::splat(self.deltas[i]) / local.curvature[i]).sqrt();
            let y = &mut y[i][k];
            decay.mul_add(L::load(y), spread * noise[i]).store(y);
        }
    }

    #[inline(always)]
    fn strang<L: Lanes>(&self, block: &mut Block, problem: &Problem, random: &mut Generators<L>) -> (L, [L; D]) {
        let (mut farthest, mut squares) = (L::splat(0.0), [L::splat(0.0); D]);
        let (dt, half, floor_kick) = (L::splat(problem.dt), L::splat(0.5), L::splat(self.floor_kick));
        let owed = if block.owed { problem.dt } else { 0.5 * problem.dt };
        for k in 0..block.x[0].len() {
            let (xi, noise) = normals::<L, D>(random);
            let x = L::load(&block.x[0][k]);
            let local = self.landscape.at(x);
            self.relax(&local, noise, owed, k, &mut block.y);
            let mut y = [half; D];
            for i in 0..D {
                y[i] = L::load(&block.y[i][k]);
                squares[i] = y[i].mul_add(y[i], squares[i]);
            }
            let (here, kick) = (slope(&local, &y), xi * floor_kick);
            let trial = here.neg_mul_add(dt, x + kick);
            let there = match problem.domain {
                Domain::Line => slope(&self.landscape.at(trial), &y),
                _ => {
                    let (place, sign) = located(problem, trial);
                    slope(&self.landscape.at(place), &y) * sign
                }
            };
            let new = (here + there).neg_mul_add(half * dt, x + kick);
            new.store(&mut block.work.before[0][k]);
            farthest = new.mul_add(new, farthest);
        }
        block.owed = true;
        (farthest, squares)
    }
}

/// `L0' + ½ Σ λ_i' y_i²`
#[inline(always)]
fn slope<L: Lanes, const D: usize>(local: &Local<L, D>, y: &[L; D]) -> L {
    let mut force = local.floor_slope;
    for i in 0..D {
        force = local.steepness[i].mul_add(y[i] * (y[i] * L::splat(0.5)), force);
    }
    force
}

/// Where the landscape is taken for a path at `x`, and the sign with which slopes act there.
#[inline(always)]
fn located<L: Lanes>(problem: &Problem, x: L) -> (L, L) {
    let (mut from, mut place, mut sign) = ([[0.0; WIDTH]; 1], [[0.0; WIDTH]; 1], [[0.0; WIDTH]; 1]);
    x.store(&mut from[0]);
    super::block::locate::<L>(problem, &from, &mut place, &mut sign);
    (L::load(&place[0]), L::load(&sign[0]))
}

#[cfg(test)]
mod tests {
    use super::super::{Unwatched, run};
    use super::*;
    use crate::eval::Simd;

    struct Valley(f64);
    impl Landscape<1> for Valley {
        #[inline(always)]
        fn at<L: Lanes>(&self, x: L) -> Local<L, 1> {
            let (sine, cosine) = x.sin_cos();
            let curvature = [sine.mul_add(L::splat(self.0), L::splat(2.0))];
            Local { floor_slope: x, curvature, steepness: [cosine * L::splat(self.0)] }
        }
    }

    struct Two;
    impl Landscape<2> for Two {
        #[inline(always)]
        fn at<L: Lanes>(&self, x: L) -> Local<L, 2> {
            let curvature = [x.mul_add(x, L::splat(1.0)), (-x).exp()];
            Local { floor_slope: L::splat(0.0), curvature, steepness: [x + x, -curvature[1]] }
        }
    }

    fn read(domain: &str, floor: &str, sharp: &str, noise: &str) -> Model {
        let text = format!(
            r#"Model(name: "m", floor: (coordinate: "x", domain: {domain}, loss: "{floor}"), sharp: [{sharp}], noise: {noise})"#
        );
        Model::read(&text, &[]).unwrap_or_else(|_| panic!("{text}"))
    }

    const NOISE: &str = "Langevin(delta: 1.0, kappa: 3.0)";
    const WAVY: &str = r#"(curvature: "2*(1+sin(x)/2)")"#;

    fn plan(model: &Model, scheme: Scheme, simd: Simd) -> Plan {
        let plan = Plan::for_model(model, Some(1.0)).expect("a plan");
        Plan { walkers: 300, steps: 40, dt: Some(0.02), scheme, simd, start: Some(0.5), ..plan }
    }

    /// One direction draws its numbers in the order of the formulas under Euler–Maruyama: path by path.
    #[test]
    fn code_follows_the_paths_of_the_formulas() {
        let model = read("Line", "x^2/2", WAVY, NOISE);
        for simd in [Simd::Portable, Simd::Avx2, Simd::Avx512] {
            let plan = plan(&model, Scheme::EulerMaruyama, simd);
            let compiled = run_compiled(&model, Valley(1.0), &plan, &Unwatched).expect("follows");
            let formulas = run(&model, &plan, &Unwatched).expect("follows");
            assert_eq!(compiled.x.len(), 300);
            for (a, b) in compiled.x.iter().chain(&compiled.y[0]).zip(formulas.x.iter().chain(&formulas.y[0])) {
                assert!((a - b).abs() < 1e-12, "{a} {b}");
            }
        }
    }

    /// Different draws, same law, to five standard errors; two directions on a walled floor and records on the way too.
    /// Ledger: compiled landscapes have the law of the formulas (about 30 moments) | equal means | difference in standard errors | 20 000
    /// each | 3 | 1.8e-5 | a mean that is 5 % of its spread off
    #[test]
    fn code_has_the_law_of_the_formulas() {
        let line = read("Line", "x^2/2", WAVY, NOISE);
        let two = r#"(curvature: "1+x^2"), (curvature: "exp(-x)", delta: 0.5)"#;
        let walls = read("Interval(lower: -1.0, upper: 1.5)", "0", two, NOISE);
        for (every, scheme) in
            [(None, Scheme::Strang), (Some(5), Scheme::Strang), (None, Scheme::EulerMaruyama), (None, Scheme::TwoPoint)]
        {
            for model in [&line, &walls] {
                let plan = Plan { walkers: 20_000, every, dt: Some(0.1), ..plan(model, scheme, Simd::detect()) };
                let compiled = if model.sharp().len() == 1 {
                    run_compiled(model, Valley(1.0), &plan, &Unwatched)
                } else {
                    run_compiled(model, Two, &plan, &Unwatched)
                };
                let (a, b) = (compiled.expect("follows"), run(model, &plan, &Unwatched).expect("follows"));
                let (a, b) = (a.moments.expect("some"), b.moments.expect("some"));
                let pairs = [(a.x, b.x), (a.x2, b.x2)].into_iter().chain(a.y2.iter().copied().zip(b.y2));
                for (a, b) in pairs {
                    let error = a.standard_error.hypot(b.standard_error);
                    assert!((a.value - b.value).abs() < 5.0 * error, "{a:?} {b:?}");
                }
            }
        }
    }

    #[test]
    fn code_of_another_landscape_and_sgd_are_refused() {
        let model = read("Line", "x^2/2", WAVY, NOISE);
        let chosen = plan(&model, Scheme::Strang, Simd::detect());
        let refusal = |outcome: Result<Ensemble, SimError>| outcome.expect_err("refused");
        let wrong = refusal(run_compiled(&model, Valley(1.001), &chosen, &Unwatched));
        assert!(matches!(wrong, SimError::NotTheModel { .. }));
        assert!(matches!(refusal(run_compiled(&model, Two, &chosen, &Unwatched)), SimError::NotTheModel { .. }));
        let noise = r#"Sgd(learning_rate: 0.1, batch_size: 1, kappa: 5.0, variance: "0.02")"#;
        let sgd = read("Line", "x^2/2", WAVY, noise);
        let chosen = Plan { dt: None, ..chosen };
        assert_eq!(refusal(run_compiled(&sgd, Valley(1.0), &chosen, &Unwatched)), SimError::OnlyLangevin);
    }
}
