//! A colour for each basin: unlike its neighbours', and paler the higher its minimum is.

use crate::pixels::Colour;
use plotters::style::RGBColor;
use rolling_ball::probe::basins::Basins;
use std::collections::BTreeMap;
use std::ops::Range;
use workbench::style::COLOURS;

pub const LOST: Colour = [0, 0, 0];

/// The other two that stand apart from the colours of curves, of which the last is too dark.
const MORE: [RGBColor; 2] = [RGBColor(0xf0, 0xe4, 0x42), RGBColor(0x80, 0x80, 0x80)];
/// How much white a basin with the highest minimum has.
const PALEST: f64 = 0.7;
/// What is added to squared distances, so that those of equal colours are not 0.
const SAME: f64 = 1e-3;
/// How much less a basin anywhere counts, by its starts in units of a row's, than one beside it, by
/// the edges between them.
const ELSEWHERE: f64 = 0.1;
/// What a neighbour counts at least, in rows of edges.
const BESIDE: f64 = 0.1;

/// For each basin, given the loss at its minimum, which is paler the higher it is within this
/// range. Larger basins choose first, among the palette's colours the one that is least like those
/// of basins that have chosen.
pub fn of(basins: &Basins, losses: &[f32], range: &Range<f32>, side: usize) -> Vec<Colour> {
    let edges = edges(basins.labels(), side);
    let neighbours = |basin: u32| edges.get(&basin).into_iter().flatten();
    let mut chosen: Vec<Colour> = Vec::new();
    for (basin, loss) in (0..).zip(losses) {
        let height = (loss - range.start) / (range.end - range.start).max(f32::MIN_POSITIVE);
        let palette = COLOURS.iter().take(COLOURS.len() - 1).chain(&MORE);
        let candidates = palette.map(|colour| pale(*colour, f64::from(height.clamp(0.0, 1.0))));
        let likeness = |colour: Colour| {
            let beside = neighbours(basin).filter_map(|(neighbour, edges)| {
                Some(
                    alike(colour, *chosen.get(*neighbour as usize)?)
                        * (*edges as f64 + BESIDE * side as f64),
                )
            });
            let all = chosen.iter().zip(basins.minima());
            let anywhere =
                all.map(|(other, minimum)| alike(colour, *other) * minimum.starts as f64);
            beside.sum::<f64>() + ELSEWHERE / side as f64 * anywhere.sum::<f64>()
        };
        let rated = candidates.map(|colour| (likeness(colour), colour));
        let least = rated.min_by(|(a, _), (b, _)| a.total_cmp(b));
        chosen.push(least.map_or(LOST, |(_, colour)| colour));
    }
    chosen
}

/// For each basin, how many edges it has with each other one.
fn edges(labels: &[Option<u32>], side: usize) -> BTreeMap<u32, BTreeMap<u32, usize>> {
    let across = labels.chunks_exact(side).flat_map(|row| row.iter().zip(row.iter().skip(1)));
    let up = labels.iter().zip(labels.iter().skip(side));
    let mut edges: BTreeMap<u32, BTreeMap<u32, usize>> = BTreeMap::new();
    for (a, b) in across.chain(up) {
        if let (Some(a), Some(b)) = (a, b)
            && a != b
        {
            for (a, b) in [(a, b), (b, a)] {
                *edges.entry(*a).or_default().entry(*b).or_default() += 1;
            }
        }
    }
    edges
}

fn pale(RGBColor(red, green, blue): RGBColor, height: f64) -> Colour {
    let white = PALEST * height;
    [red, green, blue].map(|part| (f64::from(part) * (1.0 - white) + 255.0 * white).round() as u8)
}

/// Large for colours that look alike.
fn alike(a: Colour, b: Colour) -> f64 {
    let differences = uniform(a).into_iter().zip(uniform(b)).map(|(a, b)| (a - b) * (a - b));
    1.0 / (SAME + differences.sum::<f64>())
}

/// In Oklab, where equal distances look equal.
fn uniform(colour: Colour) -> [f64; 3] {
    let [red, green, blue] = colour.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    let mix = |[r, g, b]: [f64; 3]| (r * red + g * green + b * blue).cbrt();
    let long = mix([0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9]);
    let medium = mix([0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6]);
    let short = mix([0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5]);
    [
        0.210_454_255_3 * long + 0.793_617_785_0 * medium - 0.004_072_046_8 * short,
        1.977_998_495_1 * long - 2.428_592_205_0 * medium + 0.450_593_709_9 * short,
        0.025_904_037_1 * long + 0.782_771_766_2 * medium - 0.808_675_766_0 * short,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use rolling_ball::probe::basins::Starts;

    #[test]
    fn neighbours_never_have_one_colour_though_there_are_more_basins_than_colours() {
        const SIDE: usize = 12;
        let starts = Starts { from: 0.0, to: 1.0, side: SIDE };
        let ends: Vec<[f32; 2]> = (0..SIDE * SIDE)
            .map(|start| [start % SIDE / 2, start / SIDE / 2].map(|at| at as f32))
            .collect();
        let basins = Basins::of(&ends, &starts, 0.1).unwrap();
        assert_eq!(basins.minima().len(), 36);
        let colours = of(&basins, &[0.5; 36], &(0.0..1.0), SIDE);
        for (basin, others) in edges(basins.labels(), SIDE) {
            for other in others.into_keys() {
                assert_ne!(colours[basin as usize], colours[other as usize]);
            }
        }
    }

    #[test]
    fn a_higher_minimum_is_paler() {
        let RGBColor(red, green, blue) = COLOURS[0];
        assert_eq!(pale(COLOURS[0], 0.0), [red, green, blue]);
        let pale = pale(COLOURS[0], 1.0);
        assert!(pale.iter().zip([red, green, blue]).all(|(pale, full)| *pale > full));
    }
}
