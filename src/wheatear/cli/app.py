"""The way in: runs a command, turns errors into words and exit codes."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

import click

from wheatear import __version__
from wheatear.cli.output import drop, error
from wheatear.errors import Terminated, WheatearError

COMMANDS = (
    "init",
    "create",
    "migrate",
    "status",
    "diff",
    "history",
    "restore",
    "purge",
    "completion",
)


class LazyGroup(click.Group):
    """Imports only the command that is called: each is a module of its own, called like it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order a user meets them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        command = import_module(f"wheatear.cli.{cmd_name}").command
        assert isinstance(command, click.Command)  # noqa: S101 - for the type checker
        return command


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "-C",
    "--folder",
    type=click.Path(),
    help="The project's folder, instead of the current one.",
)
@click.version_option(__version__, prog_name="wheatear", message="%(prog)s %(version)s")
@click.pass_context
def app(ctx: click.Context, folder: str | None) -> None:
    """Schema migrations for the Peewee ORM."""
    ctx.ensure_object(dict)["folder"] = folder or ctx.obj.get("folder")
    ctx.obj["command"] = ctx.invoked_subcommand
    ctx.obj["given"] = folder is not None or ctx.obj.get("given", False)


def run(args: Sequence[str] | None) -> int:
    """Run a command and return the exit code."""
    script = _script()
    place = {"folder": os.path.dirname(script), "given": True} if script else {}
    try:
        result = app.main(
            args,
            prog_name=f"python {os.path.basename(script)}" if script else "wheatear",
            standalone_mode=False,
            obj=place,
            complete_var="_WHEATEAR_COMPLETE",
        )
    except click.Abort as failure:
        # Click says `from None` of what it meets at a question: the context still knows.
        return _stopped(failure.__cause__ or failure.__context__, place.get("command"))
    except Terminated as failure:
        _stopped(failure, place.get("command"))
        raise
    except Exception as failure:  # noqa: BLE001 - every one is told in words
        return _told(failure)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as failure:  # noqa: BLE001 - a migration's own; what stays has been said
        last = traceback.extract_tb(failure.__traceback__)[-1]
        error(
            str(
                WheatearError(
                    f"The command was ended by {type(failure).__name__}: {failure}",
                    where=f"{last.filename}:{last.lineno}",
                    state=getattr(getattr(failure, "stopped", None), "state", None),
                    next="raise an Exception there, and run the command again.",
                )
            )
        )
        return 1
    return result if isinstance(result, int) else 0


def _told(failure: Exception) -> int:
    """Say what went wrong and return the exit code."""
    if isinstance(failure, WheatearError):
        error(str(failure))
        code = failure.exit_code
    elif isinstance(failure, click.exceptions.Exit):
        code = failure.exit_code
    elif isinstance(failure, click.ClickException):
        failure.show()
        code = failure.exit_code
    elif isinstance(failure, FileNotFoundError) and _is_nowhere():
        error(
            "The current folder is no longer there.\n"
            "  state: nothing was changed.\n"
            "  next:  go to a folder that is there, then run the command again."
        )
        code = 1
    elif isinstance(failure, OSError) and _is_printing(failure):
        drop("stdout")
        if not isinstance(failure, BrokenPipeError):
            error(
                f"The standard output cannot be written: {failure.strerror}.\n"
                "  state: nothing was changed.\n"
                "  next:  make room, or send the output elsewhere, and run the command again."
            )
        code = 1
    else:
        code = _defect(failure)
    return code


_READING = ("status", "diff", "history", "create", "completion")
_AFTER_STOP = {
    "restore": "the database is what it was, or all that the backup holds.",
    "purge": "what was not removed yet is still kept.",
    **dict.fromkeys(_READING, "nothing was changed in the database."),
}


def _stopped(failure: BaseException | None, command: object) -> int:
    """Say by what a command was ended from outside, and how to go on; return the exit code."""
    if failure is None or isinstance(failure, EOFError):
        what = "Stopped: the question was not answered."
    else:
        what = f"Stopped by {'SIGTERM' if isinstance(failure, Terminated) else 'Ctrl-C'}."
    found = getattr(failure, "stopped", None)
    state = found.state if found else _AFTER_STOP.get(str(command))
    if failure is None or isinstance(failure, EOFError):
        state = "nothing was changed."
    next_ = found.next if found else "run the command again."
    error(str(WheatearError(what, state=state, next=next_)))
    return 128 + signal.SIGINT


def _is_printing(failure: OSError) -> bool:
    """Whether it comes of what click itself prints, such as a help."""
    last = traceback.extract_tb(failure.__traceback__)[-1]
    by_click = os.path.basename(os.path.dirname(last.filename)) == "click"
    return by_click or isinstance(failure, BrokenPipeError)


def _is_nowhere() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


def _script() -> str | None:
    """The `manage_migrations.py` that called us, or None for the installed program."""
    path = getattr(sys.modules.get("__main__"), "__file__", None)
    if path is None or not path.endswith(".py"):
        return None
    script = os.path.realpath(path)
    return None if os.path.basename(os.path.dirname(script)) == "wheatear" else script


def _defect(failure: Exception) -> int:
    if os.environ.get("WHEATEAR_DEBUG"):
        traceback.print_exception(failure)
    last = traceback.extract_tb(failure.__traceback__)[-1]
    error(
        f"Wheatear failed in a way it should not: {type(failure).__name__}: {failure}\n"
        f"  where: {os.path.basename(last.filename)}:{last.lineno}\n"
        "  next:  run it again with WHEATEAR_DEBUG=1 and report what it prints."
    )
    return 1
