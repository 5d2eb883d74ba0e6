"""Service tokens that ``orcheo login`` keeps, one for each server, in a file of the person's own."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from orcheo_adapters.system.data_folder import write_private
from orcheo_core.errors import InvalidError

_FILE = "credentials.json"
_ELSEWHERE = "Make it possible, or name another folder with ORCHEO_CONFIG_DIR; ORCHEO_SERVICE_TOKEN needs no file."


class CredentialsUnusable(InvalidError):
    """The file is damaged, or others can read it."""

    code = "credentials_unusable"
    summary = "The file with your saved service tokens cannot be used."
    hint = "Remove it and run `orcheo login` again."


@frozen
class Credentials:
    """A JSON object from server addresses to service tokens, in a file that only its owner can read."""

    path: Path

    @classmethod
    def locate(cls, environment: Mapping[str, str] = os.environ) -> "Credentials":
        """In ``ORCHEO_CONFIG_DIR``, or where this system keeps the settings of programs."""
        if named := environment.get("ORCHEO_CONFIG_DIR"):
            return cls(Path(named).expanduser() / _FILE)
        from platformdirs import user_config_path

        return cls(user_config_path("orcheo", appauthor=False) / _FILE)

    @property
    def secret_folder(self) -> Path:
        """Where other secrets are kept in files of their own, when no other place is named."""
        return self.path.parent / "secrets"

    def get(self, url: str) -> str | None:
        """The service token that is kept for a server; raises :class:`CredentialsUnusable`."""
        return self._read().get(url)

    def keep(self, url: str, service_token: str) -> None:
        """Keep a service token; raises :class:`CredentialsUnusable`, also when the file cannot be written."""
        self._write(self._read() | {url: service_token})

    def forget(self, url: str) -> bool:
        """Keep it no longer; whether there was one."""
        kept = self._read()
        if kept.pop(url, None) is None:
            return False
        self._write(kept)
        return True

    def _read(self) -> dict[str, str]:
        try:
            if self.path.stat().st_mode & 0o077:
                message = f"{self.path} can be read by others."
                raise CredentialsUnusable(message, hint=f"Run `chmod 600 {self.path}`, and revoke what was in it.")
            kept = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise CredentialsUnusable(f"{self.path} cannot be read: {error.strerror}.", hint=_ELSEWHERE) from None
        except (ValueError, RecursionError):
            raise CredentialsUnusable(f"{self.path} is damaged.") from None
        if not isinstance(kept, dict) or not all(isinstance(each, str) for each in kept.values()):
            raise CredentialsUnusable(f"{self.path} is damaged.")
        return kept

    def _write(self, kept: dict[str, str]) -> None:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(self.path, json.dumps(kept, indent=2) + "\n")
        except OSError as error:
            raise CredentialsUnusable(f"{self.path} cannot be written: {error.strerror}.", hint=_ELSEWHERE) from None
