//! Horizontal bars, as SVG. On a card of their own colour, so that they can be read on light and on dark pages.

use std::fmt::Write as _;

const WIDTH: f64 = 760.0;
/// Where the bars start.
const LEFT: f64 = 200.0;
/// What is left free for the numbers behind the bars.
const RIGHT: f64 = 120.0;
const ROW: f64 = 20.0;
const TOP: f64 = 62.0;

/// What a bar stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ours,
    Floor,
    Other,
}

impl Kind {
    fn colour(self) -> &'static str {
        match self {
            Self::Ours => "#2f7d57",
            Self::Floor => "#8c8c8c",
            Self::Other => "#7f9cc8",
        }
    }
}

/// One contestant.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) value: f64,
    /// The least and the most over the rounds.
    pub(crate) range: Option<(f64, f64)>,
    /// What is written behind it.
    pub(crate) text: String,
}

/// Bars under a heading.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) bars: Vec<Bar>,
}

/// A picture.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    pub(crate) title: String,
    /// What else is to be known, below the title.
    pub(crate) note: String,
    /// What the axis shows, with its unit.
    pub(crate) axis: String,
    /// A value to draw a line at.
    pub(crate) mark: Option<f64>,
    pub(crate) groups: Vec<Group>,
}

/// From values to places.
struct Scale {
    from: f64,
    to: f64,
    logarithmic: bool,
}

impl Scale {
    /// Wide ratios need a logarithmic one, or the small ones could not be seen.
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let least = values.clone().fold(f64::INFINITY, f64::min).max(1e-4);
        let most = values.fold(0.0, f64::max).max(1e-3);
        let logarithmic = most / least > 30.0;
        let decade = |value: f64| 10f64.powf(value);
        if logarithmic {
            let from = decade((least / 1.5).log10().floor());
            Self {
                from,
                to: most,
                logarithmic,
            }
        } else {
            Self {
                from: 0.0,
                to: most,
                logarithmic,
            }
        }
    }

    fn place(&self, value: f64) -> f64 {
        let part = if self.logarithmic {
            (value.max(self.from) / self.from).ln() / (self.to / self.from).ln()
        } else {
            value / self.to
        };
        LEFT + (WIDTH - LEFT - RIGHT) * part
    }

    fn ticks(&self) -> Vec<f64> {
        if self.logarithmic {
            let mut ticks = vec![self.from];
            while let Some(&last) = ticks.last()
                && last * 10.0 <= self.to
            {
                ticks.push(last * 10.0);
            }
            return ticks;
        }
        let decade = 10f64.powf((self.to / 8.0).log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * decade);
        let step = steps.iter().find(|&&step| self.to / step <= 8.0);
        let step = step.copied().unwrap_or(self.to);
        (0..=(self.to / step) as u32)
            .map(|number| f64::from(number) * step)
            .collect()
    }
}

/// For text between tags.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// A round number, without zeros that say nothing.
fn tick(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Chart {
    /// As SVG; `None` if there is nothing to draw.
    pub(crate) fn svg(&self) -> Option<String> {
        let bars = self.groups.iter().flat_map(|group| &group.bars);
        let values = bars.flat_map(|bar| [bar.value, bar.range.map_or(bar.value, |range| range.1)]);
        values.clone().next()?;
        let scale = Scale::of(values.chain(self.mark));
        let mark = self.mark.map(|mark| scale.place(mark));
        let mut body = String::new();
        let mut y = TOP;
        for group in &self.groups {
            let name = escaped(&group.name);
            let _ = writeln!(
                body,
                r#"<text x="16" y="{}" font-weight="bold">{name}</text>"#,
                y + 14.0
            );
            y += ROW;
            for bar in &group.bars {
                bar.draw(&mut body, y, &scale, mark);
                y += ROW;
            }
            y += 8.0;
        }
        let mut grid = String::new();
        for value in scale.ticks() {
            let x = scale.place(value);
            let _ = writeln!(
                grid,
                r##"<path d="M{x:.1} {}V{y:.1}" stroke="#dddddd"/><text x="{x:.1}" y="{}" text-anchor="middle" fill="#555555">{}</text>"##,
                TOP - 4.0,
                y + 14.0,
                tick(value)
            );
        }
        if let Some(x) = mark {
            let _ = writeln!(
                grid,
                r##"<path d="M{x:.1} {}V{y:.1}" stroke="#b03030" stroke-dasharray="4 3"/>"##,
                TOP - 4.0
            );
        }
        let height = y + 44.0;
        let axis = escaped(&self.axis);
        let logarithmic = if scale.logarithmic {
            ", logarithmic"
        } else {
            ""
        };
        Some(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
             viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#1a1a1a\">\n\
             <rect x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"6\" fill=\"#ffffff\" stroke=\"#c8c8c8\"/>\n\
             <text x=\"16\" y=\"26\" font-size=\"15\" font-weight=\"bold\">{}</text>\n\
             <text x=\"16\" y=\"44\" fill=\"#555555\">{}</text>\n\
             {grid}{body}<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{axis}{logarithmic}</text>\n</svg>\n",
            WIDTH - 1.0,
            height - 1.0,
            escaped(&self.title),
            escaped(&self.note),
            f64::midpoint(LEFT, WIDTH - RIGHT),
            y + 32.0,
        ))
    }
}

impl Bar {
    fn draw(&self, out: &mut String, y: f64, scale: &Scale, mark: Option<f64>) {
        let end = scale.place(self.value).max(LEFT + 1.0);
        let _ = write!(
            out,
            r#"<text x="{}" y="{}" text-anchor="end">{}</text><rect x="{LEFT}" y="{}" width="{:.1}" height="{}" fill="{}"/>"#,
            LEFT - 8.0,
            y + 14.0,
            escaped(&self.name),
            y + 3.0,
            end - LEFT,
            ROW - 6.0,
            self.kind.colour(),
        );
        let mut behind = end;
        if let Some((least, most)) = self.range {
            let (from, to) = (scale.place(least), scale.place(most));
            let middle = y + ROW / 2.0;
            let _ = write!(
                out,
                r##"<path d="M{from:.1} {middle}H{to:.1}" stroke="#1a1a1a"/>"##
            );
            behind = behind.max(to);
        }
        // Not across the line.
        if let Some(mark) = mark.filter(|mark| (behind..behind + 50.0).contains(mark)) {
            behind = mark;
        }
        let _ = writeln!(
            out,
            r#"<text x="{:.1}" y="{}">{}</text>"#,
            behind + 6.0,
            y + 14.0,
            escaped(&self.text)
        );
    }
}
