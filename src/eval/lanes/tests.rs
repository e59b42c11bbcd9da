//! Vector functions against `libm`, and levels against each other.

use super::*;
use crate::num::function as f;

const LEVELS: [Simd; 3] = [Simd::Portable, Simd::Avx2, Simd::Avx512];

/// Every function over a list of points.
struct All<'a>(&'a [Eight]);

impl Kernel for All<'_> {
    type Output = Vec<[Eight; 8]>;
    #[inline(always)]
    fn run<L: Lanes>(self) -> Self::Output {
        let run = |x: &Eight| {
            let v = L::load(x);
            let ((sine, cosine), root) = (v.sin_cos(), v.abs().sqrt());
            let mixed = L::select(v.less(L::splat(0.5)), v.mul_add(root, -v), v.neg_mul_add(root, v / root));
            let bounded = root.max_abs(v).min(L::splat(3.0)).max(L::splat(-1.0));
            let mut out = [[0.0; WIDTH]; 8];
            let results = [v.exp(), v.ln(), v.sin(), v.cos(), sine, cosine, mixed, bounded];
            results.into_iter().zip(&mut out).for_each(|(y, o)| y.store(o));
            out
        };
        self.0.iter().map(run).collect()
    }
}

fn points() -> Vec<Eight> {
    let spread =
        |reach: f64| (0..20_000).map(move |k| reach * (2.0 * (f64::from(k) * 0.618_033_988_749_894_9).fract() - 1.0));
    let special = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN_POSITIVE,
        5e-324,
        1e-310,
        1e-20,
        1e5,
        1e22,
        -1e22,
        709.9,
        710.5,
        -745.0,
        -746.5,
        -720.0,
    ];
    let turns = (1..2000).map(|n| f64::from(n) * std::f64::consts::FRAC_PI_2).flat_map(|x| [x, x.next_up(), -x]);
    let all = [1e-3, 1.0, 10.0, 750.0, 9e4].into_iter().flat_map(spread).chain(turns).chain(special);
    let mut points: Vec<f64> = all.collect();
    points.resize(points.len().next_multiple_of(WIDTH), 0.25);
    points.as_chunks::<WIDTH>().0.to_vec()
}

/// Distance in units of the last place of the witness.
fn units(value: f64, witness: f64) -> f64 {
    if value.to_bits() == witness.to_bits() || value.is_nan() && witness.is_nan() {
        return 0.0;
    }
    (value - witness).abs() / (witness.abs().next_up() - witness.abs())
}

#[test]
fn functions_are_those_of_libm_at_every_level() {
    let points = points();
    for simd in LEVELS {
        for (x, y) in points.iter().zip(on_lanes(simd, All(&points))) {
            for lane in 0..WIDTH {
                let (x, y) = (x[lane], y.map(|row| row[lane]));
                let at = format!("at {x:e}, {}", simd.name());
                assert!(units(y[0], f::exp(x)) <= 2.0, "exp {at}: {}", y[0]);
                assert!(units(y[1], f::ln(x)) <= 3.0, "ln {at}: {}", y[1]);
                // π is taken to 107 bits.
                let close = units(y[2], f::sin(x)) <= 4.0 || (y[2] - f::sin(x)).abs() < 1e-27;
                assert!(close, "sin {at}: {}", y[2]);
                assert_eq!((y[2].to_bits(), y[3].to_bits()), (y[4].to_bits(), y[5].to_bits()), "{at}");
                assert!(y[3].is_nan() && x.is_nan() | x.is_infinite() || (y[3] - f::cos(x)).abs() < 5e-16, "cos {at}");
            }
        }
    }
}

#[test]
fn avx2_and_avx512_give_the_same_bits() {
    if !(Simd::Avx2.is_available() && Simd::Avx512.is_available()) {
        return;
    }
    let points = points();
    let bits = |simd| {
        on_lanes(simd, All(&points)).into_iter().flatten().flatten().map(|y| if y.is_nan() { 0 } else { y.to_bits() })
    };
    assert!(bits(Simd::Avx2).eq(bits(Simd::Avx512)));
}
