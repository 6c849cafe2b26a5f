//! Keeping namespaces at paths.
