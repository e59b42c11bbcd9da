//! Random numbers: the same ones whatever the machine does, others for another seed.

use super::support::{claim, holds};
use crate::generate::{Kind, models};
use thalweg::eval::Simd;
use thalweg::model::Model;
use thalweg::sim::{Ensemble, Plan, Run, Unwatched, run};

fn plan(model: &Model) -> Result<Plan, String> {
    let plan = Plan::for_model(model, Some(1.0)).map_err(|e| e.to_string())?;
    Ok(Plan { walkers: 70, steps: 40, start: Some(0.1), threads: 1, ..plan })
}

fn followed(model: &Model, plan: &Plan) -> Result<Ensemble, String> {
    run(model, plan, &Unwatched).map_err(|e| e.to_string())
}

fn bits(e: &Ensemble) -> Vec<u64> {
    e.x.iter().chain(e.y.iter().flatten()).map(|v| v.to_bits()).collect()
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    holds("stream::the_number_of_threads_changes_no_byte", 20, &models(Kind::ANY), |posed| {
        let plan = plan(posed.model())?;
        let one = followed(posed.model(), &plan)?;
        let three = followed(posed.model(), &Plan { threads: 3, ..plan })?;
        claim!(bits(&one) == bits(&three), "other places with three threads");
        claim!(one.moments == three.moments && one.histogram == three.histogram, "other moments with three threads");
        Ok(())
    });
}

#[test]
fn steps_taken_in_pieces_are_the_same_steps() {
    holds("stream::steps_taken_in_pieces_are_the_same_steps", 20, &models(Kind::ANY), |posed| {
        let plan = plan(posed.model())?;
        let whole = followed(posed.model(), &plan)?;
        let mut pieces = Run::new(posed.model(), &plan).map_err(|e| e.to_string())?;
        for piece in [1, 7, 2, 13] {
            pieces.advance(piece, &Unwatched).map_err(|e| e.to_string())?;
        }
        let ended = pieces.finish(&Unwatched).map_err(|e| e.to_string())?;
        claim!(bits(&whole) == bits(&ended), "other places in pieces");
        Ok(())
    });
}

#[test]
fn wide_instructions_give_the_bytes_of_narrower_ones() {
    if !(Simd::Avx512.is_available() && Simd::Avx2.is_available()) {
        return;
    }
    holds("stream::wide_instructions_give_the_bytes_of_narrower_ones", 20, &models(Kind::ANY), |posed| {
        let plan = plan(posed.model())?;
        let of = |simd: Simd| followed(posed.model(), &Plan { simd, ..plan.clone() });
        claim!(bits(&of(Simd::Avx512)?) == bits(&of(Simd::Avx2)?), "other bytes");
        Ok(())
    });
}

#[test]
fn portable_instructions_follow_the_same_noise() {
    holds("stream::portable_instructions_follow_the_same_noise", 20, &models(Kind::ANY), |posed| {
        let plan = Plan { steps: 3, ..plan(posed.model())? };
        let wide = followed(posed.model(), &plan)?;
        let portable = followed(posed.model(), &Plan { simd: Simd::Portable, ..plan })?;
        let ends = posed.model().domain().ends().filter(|_| posed.model().domain().is_periodic());
        let turn = ends.map_or(f64::INFINITY, |(a, b)| b - a);
        for (a, b) in wide.x.iter().zip(&portable.x) {
            let apart = (a - b).abs();
            // Rounding differs; three steps do not amplify it. Beside the seam of a circle the places are a turn apart.
            claim!(apart < 1e-6 || (apart - turn).abs() < 1e-6, "{a} and {b}");
        }
        Ok(())
    });
}

#[test]
fn another_seed_is_another_path() {
    holds("stream::another_seed_is_another_path", 20, &models(Kind::ANY), |posed| {
        let plan = plan(posed.model())?;
        let one = followed(posed.model(), &plan)?;
        let other = followed(posed.model(), &Plan { seed: 1, ..plan })?;
        claim!(one.x.iter().zip(&other.x).all(|(a, b)| a != b), "two seeds share a place");
        Ok(())
    });
}
