//! Diagrams of two positive quantities: boundaries over places, both axes logarithmic.

use super::picture::{Curve, HEIGHT, INK, LINES, PALETTE, PictureError, WIDTH, key, legend};
use plotters::prelude::*;

/// Places of one kind.
#[derive(Clone, Debug)]
pub struct Places {
    /// What the legend says.
    pub name: String,
    /// The places.
    pub points: Vec<(f64, f64)>,
}

/// Draws boundaries over places, between positive limits.
pub fn draw(
    title: &str,
    (x_name, y_name): (&str, &str),
    (across, upwards): ((f64, f64), (f64, f64)),
    boundaries: &[Curve],
    places: &[Places],
) -> Result<String, PictureError> {
    let positive = |(low, high): (f64, f64)| 0.0 < low && low < high && high.is_finite();
    if !(positive(across) && positive(upwards)) || (boundaries.is_empty() && places.is_empty()) {
        return Err(PictureError::Empty);
    }
    let mut svg = String::new();
    paint(&mut svg, title, (x_name, y_name), (across, upwards), boundaries, places)
        .map_err(|e| PictureError::Backend(e.to_string()))?;
    Ok(svg)
}

fn paint(
    svg: &mut String,
    title: &str,
    (x_name, y_name): (&str, &str),
    (across, upwards): ((f64, f64), (f64, f64)),
    boundaries: &[Curve],
    places: &[Places],
) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(svg, (WIDTH, HEIGHT)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 19, &INK))
        .margin(14)
        .x_label_area_size(46)
        .y_label_area_size(72)
        .build_cartesian_2d((across.0..across.1).log_scale(), (upwards.0..upwards.1).log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(LINES)
        .axis_style(INK)
        .x_desc(x_name)
        .y_desc(y_name)
        .label_style(("sans-serif", 14, &INK))
        .draw()?;
    // Places take their colours from the end of the palette, boundaries from its start.
    for (index, kind) in places.iter().enumerate() {
        let color = PALETTE[PALETTE.len() - 1 - index % PALETTE.len()].mix(0.55);
        chart
            .draw_series(kind.points.iter().map(|point| Circle::new(*point, 3, color.filled())))?
            .label(kind.name.as_str())
            .legend(move |(x, y)| Circle::new((x + 11, y), 4, color.filled()));
    }
    let mut names: Vec<&str> = Vec::new();
    for boundary in boundaries {
        // Pieces of one kind share a colour and a line in the legend.
        let known = names.iter().position(|name| *name == boundary.name);
        let style = PALETTE[known.unwrap_or(names.len()) % PALETTE.len()].stroke_width(2);
        let series = chart.draw_series(LineSeries::new(boundary.points.iter().copied(), style))?;
        if known.is_none() {
            names.push(&boundary.name);
            series.label(boundary.name.as_str()).legend(key(style));
        }
    }
    legend(&mut chart, SeriesLabelPosition::LowerLeft)?;
    root.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries_and_places_are_named_once() {
        let curve = |y: f64| Curve { name: "confinement".into(), points: vec![(0.1, y), (1.0, 2.0 * y)] };
        let places = [Places { name: "frozen".into(), points: vec![(0.2, 0.3), (0.5, 0.9)] }];
        let window = ((0.1, 1.0), (0.1, 10.0));
        let svg = draw("a <valley>", ("learning rate", "noise"), window, &[curve(1.0), curve(2.0)], &places).unwrap();
        for name in ["confinement", "frozen", "a &lt;valley&gt;", "learning rate", "noise"] {
            assert!(svg.contains(name), "{name} is missing");
        }
        assert_eq!(svg.matches("confinement").count(), 1);
        assert_eq!(draw("", ("x", "y"), ((0.0, 1.0), (0.1, 1.0)), &[curve(1.0)], &[]), Err(PictureError::Empty));
    }
}
