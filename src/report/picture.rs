//! Pictures as SVG text: densities along the floor, one curve per method over the histogram of the simulation.

use plotters::coord::CoordTranslate;
use plotters::prelude::*;

/// A line to draw.
#[derive(Clone, Debug)]
pub struct Curve {
    /// What the legend says.
    pub name: String,
    /// Points from left to right; a gap where the value is not finite.
    pub points: Vec<(f64, f64)>,
}

/// A histogram to draw below the lines.
#[derive(Clone, Debug)]
pub struct Bars {
    /// What the legend says.
    pub name: String,
    /// Edges of the bins, one more than heights.
    pub edges: Vec<f64>,
    /// Probability density in each bin.
    pub heights: Vec<f64>,
}

/// What could not be drawn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// No finite point in any curve.
    #[error("there is nothing finite to draw")]
    Empty,
    /// The drawing library refused.
    #[error("the picture could not be drawn: {0}")]
    Backend(String),
}

pub(super) const WIDTH: u32 = 860;
pub(super) const HEIGHT: u32 = 520;
/// Axes and letters.
pub(super) const INK: RGBColor = RGBColor(40, 40, 40);
/// Lines behind the curves and around the legend.
pub(super) const LINES: RGBColor = RGBColor(228, 228, 228);
/// Colours that stay apart for colour-blind readers (Okabe and Ito 2008).
pub(super) const PALETTE: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];

/// Draws curves over an optional histogram, with a title, axis names and a legend.
pub fn draw(
    title: &str,
    x_name: &str,
    y_name: &str,
    curves: &[Curve],
    bars: Option<&Bars>,
) -> Result<String, PictureError> {
    let points = || curves.iter().flat_map(|c| c.points.iter().copied());
    let finite = || points().filter(|(x, y)| x.is_finite() && y.is_finite());
    let from_bars = || bars.into_iter().flat_map(|b| b.heights.iter().copied().filter(|h| h.is_finite()));
    let edges = || bars.into_iter().flat_map(|b| b.edges.iter().copied());
    let left = finite().map(|p| p.0).chain(edges()).fold(f64::INFINITY, f64::min);
    let right = finite().map(|p| p.0).chain(edges()).fold(f64::NEG_INFINITY, f64::max);
    let bottom = finite().map(|p| p.1).fold(0.0, f64::min);
    let top = finite().map(|p| p.1).chain(from_bars()).fold(f64::NEG_INFINITY, f64::max);
    if !(left < right && top.is_finite()) {
        return Err(PictureError::Empty);
    }
    let top = if top > bottom { top + 0.06 * (top - bottom) } else { bottom + 1.0 };
    let mut svg = String::new();
    paint(&mut svg, title, x_name, y_name, curves, bars, (left, right), (bottom, top))
        .map_err(|e| PictureError::Backend(e.to_string()))?;
    Ok(svg)
}

#[allow(clippy::too_many_arguments)]
fn paint(
    svg: &mut String,
    title: &str,
    x_name: &str,
    y_name: &str,
    curves: &[Curve],
    bars: Option<&Bars>,
    (left, right): (f64, f64),
    (bottom, top): (f64, f64),
) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(svg, (WIDTH, HEIGHT)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 19, &INK))
        .margin(14)
        .x_label_area_size(46)
        .y_label_area_size(62)
        .build_cartesian_2d(left..right, bottom..top)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(WHITE)
        .bold_line_style(LINES)
        .axis_style(INK)
        .x_desc(x_name)
        .y_desc(y_name)
        .label_style(("sans-serif", 14, &INK))
        .draw()?;
    let grey = RGBColor(205, 205, 205);
    if let Some(bars) = bars {
        chart
            .draw_series(
                bars.heights
                    .iter()
                    .zip(bars.edges.windows(2))
                    .filter(|(h, _)| h.is_finite())
                    .map(|(h, e)| Rectangle::new([(e[0], bottom.max(0.0)), (e[1], *h)], grey.filled())),
            )?
            .label(bars.name.as_str())
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 22, y + 5)], grey.filled()));
    }
    for (index, curve) in curves.iter().enumerate() {
        let color = PALETTE[index % PALETTE.len()];
        // The first line is the widest, so that those which agree with it can still be seen on top.
        let width = if index == 0 && curves.len() > 1 { 4 } else { 2 };
        let style = color.stroke_width(width);
        let mut named = false;
        for piece in curve.points.split(|(x, y)| !(x.is_finite() && y.is_finite())).filter(|p| !p.is_empty()) {
            let series = chart.draw_series(LineSeries::new(piece.iter().copied(), style))?;
            if !named {
                series.label(curve.name.as_str()).legend(key(style));
                named = true;
            }
        }
    }
    legend(&mut chart, SeriesLabelPosition::UpperRight)?;
    root.present()?;
    Ok(())
}

/// What stands for a line of this style in a legend.
pub(super) fn key(style: ShapeStyle) -> impl Fn((i32, i32)) -> PathElement<(i32, i32)> {
    move |(x, y)| PathElement::new(vec![(x, y), (x + 22, y)], style)
}

/// The legend of a chart, on whatever axes.
pub(super) fn legend<'a, C: CoordTranslate>(
    chart: &mut ChartContext<'a, SVGBackend<'a>, C>,
    position: SeriesLabelPosition,
) -> Result<(), Box<dyn std::error::Error>> {
    chart
        .configure_series_labels()
        .position(position)
        .background_style(WHITE.mix(0.85))
        .border_style(LINES)
        .label_font(("sans-serif", 14, &INK))
        .draw()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_curve_and_the_bars_are_named_in_the_picture() {
        let points = (0..50).map(|i| (f64::from(i) * 0.1, f64::from(i % 7))).collect();
        let curves = [
            Curve { name: "adiabatic".into(), points },
            Curve { name: "exact".into(), points: vec![(0.0, f64::NAN), (1.0, 2.0), (2.0, 3.0)] },
        ];
        let bars = Bars { name: "simulation".into(), edges: vec![0.0, 1.0, 2.0], heights: vec![0.5, 1.5] };
        let svg = draw("a <valley>", "x", "p(x)", &curves, Some(&bars)).unwrap();
        for name in ["adiabatic", "exact", "simulation", "a &lt;valley&gt;", "p(x)"] {
            assert!(svg.contains(name), "{name} is missing");
        }
        assert_eq!(draw("", "x", "p", &[], None), Err(PictureError::Empty));
    }
}
