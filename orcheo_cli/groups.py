"""Groups of commands that name the right command for a word that they do not know."""

import click

OTHER_WORDS = {
    "add": ("workflow add", "token create"),
    "create": ("workflow add", "token create"),
    "new": ("workflow add", "token create"),
    "register": ("workflow add",),
    "remove": ("workflow remove", "thread purge", "token revoke"),
    "revoke": ("token revoke", "workflow unpublish"),
    "rotate": ("workflow rotate-token", "token rotate", "keys rotate"),
    "delete": ("workflow remove", "thread purge", "token revoke"),
    "rm": ("workflow remove", "thread purge", "token revoke"),
    "ls": ("workflow list", "thread list", "token list", "audit list"),
    "show": ("audit list", "token list", "server space"),
    "get": ("workflow show", "thread show"),
    "update": ("workflow edit",),
    "rename": ("workflow edit --name", "workflow edit --handle"),
    "search": ("thread list --search", "workflow list --search"),
    "find": ("thread list --search", "workflow list --search"),
    "share": ("workflow publish", "workflow show"),
    "share-link": ("workflow show",),
    "link": ("workflow show",),
    "open": ("workflow publish", "canvas"),
    "url": ("workflow show",),
    "usage": ("workflow show --days",),
    "stats": ("workflow show --days",),
    "chat": ("workflow ask",),
    "test": ("workflow check",),
    "close": ("workflow unpublish",),
    "look": ("workflow set-look",),
    "transcript": ("thread show",),
    "transcripts": ("thread list",),
    "start": ("serve", "workflow publish"),
    "run": ("serve", "workflow ask"),
    "up": ("serve",),
    "stop": ("workflow unpublish",),
    "set": ("workflow edit",),
    "set-name": ("workflow edit --name",),
    "restore": ("workflow unarchive",),
    "status": ("doctor", "workflow show"),
    "version": ("--version",),
    "space": ("server space",),
}
"""What people type for our commands; a test holds the commands and options against those that there are."""
_HOW_TO = {
    "backup": "docs/how-to/back-up-and-restore.md",
    "restore": "docs/how-to/back-up-and-restore.md",
    "completion": "docs/questions.md",
    "config": "docs/reference/configuration.md",
    "embed": "docs/how-to/put-a-bubble-on-your-site.md",
}
"""What no command does, with the page that says how it is done."""
_ELSEWHERE = {name: f"{page} says how it is done." for name, page in _HOW_TO.items()} | {
    "logs": "The server writes its log to standard error; docs/reference/configuration.md says what is in it."
}


class PointingGroup(click.Group):
    """Names the commands that were probably meant, of other groups too."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """See Click."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise self._pointing(error.command_name, ctx) from None

    def _pointing(self, name: str, ctx: click.Context) -> click.exceptions.NoSuchCommand:
        elsewhere = _ELSEWHERE.get(name)
        meant = [] if elsewhere and ctx is ctx.find_root() else _meant(name, ctx)
        if meant:
            said = f"Did you mean {' or '.join(map(repr, meant))}?"
        elif elsewhere:
            said = elsewhere
        else:
            return click.exceptions.NoSuchCommand(name, possibilities=self.list_commands(ctx), ctx=ctx)
        return click.exceptions.NoSuchCommand(name, f"No such command {name!r}. {said}", ctx=ctx)


def _meant(name: str, ctx: click.Context) -> list[str]:
    """Commands as they are typed, those with the word itself first; in a group its own, or the only one of another."""
    from orcheo_core.operations.catalogue import CATALOGUE

    root = ctx.find_root()
    others = OTHER_WORDS.get(name, ())
    named = [" ".join(each.command) for each in CATALOGUE.values() if each.command[1:] == (name,)]
    found = list(dict.fromkeys([*named, *others]))
    if ctx is root:
        return found
    here = [each for each in found if each.startswith(f"{ctx.info_name} ")]
    if isinstance(root.command, click.Group) and name in root.command.list_commands(root):
        here = [name]
    single = [each for each in others if " " not in each] or (named if len(named) == 1 else [])
    return [f"orcheo {each}" for each in here or single]
