"""What the generated dataclasses can do beside holding their fields."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any, AnyStr, Generic, Optional, Type, TypeVar, cast

from . import _native, _wire
from .errors import JobFailed

if TYPE_CHECKING:
    from ._spec import Outcome, Reason

S = TypeVar("S", bound="SpecMethods")


class SpecMethods:
    """Methods of `Spec`."""

    def to_json(self) -> str:
        """The spec as JSON text, its form in every language.

        Raises InvalidSpecError when it is none.
        """
        return _native.normalize(_wire.dump(_wire.fields_of(self)))

    @classmethod
    def from_json(cls: Type[S], text: str) -> S:
        """Reads a spec from JSON text.

        Raises InvalidSpecError with the path of the wrong field.
        """
        return _wire.spec(cls, _native.normalize(text))


class OutcomeMethods(Generic[AnyStr]):
    """Methods of `Outcome`."""

    if TYPE_CHECKING:
        reason: Reason
        exit_code: Optional[int]
        signal: Optional[int]

    @property
    def success(self) -> bool:
        """Whether the program exited by itself with code 0."""
        return self.reason == "exit" and self.exit_code == 0

    @property
    def returncode(self) -> int:
        """As `subprocess` has it: the exit code, or the signal's number negative."""
        if self.exit_code is not None:
            return self.exit_code
        return -(self.signal or signal.SIGKILL)

    @property
    def shell_status(self) -> int:
        """The exit status a shell would show: the code, 128 + signal, 124 for a timeout."""
        if self.reason == "timeout":
            return 124
        code = self.returncode
        return code if code >= 0 else 128 - code

    def check_returncode(self) -> None:
        """Raises JobFailed unless the program exited by itself with code 0."""
        if not self.success:
            raise JobFailed(cast("Outcome[Any]", self))
