//! A host as JSON text: saved on one machine, planned for on another.

use super::Host;
use crate::error::{Error, ErrorKind, Result, Stage};

impl Host {
    /// The host as JSON text.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Reads what [`Host::to_json`] wrote.
    ///
    /// # Errors
    /// `InvalidSpec` at stage `Host` with the path of the field.
    pub fn from_json(text: &str) -> Result<Host> {
        let mut json = serde_json::Deserializer::from_str(text);
        serde_path_to_error::deserialize(&mut json).map_err(|e| {
            let path = e.path().to_string();
            Error::new(
                ErrorKind::InvalidSpec,
                Stage::Host,
                path,
                e.inner().to_string(),
            )
        })
    }
}

/// The map of paths as a list of pairs: JSON takes only text as keys, and paths need not be.
pub(super) mod paths {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    use crate::host::PathFact;
    use crate::spec::Bytes;

    pub fn serialize<S: Serializer>(
        paths: &BTreeMap<Bytes, PathFact>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(paths)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<Bytes, PathFact>, D::Error> {
        let pairs = Vec::<(Bytes, PathFact)>::deserialize(deserializer)?;
        Ok(pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::PathFact;
    use crate::spec::Bytes;

    #[test]
    fn a_probed_host_survives_the_way_through_json() {
        let mut host = Host::probe().expect("a host with /proc");
        host.paths
            .insert(Bytes::from(&b"/not\xffutf8"[..]), PathFact::Missing(2));
        host.paths
            .insert("/bin".into(), PathFact::Link("usr/bin".into()));
        assert_eq!(Host::from_json(&host.to_json()), Ok(host));
    }

    #[test]
    fn a_wrong_field_is_named() {
        let error = Host::from_json(r#"{"kernel": 5}"#).map_err(|e| e.message());
        assert!(
            error
                .as_ref()
                .is_err_and(|e| e.starts_with("host: kernel: ")),
            "{error:?}"
        );
    }
}
