// The errors: one class, told apart by `kind` and `code`, with the library's own text.

'use strict';

/** A failure of the library; `message` is `stage: subject: what`, the same in every language. */
class IsolateError extends Error {
  constructor(message, { kind = 'other', code = 'EIO', errno = 5, stage = '', subject = '' } = {}) {
    super(message);
    this.kind = kind;
    this.code = code;
    this.errno = errno;
    this.stage = stage;
    this.subject = subject;
  }

  /** From the JSON text that the addon makes of its errors. */
  static fromJson(text) {
    const { message, ...rest } = JSON.parse(text);
    return new IsolateError(message, rest);
  }

  /** A wrong option that never gets to the library, because it has no name there. */
  static invalid(subject, detail, stage = 'spec') {
    const fields = { kind: 'invalid_spec', code: 'EINVAL', errno: 22, stage, subject };
    return new IsolateError(`${stage}: ${subject}: ${detail}`, fields);
  }

  /** As the library says it of a job that has ended. */
  static ended(pid) {
    const subject = `job ${pid}`;
    const fields = { kind: 'not_found', code: 'ESRCH', errno: 3, stage: 'namespace', subject };
    return new IsolateError(`namespace: ${subject}: No such process; the job has ended`, fields);
  }

  /** The same of its group. */
  static endedGroup(pid) {
    const subject = `job ${pid}`;
    const fields = { kind: 'not_found', code: 'ENOENT', errno: 2, stage: 'cgroup', subject };
    return new IsolateError(`cgroup: ${subject}: the job has ended`, fields);
  }
}
Object.defineProperty(IsolateError.prototype, 'name', { value: 'IsolateError', configurable: true, writable: true });

/** What an aborted call rejects with, as in Node's own functions. */
class AbortError extends Error {
  constructor(signal) {
    super('The operation was aborted', { cause: signal.reason });
    this.name = 'AbortError';
    this.code = 'ABORT_ERR';
  }
}

/** Calls the addon; its errors become IsolateErrors. */
function translated(call) {
  try {
    return call();
  } catch (error) {
    throw ours(error);
  }
}

/** The same for calls that give promises. */
async function later(call) {
  try {
    return await call();
  } catch (error) {
    throw ours(error);
  }
}

function ours(error) {
  const known = typeof error?.message === 'string' && error.message.startsWith('{"');
  return known ? IsolateError.fromJson(error.message) : error;
}

module.exports = { AbortError, IsolateError, later, translated };
