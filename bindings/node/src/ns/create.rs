//! Namespaces made together.

use libisolate::Spec;
use libisolate::ns::{NamespaceSet, create};
use napi::bindgen_prelude::Object;
use napi::{Env, Result};
use napi_derive::napi;

use super::{Handle, kind_of, kinds_of};
use crate::failure::{failure, guard};
use crate::task::task;

/// A set; what holds a pid namespace of it ends with it.
#[napi]
pub struct Created {
    set: Option<NamespaceSet>,
}

/// Makes namespaces; `settings` is a spec as JSON text. A promise.
#[napi(catch_unwind)]
pub fn ns_create(env: &Env, kinds: Vec<String>, settings: String) -> Result<Object<'_>> {
    task(env, move || {
        let set = create(&kinds_of(&kinds)?, &Spec::from_json(&settings)?)?;
        Ok(Created { set: Some(set) })
    })
}

#[napi]
impl Created {
    /// The kinds that have not been taken.
    #[napi(catch_unwind)]
    pub fn kinds(&self) -> Vec<&'static str> {
        let kinds = self
            .set
            .as_ref()
            .map(NamespaceSet::kinds)
            .unwrap_or_default();
        kinds.into_iter().map(|kind| kind.name()).collect()
    }

    /// Takes the handle of a kind.
    #[napi(catch_unwind)]
    pub fn take(&mut self, kind: String) -> Result<Option<Handle>> {
        let kind = guard(|| kind_of(&kind)).map_err(|e| failure(&e))?;
        Ok(self
            .set
            .as_mut()
            .and_then(|set| set.take(kind))
            .map(Handle::from))
    }

    /// The process that is pid 1 of the pid namespace.
    #[napi(getter, catch_unwind)]
    pub fn holder_pid(&self) -> Option<i32> {
        self.set.as_ref().and_then(NamespaceSet::holder_pid)
    }

    /// Ends the set.
    #[napi(catch_unwind)]
    pub fn close(&mut self) {
        self.set = None;
    }

    /// Ends the set without keeping JavaScript waiting for the end of its processes. A promise.
    #[napi(catch_unwind)]
    pub fn end<'env>(&mut self, env: &'env Env) -> Result<Object<'env>> {
        let set = self.set.take();
        task(env, move || {
            drop(set);
            Ok(())
        })
    }
}
