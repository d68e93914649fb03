//! Horizontal bars, as SVG.

use std::fmt::Write as _;

use crate::case::Case;
use crate::report::{Figure, figure, phases, short};
use crate::round::Outcome;

const WIDTH: f64 = 720.0;
const LABEL: f64 = 170.0;
const NUMBER: f64 = 60.0;
const ROW: f64 = 20.0;

/// The CPU time of all contestants, as ratios to the floor's; `None` if there is nothing to draw.
pub(crate) fn draw(case: &Case, outcome: &Outcome) -> Option<String> {
    let floor = case.contestants[0].name;
    let mut body = String::new();
    let mut y = 30.0;
    for phase in phases(case, outcome) {
        let ratio = |name| Some((name, figure(outcome, name, &phase, floor, wanted(case))?));
        let bars: Vec<_> = case
            .contestants
            .iter()
            .filter_map(|one| ratio(one.name))
            .collect();
        let most = bars.iter().map(|bar| bar.1).fold(1.0, f64::max);
        let _ = writeln!(
            body,
            r#"<text x="8" y="{}" font-weight="bold">{phase}</text>"#,
            y + 14.0
        );
        y += ROW;
        for (name, ratio) in bars {
            let width = (WIDTH - LABEL - NUMBER) * ratio / most;
            let colour = match name {
                "nlctl" => "#2f6f4f",
                name if name.starts_with("floor") => "#999999",
                _ => "#6f8fbf",
            };
            let _ = writeln!(
                body,
                r#"<text x="{}" y="{}" text-anchor="end">{name}</text><rect x="{LABEL}" y="{}" width="{:.1}" height="{}" fill="{colour}"/><text x="{:.1}" y="{}">{}</text>"#,
                LABEL - 6.0,
                y + 14.0,
                y + 3.0,
                width.max(1.0),
                ROW - 6.0,
                LABEL + width.max(1.0) + 5.0,
                y + 14.0,
                short(ratio),
            );
            y += ROW;
        }
        y += 6.0;
    }
    if body.is_empty() {
        return None;
    }
    let what = if wanted(case) == Figure::Cpu {
        "CPU time"
    } else {
        "time"
    };
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{y}\" viewBox=\"0 0 {WIDTH} {y}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"8\" y=\"20\" font-size=\"14\">{}: {what}, floor = 1</text>\n{body}</svg>\n",
        case.title
    ))
}

/// With links the kernel sleeps: the clock counts, not the processor.
fn wanted(case: &Case) -> Figure {
    match case.name {
        "veth" | "ungrouped" | "namespaces" => Figure::Wall,
        _ => Figure::Cpu,
    }
}
