"""``orcheo serve``."""

from pathlib import Path

import click


@click.command()
@click.option("--host", help="Address to listen on (ORCHEO_HOST; 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port to listen on (ORCHEO_PORT; 8700).")
@click.option(
    "--data-dir", type=click.Path(file_okay=False, path_type=Path), help="Where everything is kept (ORCHEO_DATA_DIR)."
)
def serve(host: str | None, port: int | None, data_dir: Path | None) -> None:
    """Run the server until Ctrl-C."""
    from orcheo_adapters import bootstrap
    from orcheo_adapters.settings import ServerSettings

    settings = ServerSettings.load(host=host, port=port, data_dir=data_dir)
    bootstrap.serve(settings, on_ready=lambda url: _say_ready(url, settings.data_dir))


def _say_ready(url: str, data_dir: Path) -> None:
    click.echo(f"Orcheo listens on {url} and keeps its data in {data_dir}. Stop it with Ctrl-C.", err=True)
