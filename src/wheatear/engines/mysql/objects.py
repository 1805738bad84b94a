"""Views and triggers, as the statement that makes them in whatever database they are read."""

from __future__ import annotations

from wheatear.schema.model import Object

from .catalogue import Row
from .tokens import quoted, tokens


def view(row: Row, schema: str) -> Object:
    """A view without its definer."""
    name = row["table_name"]
    security = "" if row["security_type"] == "DEFINER" else f"SQL SECURITY {row['security_type']} "
    algorithm = row.get("algorithm") or "UNDEFINED"
    how = "" if algorithm == "UNDEFINED" else f"ALGORITHM={algorithm} "
    check = row["check_option"]
    end = "" if check == "NONE" else f" WITH {check} CHECK OPTION"
    body = without_schema(row["view_definition"] or "", schema)
    return Object("view", name, f"CREATE {how}{security}VIEW {quoted(name)} AS {body}{end}")


def trigger(row: Row, schema: str, *, follows: str | None) -> Object:
    """A trigger; `follows` is the one before it at the same moment."""
    name, table = row["trigger_name"], row["event_object_table"]
    order = f" FOLLOWS {quoted(follows)}" if follows else ""
    return Object(
        "trigger",
        name,
        f"CREATE TRIGGER {quoted(name)} {row['action_timing']} {row['event_manipulation']}"
        f" ON {quoted(table)} FOR EACH ROW{order}"
        f" {without_schema(row['action_statement'], schema)}",
        table,
    )


def without_schema(sql: str, schema: str) -> str:
    """`sql` without this database's name before a table's."""
    parts = list(tokens(sql))
    own = quoted(schema)
    kept: list[str] = []
    skip = False
    for at, part in enumerate(parts):
        if skip:
            skip = False
        elif part.text == own and at + 1 < len(parts) and parts[at + 1].text == ".":
            skip = True
        else:
            kept.append(part.text)
    return "".join(kept)
