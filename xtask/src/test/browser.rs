//! The laboratory's report as a browser shows it.

use super::TestArgs;
use super::part::Part;
use crate::browser;
use workbench::progress::during;

pub fn part(args: &TestArgs) -> Part {
    Part::new("browser", args)
        .needs(&[browser::BROWSER])
        .test("the_laboratorys_report_opens_in_a_browser_with_its_pictures", || {
            during("the report in a browser", browser::check)
        })
}
