"""Share links, the URLs of chat pages, and the one-time addresses of Canvas."""

from attrs import frozen

from orcheo_core.domain.workflow import Workflow


@frozen
class ShareLinks:
    """Makes share links under the address that visitors use, ``https://chat.example.org`` say."""

    base_url: str

    def of(self, workflow: Workflow) -> str:
        """The share link of a workflow; it opens nothing while the workflow is private."""
        return f"{self.base_url.rstrip('/')}/chat/{workflow.handle}"

    def of_canvas(self, ticket: str) -> str:
        """The one-time address that signs an owner in; browsers send no part of a fragment to any server."""
        return f"{self.base_url.rstrip('/')}/canvas#ticket={ticket}"
