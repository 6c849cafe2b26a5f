//! Diagnoses of hosts that are not at hand: each is a saved host with something changed, and what the doctor
//! has to say of it is a golden file in tests/doctor.
//!
//! `ISOLATE_BLESS=1` writes the golden files anew; read the difference before it is committed.

mod hosts;

use std::fmt::Write as _;
use std::path::Path;

use super::look::tries::small;
use super::{Check, Diagnosis, Status, judge};
use crate::plan::plan;
use hosts::all;

/// A diagnosis as a page for people to compare.
fn page(diagnosis: &Diagnosis) -> String {
    let mut page = format!("ready: {}\n", diagnosis.ready);
    for check in &diagnosis.checks {
        let needed = if check.needed { "!" } else { " " };
        let _ = writeln!(
            page,
            "{:7} {needed} {}: {}: {}",
            check.status.name(),
            check.area.name(),
            check.name,
            check.found
        );
        for (word, text) in [("why", &check.reason), ("do", &check.remedy)] {
            if let Some(text) = text {
                let _ = writeln!(page, "            {word}: {text}");
            }
        }
    }
    page
}

#[test]
fn what_is_said_of_each_host() {
    let bless = std::env::var_os("ISOLATE_BLESS").is_some();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/doctor");
    let (mut wrong, mut seen) = (Vec::new(), Vec::new());
    for (name, facts) in all() {
        let now = page(&judge::diagnosis(&facts));
        let path = folder.join(name).with_extension("txt");
        if bless {
            std::fs::write(&path, &now).expect("a golden file");
        } else if std::fs::read_to_string(&path).unwrap_or_default() != now {
            wrong.push(format!("{name} is now:\n{now}"));
        }
        seen.push(path);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the golden files")
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    seen.sort();
    assert_eq!(files, seen, "golden files without a host");
}

/// What holds of every diagnosis.
#[test]
fn each_check_is_whole() {
    for (host, facts) in all() {
        let diagnosis = judge::diagnosis(&facts);
        let mut names = Vec::new();
        for check in &diagnosis.checks {
            let told = format!("{host}: {check:?}");
            assert_eq!(
                check.reason.is_some(),
                check.status != Status::Works,
                "{told}"
            );
            assert!(check.remedy.is_none() || check.reason.is_some(), "{told}");
            for text in [
                Some(&check.found),
                check.reason.as_ref(),
                check.remedy.as_ref(),
            ] {
                let text = text.map_or("x", String::as_str);
                assert!(
                    !text.is_empty() && !text.contains('\n') && !text.ends_with('.'),
                    "{told}"
                );
            }
            let name = (check.area, check.name.clone());
            assert!(!names.contains(&name), "twice: {told}");
            names.push(name);
        }
        // The real job has the last word: what it needs and what was said of that agree.
        assert_eq!(diagnosis.ready, facts.tries.job.is_ok(), "{host}");
        // No line of a diagnosis is in Rust alone.
        let json = diagnosis.to_json();
        assert_eq!(
            serde_json::from_str::<Diagnosis>(&json).ok(),
            Some(diagnosis)
        );
    }
}

/// A default job on a host that lacks just this: what the doctor calls needed, it is.
#[test]
fn what_a_job_says_is_what_the_doctor_says() {
    for (host, facts) in all() {
        let Ok(probed) = &facts.host else { continue };
        let Err(error) = plan(&small().0, probed) else {
            continue;
        };
        let diagnosis = judge::diagnosis(&facts);
        let (reason, remedy) = crate::remedy::split(error.detail());
        let same =
            |check: &&Check| check.reason.as_deref() == Some(&reason) && check.remedy == remedy;
        assert!(
            diagnosis.problems().any(|check| same(&check)),
            "{host}: {error}\n{}",
            page(&diagnosis)
        );
    }
}
