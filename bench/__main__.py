"""``python -m bench [dispatch] [intake] [webhook] [lists] [seed] [options]``: no name, all with floors."""

import sys

from bench import cli, dispatch, intake, lists, seed, webhook

BENCHMARKS = {module.NAME: module for module in (dispatch, intake, webhook, lists, seed)}
# Seeding alone compares nothing; it has its own command.
DEFAULT = ("dispatch", "intake", "webhook", "lists")


def main(arguments: list[str]) -> int:
    """Names first, then options."""
    names = []
    while arguments and not arguments[0].startswith("-"):
        names.append(arguments[0])
        arguments = arguments[1:]
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    return cli.main([BENCHMARKS[name] for name in names or DEFAULT], arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
