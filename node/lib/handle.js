// How the package's own code gets at what is behind its objects.

'use strict';

module.exports = {
  /** The addon's handle of a Namespace. */
  kHandle: Symbol('handle'),
  /** The Namespace of a handle: a static function of the class. */
  kWrap: Symbol('wrap'),
  /** The members of a NamespaceSet by kind. */
  kMembers: Symbol('members'),
};
