#![no_main]
//! Crontabs of both layouts.

use libfuzzer_sys::fuzz_target;
use seaworthy_syntax::{Limits, crontab};

fuzz_target!(|text: &str| {
    for layout in [crontab::Layout::User, crontab::Layout::System] {
        for job in crontab::parse(text, layout, &Limits::default()).jobs {
            assert!(job.interval_hours().is_none_or(|hours| hours > 0.0));
        }
    }
});
