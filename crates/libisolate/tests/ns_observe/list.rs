//! The list of all namespaces.
