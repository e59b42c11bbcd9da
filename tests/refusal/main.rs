//! Bad model files are refused, with the place and the field; no text whatever makes the reader panic.

mod program;

use proptest::prelude::*;
use thalweg::model::Model;

const LANGEVIN: &str = r#"// a valley
Model(
    name: "λ-valley",
    parameters: { "s": 20.0, "t": 1 },
    floor: (coordinate: "x", domain: Interval(lower: -3, upper: 3.5), loss: "x^2/2"),
    sharp: [(curvature: "s*(1+sin(x)/2)"), (flatness: "t/(2+x^2)", delta: 0.5)],
    noise: Langevin(delta: 1.0, kappa: 3.0),
)
"#;

const SGD: &str = r#"Model(
    name: "steps",
    floor: (coordinate: "x", domain: Periodic(lower: 0, upper: 6.283185307179586), loss: "0"),
    sharp: [(curvature: "0.9+0.5*cos(x)")],
    noise: Sgd(learning_rate: 1.0, batch_size: 4, kappa: 5.0, variance: "0.04", floor_variance: "0.01", momentum: 0.5,
        curvature_noise: 0.1, sampling: FreshWithoutReplacement, dataset_size: 60,
        learners: (count: 3, mixing: Complete(0.3))),
)
"#;

/// What is replaced, by what, the text at which the error points, its label, and a piece of what it says.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str);

const LANGEVIN_CASES: &[Case] = &[
    ("\"λ-valley\"", "\"\"", "\"\"", "name", "empty"),
    ("\"λ-valley\"", "3", "3,", "name", "string"),
    ("\"s\": 20.0", "\"s\": NaN", "NaN", "parameters.s", "not accepted"),
    ("\"s\": 20.0", "\"s\": inf", "inf", "parameters.s", "not accepted"),
    ("\"s\": 20.0", "\"s\": 1e400", "1e400", "parameters.s", "not accepted"),
    ("\"t\": 1", "\"x\": 1", "\"x\": 1", "parameters.x", "coordinate already"),
    ("\"t\": 1", "\"sin\": 1", "\"sin\"", "parameters.sin", "something else"),
    ("\"t\": 1", "\"pi\": 1", "\"pi\"", "parameters.pi", "something else"),
    ("\"t\": 1", "\"lambda\": 1", "\"lambda\"", "parameters.lambda", "something else"),
    ("\"t\": 1", "\"diff\": 1", "\"diff\"", "parameters.diff", "something else"),
    ("\"t\": 1", "\"2t\": 1", "\"2t\"", "parameters.2t", "not a name"),
    ("\"t\": 1", "\"s\": 1", "\"s\": 1 ", "parameters.s", "given twice"),
    ("coordinate: \"x\"", "coordinate: \"\"", "\"\", domain", "floor.coordinate", "not a name"),
    ("coordinate: \"x\"", "coordinate: \"exp\"", "\"exp\"", "floor.coordinate", "something else"),
    ("lower: -3", "lower: 3.5", "Interval(", "floor.domain", "empty"),
    ("lower: -3", "lower: -inf", "-inf", "floor.domain.lower", "not accepted"),
    ("upper: 3.5", "upper: 1e999", "1e999", "floor.domain.upper", "not accepted"),
    ("upper: 3.5", "uper: 3.5", "", "floor.domain", "uper"),
    ("Interval(", "Circle(", "", "floor.domain", "Circle"),
    ("\"x^2/2\"", "\"x^2/\"", "\"),\n    sharp", "floor.loss", ""),
    ("\"x^2/2\"", "\"x^2/q\"", "q\"", "floor.loss", "q"),
    ("\"x^2/2\"", "r\"x^2 $ 2\"", "$", "floor.loss", ""),
    ("\"x^2/2\"", "\"\\u{78}^2 + zz\"", "zz", "floor.loss", "zz"),
    ("\"x^2/2\"", "\"lambda*x\"", "lambda*", "floor.loss", "lambda"),
    ("\"x^2/2\"", "\"\"", "\"),\n    sharp", "floor.loss", "empty"),
    ("\"x^2/2\"", "\"1/(x-0.3)\"", "\"1/(x", "floor.loss", "x = 0.3"),
    ("\"x^2/2\"", "\"ln(x)\"", "\"ln(x)", "floor.loss", "undefined"),
    ("s*(1+sin(x)/2)", "s*(1+2*sin(x))", "\"s*(1", "sharp[0].curvature", "positive"),
    ("s*(1+sin(x)/2)", "x^2", "\"x^2\"), (", "sharp[0].curvature", "is 0 at x = 0"),
    ("t/(2+x^2)", "t/(2-x^2)", "\"t/(2", "sharp[1].flatness", "is -"),
    ("t/(2+x^2)", "-1", "\"-1\"", "sharp[1].flatness", "is -1"),
    ("delta: 0.5", "delta: 0", "0)],", "sharp[1].delta", "not accepted"),
    ("delta: 0.5", "curvature: \"1\"", "(flatness", "sharp[1]", "both"),
    ("curvature: \"s*(1+sin(x)/2)\"", "delta: 1", "(delta: 1)", "sharp[0]", "neither"),
    ("[(curvature: \"s*(1+sin(x)/2)\"), (flatness: \"t/(2+x^2)\", delta: 0.5)]", "[]", "[]", "sharp", "no sharp"),
    ("delta: 1.0", "delta: -1.0", "-1.0", "noise.delta", "not accepted"),
    ("kappa: 3.0", "kappa: 0", "0),", "noise.kappa", "not accepted"),
    ("kappa: 3.0", "kappa: \"3\"", "\"3\"", "noise.kappa", ""),
    ("kappa: 3.0", "", "", "noise", "kappa"),
    ("kappa: 3.0", "kappa: 3.0, kappa: 3.0", "", "noise", "kappa"),
    ("kappa: 3.0", "kapa: 3.0", "", "noise", "kapa"),
    ("Langevin(", "Langvin(", "", "noise", "Langvin"),
    ("    noise: Langevin(delta: 1.0, kappa: 3.0),\n", "", "", "", "noise"),
    ("    name:", "    title: \"a\",\n    name:", "", "", "title"),
    ("    name:", "    name: \"a\",\n    name:", "", "", "name"),
    ("Model(", "Derivation(", "", "", "Model"),
];

const SGD_CASES: &[Case] = &[
    ("learning_rate: 1.0", "learning_rate: 0", "0, batch", "noise.learning_rate", "not accepted"),
    ("batch_size: 4", "batch_size: 0.5", "0.5, kappa", "noise.batch_size", "not accepted"),
    ("variance: \"0.04\"", "variance: \"y\"", "y\"", "noise.variance", "y"),
    ("variance: \"0.04\"", "variance: \"0.04*sin(x)\"", "\"0.04*", "noise.variance", "positive"),
    ("variance: \"0.04\"", "variance: \"0.04*exp(x)\"", "\"0.04*", "noise.variance", "not periodic"),
    ("variance: \"0.04\"", "variance: 0.04", "0.04,", "noise.variance", ""),
    ("floor_variance: \"0.01\"", "floor_variance: \"lambda-1\"", "\"lambda-1", "noise.floor_variance", "positive"),
    ("momentum: 0.5", "momentum: 1", "1,\n", "noise.momentum", "not accepted"),
    ("momentum: 0.5", "momentum: -0.1", "-0.1", "noise.momentum", "not accepted"),
    ("curvature_noise: 0.1", "curvature_noise: -0.1", "-0.1", "noise.curvature_noise", "not accepted"),
    ("dataset_size: 60", "dataset_size: 4", "4,\n", "noise.dataset_size", "no noise"),
    (", dataset_size: 60", "", "FreshWithout", "noise.sampling", "size of the data set"),
    ("FreshWithoutReplacement", "Sometimes", "", "noise.sampling", "Sometimes"),
    ("count: 3", "count: 0", "0, mixing", "noise.learners.count", "not accepted"),
    ("count: 3", "count: -1", "", "noise.learners.count", ""),
    ("count: 3", "count: 100000000", "100000000", "noise.learners.count", "not accepted"),
    ("Complete(0.3)", "Complete(1.5)", "Complete(", "noise.learners.mixing", "not accepted"),
    ("Complete(0.3)", "Ring(NaN)", "Ring(", "noise.learners.mixing", "not accepted"),
    ("Complete(0.3)", "Matrix([[1.0]])", "Matrix(", "noise.learners.mixing", "3 rows"),
    ("Complete(0.3)", "Matrix([[0.5,0.5,0],[0.5,0.4,0],[0,0,1]])", "Matrix(", "noise.learners.mixing", "sums to"),
    ("Complete(0.3)", "Matrix([[0,1,0],[1,0,0],[0,0,1]])", "Matrix(", "noise.learners.mixing", "eigenvalue"),
    ("upper: 6.283185307179586", "upper: 6.28", "\"0.9+", "sharp[0].curvature", "not periodic"),
    ("loss: \"0\"", "loss: \"x*(6.283185307179586-x)\"", "\"x*(", "floor.loss", "slope"),
];

fn check(base: &str, cases: &[Case]) {
    let mut failures = Vec::new();
    for (from, to, at, label, says) in cases {
        assert_eq!(base.matches(from).count(), 1, "{from} is in the model once");
        let text = base.replace(from, to);
        let errors = match Model::read(&text, &[]) {
            Ok(_) => {
                failures.push(format!("{to}: accepted"));
                continue;
            }
            Err(errors) => errors,
        };
        let expected = text.find(to).unwrap_or(0) + to.find(at).unwrap_or(0);
        let expected = if to.contains(at) { expected } else { text.find(at).unwrap_or(usize::MAX) };
        let start = text[..expected.min(text.len())].rfind('\n').map_or(0, |n| n + 1);
        let line = text[..expected.min(text.len())].matches('\n').count() + 1;
        let column = text[start..expected.min(text.len())].chars().count() + 1;
        let error = &errors.0[0];
        let right = error.label == *label
            && errors.to_string().contains(says)
            && (at.is_empty() || (error.line, error.column) == (line, column))
            && error.line.abs_diff(base[..base.find(from).unwrap_or(0)].matches('\n').count() + 1) <= 2
            && error.help.is_some();
        if !right {
            failures.push(format!("{to:?} at {line}:{column} in {label}: {errors}"));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn langevin_models_are_refused_with_the_place() {
    assert!(Model::read(LANGEVIN, &[]).is_ok_and(|m| m.warnings().is_empty()));
    check(LANGEVIN, LANGEVIN_CASES);
}

#[test]
fn sgd_models_are_refused_with_the_place() {
    assert!(Model::read(SGD, &[]).is_ok_and(|m| m.warnings().is_empty()));
    check(SGD, SGD_CASES);
}

#[test]
fn several_errors_are_told_at_once_in_the_order_of_the_file() {
    let text = LANGEVIN.replace("x^2/2", "x^^2").replace("kappa: 3.0", "kappa: -3").replace("\"λ-valley\"", "\" \"");
    let errors = Model::read(&text, &[]).expect_err("three things are wrong");
    let labels: Vec<&str> = errors.0.iter().map(|e| e.label.as_str()).collect();
    assert_eq!(labels, ["name", "floor.loss", "noise.kappa"]);
}

#[test]
fn texts_that_are_not_model_files() {
    for text in
        ["", "(", "Model", "Model(", "[]", "{}", "\"", "/*", "((((((((", "\u{feff}", "#![enable(", "Model(name: \"a\")"]
    {
        assert!(!Model::read(text, &[]).expect_err("no model").0.is_empty(), "{text}");
    }
    let deep = "(".repeat(100_000);
    assert!(Model::read(&deep, &[]).is_err());
    let nested = LANGEVIN.replace("x^2/2", &format!("{}x{}", "(".repeat(5_000), ")".repeat(5_000)));
    assert!(Model::read(&nested, &[]).is_err());
}

#[test]
fn hard_formulas_are_answered_in_time() {
    let start = std::time::Instant::now();
    let long = vec!["sin(x*x+1)"; 2_000].join("*");
    let wild = "sin(1e6*x)^2+cos(1e6*x)^2-1+1e-9";
    for formula in [long.as_str(), wild, "exp(exp(exp(x)))", "1/sin(1e5*x)^2", "diff(exp(sin(x)^3), x, 8)+1e9"] {
        let _ = Model::read(&LANGEVIN.replace("s*(1+sin(x)/2)", formula), &[]);
    }
    assert!(start.elapsed().as_secs_f64() < 5.0, "{:?}", start.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<Vec<u8>>()) {
        let _ = Model::read(&String::from_utf8_lossy(&text), &[]);
    }

    #[test]
    fn no_damage_to_a_model_makes_the_reader_panic(
        sgd in any::<bool>(), at in any::<prop::sample::Index>(), length in 0usize..12, piece in "[ -~]{0,6}|λ|\\\\|\"|r#\"",
    ) {
        let base = if sgd { SGD } else { LANGEVIN };
        let chars: Vec<char> = base.chars().collect();
        let at = at.index(chars.len());
        let text: String = chars[..at].iter().copied().chain(piece.chars()).chain(chars.iter().copied().skip(at + length)).collect();
        if let Err(errors) = Model::read(&text, &[]) {
            for error in &errors.0 {
                let span = error.span.clone().unwrap_or(0..0);
                prop_assert!(text.get(span.clone()).is_some(), "{span:?}");
                prop_assert!(error.line >= 1 && error.column >= 1);
            }
        }
    }
}
