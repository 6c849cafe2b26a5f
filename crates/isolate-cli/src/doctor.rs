//! `isolatectl doctor`: what works on this host, and last, with its remedy, what does not.

use std::fmt::Write as _;
use std::io::Write as _;

use libisolate::Doctor;
use libisolate::doctor::{Area, Check, Diagnosis, Status};

use crate::args;
use crate::run::make_room;
use crate::table::plain;
use crate::{FAILED, complain};

/// The status where a default job cannot run.
const NOT_READY: i32 = 1;

pub fn doctor(options: &args::Doctor) -> i32 {
    // What `isolatectl run` does first, so that this tells what that finds.
    make_room(&libisolate::Spec::default());
    let diagnosis = match Doctor::examine() {
        Ok(diagnosis) => diagnosis,
        Err(error) => {
            complain(&error.message());
            return FAILED;
        }
    };
    let text = match options.json {
        true => format!("{:#}\n", serde_json::json!(diagnosis)),
        false => as_text(&diagnosis),
    };
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) if diagnosis.ready => 0,
        Ok(()) => NOT_READY,
        Err(error) => {
            complain(&format!("stdout: {error}"));
            FAILED
        }
    }
}

/// A table by area, then the problems, then in one line what it comes to.
fn as_text(diagnosis: &Diagnosis) -> String {
    let mut text = String::new();
    let width = |text: fn(&Check) -> usize| diagnosis.checks.iter().map(text).max().unwrap_or(0);
    let (status, name) = (
        width(|check| check.status.name().len()),
        width(|check| check.name.chars().count()),
    );
    for area in Area::ALL {
        let mut title = Some(area.name());
        for check in diagnosis.checks.iter().filter(|check| check.area == area) {
            if let Some(title) = title.take() {
                let _ = writeln!(text, "{title}");
            }
            let line = format!(
                "  {:status$}  {:name$}  {}",
                check.status.name(),
                plain(&check.name),
                plain(&check.found)
            );
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
    let problems: Vec<&Check> = diagnosis.problems().collect();
    if !problems.is_empty() {
        let _ = writeln!(text, "\nproblems");
    }
    // One remedy can be for many: it is told once, after all that it is for.
    let mut told: Vec<&Check> = Vec::new();
    for problem in &problems {
        let together = |other: &Check| problem.remedy.is_some() && other.remedy == problem.remedy;
        if told.iter().any(|other| together(other)) {
            continue;
        }
        told.push(problem);
        let all: Vec<&Check> = match problem.remedy {
            Some(_) => problems
                .iter()
                .filter(|one| together(one))
                .copied()
                .collect(),
            None => vec![problem],
        };
        for one in all {
            let needed = match (one.needed, one.status) {
                (true, Status::Fails) => " (a default job needs it)",
                _ => "",
            };
            let reason = one.reason.as_deref().unwrap_or_default();
            let _ = writeln!(
                text,
                "  {} {}{needed}: {}",
                one.area.name(),
                plain(&one.name),
                plain(reason)
            );
        }
        if let Some(remedy) = &problem.remedy {
            let _ = writeln!(text, "    -> {}", plain(remedy));
        }
    }
    let _ = writeln!(
        text,
        "\n{}",
        match diagnosis.ready {
            true => "a default job runs here",
            false => "a default job does not run here",
        }
    );
    text
}
