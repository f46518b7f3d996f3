//! Maps of where balls end (feature `threads`): thousands of balls roll from starts all over a
//! plane, and the map says which start leads to which minimum.
//!
//! [`roll`] lets a ball roll from each start, eight at a time in the lanes of a vector, and on all
//! threads. [`Basins`] says which ends are the same minimum, how much of the plane each minimum
//! attracts, and how long the boundaries between the basins are.
//!
//! A ball that is too large for the valleys jumps from one contact to another. Where it ends then
//! depends on the last bit of its start, and two programs agree on a map only if they agree on
//! every bit of a step. What they have in common otherwise is how often each minimum is reached;
//! [`Basins::dependence`] says how much of a map depends on the start at all.
//!
//! ```
//! use rolling_ball::probe::basins::{Basins, NearWells, Settings, Starts, roll};
//! use rolling_ball::kernels::Active;
//!
//! let wells = NearWells::new(&[[-1.0, 0.0], [1.0, 0.2]], 0.5)?;
//! let starts = Starts { from: -2.0, to: 2.0, side: 16 };
//! let settings = Settings { steps: 200, ..Settings::shrinking(0.01, 0.05, 200) };
//! let ends = roll::<Active, _>(&wells, &starts, &settings, |_| ())?;
//! let basins = Basins::of(&ends, &starts, 0.01)?;
//! assert_eq!(basins.minima().len(), 2);
//! # Ok::<(), rolling_ball::Error>(())
//! ```

mod balls;
mod exponential;
mod labels;
mod map;
mod plane;
mod settings;
mod starts;
mod wells;

pub use exponential::exponential;
pub use labels::{Basins, Minimum};
pub use map::roll;
pub use plane::{Plane, evaluate};
pub use settings::Settings;
pub use starts::Starts;
pub use wells::{CUTOFF, NearWells};
