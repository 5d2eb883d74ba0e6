"""``orcheo compact``: give the unused space of the database back."""

from pathlib import Path

import click

from orcheo_cli.context import CliContext, json_option
from orcheo_cli.help_option import HELP_BY_BOTH
from orcheo_cli.options import Command, FolderPath
from orcheo_cli.output import print_json


@click.command(
    cls=Command,
    params=[
        click.Option(
            ["--data-dir"],
            type=FolderPath(),
            help="Where everything is kept (ORCHEO_DATA_DIR).",
        ),
        json_option(),
    ],
    context_settings=HELP_BY_BOTH,
)
@click.pass_obj
def compact(context: CliContext, data_dir: Path | None) -> None:
    """Give the unused space of the database back, while no server runs.

    The whole database is written again, which needs twice its size of free space for a while. Databases that this
    release made give space back by themselves; those of older releases do so once they were compacted.
    """
    from orcheo_adapters.server.stores import compact_folder
    from orcheo_adapters.settings.server import ServerSettings
    from orcheo_adapters.system.data_folder import DataFolder
    from orcheo_core.operations.space import shown_size

    folder = DataFolder(ServerSettings.load(data_dir=data_dir).data_dir)
    folder.require_database()
    with folder.locked():
        before, after = compact_folder(folder)
    message = f"The database took {shown_size(before)} and takes {shown_size(after)} now."
    if context.as_json:
        print_json({"before": before, "after": after, "message": message})
    else:
        click.echo(message)
