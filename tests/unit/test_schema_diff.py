"""Subtracting schemas: pure, so random ones by the hundred."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.applied import applied, in_any_order
from wheatear.engines.sqlite.type_names import canonical
from wheatear.schema.changes import (
    AddColumn,
    AddConstraint,
    AddTable,
    AlterColumn,
    DropConstraint,
    DropTable,
    RenameColumn,
    RenameTable,
)
from wheatear.schema.diff import Policy, candidates, compare, diff
from wheatear.schema.model import Column, Constraint, Index, Object, Schema, Table
from wheatear.schema.stored import as_json, from_json, packed, unpacked
from wheatear.schema.words import DRIFT, MODELS, in_words

TABLES = ("a", "b", "c", "d")
COLUMNS = ("id", "x", "y", "z")
EXACT = Policy(names=True)
STATED = Policy(stated=True)


@st.composite
def columns(draw: st.DrawFn) -> tuple[Column, ...]:
    names = ["id", *draw(st.lists(st.sampled_from(COLUMNS[1:]), unique=True))]
    return tuple(
        Column(
            name,
            draw(st.sampled_from(("integer", "text"))),
            draw(st.booleans()),
            draw(st.sampled_from((None, "0", "'a b'"))),
            draw(st.sampled_from((None, None, "GENERATED ALWAYS AS (id) STORED"))),
            comment=draw(st.sampled_from((None, "note"))),
        )
        for name in names
    )


@st.composite
def tables(draw: st.DrawFn, name: str, present: tuple[str, ...]) -> Table:
    own = draw(columns())
    names = [column.name for column in own]
    keys = draw(st.lists(st.sampled_from(present), max_size=2, unique=True))
    constraints = [Constraint("primary key", ("id",))] if draw(st.booleans()) else []
    constraints += [
        Constraint(
            "foreign key",
            (draw(st.sampled_from(names)),),
            table=there,
            targets=("id",),
            options=draw(st.sampled_from(("", "ON DELETE CASCADE"))),
        )
        for there in keys
    ]
    if draw(st.booleans()):
        constraints.append(Constraint("check", sql="id > 0", name=draw(st.sampled_from("pq"))))
    indexes = draw(
        st.lists(
            st.builds(
                Index,
                st.sampled_from(("i", "j")),
                st.tuples(st.sampled_from(names)),
                st.booleans(),
            ),
            max_size=2,
            unique_by=lambda index: index.name,
        )
    )
    return Table(
        name,
        own,
        tuple(constraints),
        tuple(indexes),
        draw(st.sampled_from(("", "STRICT"))),
        draw(st.sampled_from((None, "c"))),
    )


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    present = tuple(sorted(draw(st.lists(st.sampled_from(TABLES), unique=True))))
    made = tuple(draw(tables(name, present)) for name in present)
    objects = [Object("type", "mood", "CREATE TYPE mood AS ENUM ('ok')")] * draw(st.booleans())
    for name in present:
        if draw(st.booleans()):
            objects.append(Object("trigger", f"t_{name}", "CREATE TRIGGER", name))
    return Schema(made, tuple(sorted(objects, key=lambda one: one.name)))


@given(schemas(), schemas(), st.booleans())
@settings(max_examples=50, deadline=None)
def test_a_difference_applied_gives_the_other_and_its_inverse_the_first(
    before: Schema, after: Schema, forward_references: bool
) -> None:
    _there_and_back(before, after, forward_references)


@pytest.mark.long
@given(schemas(), schemas(), st.booleans())
@settings(max_examples=2000, deadline=None)
def test_the_same_at_length(before: Schema, after: Schema, forward_references: bool) -> None:
    _there_and_back(before, after, forward_references)


def _there_and_back(before: Schema, after: Schema, forward_references: bool) -> None:
    policy = replace(EXACT, forward_references=forward_references)
    changes = diff(before, after, policy=policy)
    made = applied(before, changes, forward_references=forward_references)
    assert in_any_order(made) == in_any_order(after)
    back = [change.inverse for change in reversed(changes)]
    again = applied(made, back, forward_references=forward_references)
    assert in_any_order(again) == in_any_order(before)


@given(schemas())
@settings(max_examples=25, deadline=None)
def test_nothing_differs_from_itself(schema: Schema) -> None:
    for policy in (EXACT, STATED):
        assert compare(schema, schema, policy=policy) == ((), ())


@given(schemas(), schemas())
@settings(max_examples=25, deadline=None)
def test_what_models_do_not_speak_of_stays(before: Schema, after: Schema) -> None:
    found = compare(before, after, policy=STATED)
    assert not any(isinstance(one, DropTable) for one in found.changes)
    for one in found.changes:
        if isinstance(one, AlterColumn) and one.before.default is not None:
            assert one.after.default is not None
    again = compare(applied(before, list(found.changes)), after, policy=STATED)
    assert again.changes == ()


@given(schemas(), schemas())
@settings(max_examples=25, deadline=None)
def test_every_change_has_words(before: Schema, after: Schema) -> None:
    for sides in (MODELS, DRIFT):
        for change in diff(before, after, policy=EXACT):
            (*said,) = in_words([change], sides)
            assert said
            assert all(one.text and one.to_dict()["text"] == one.text for one in said)


@given(schemas())
@settings(max_examples=25, deadline=None)
def test_a_schema_is_kept_as_text(schema: Schema) -> None:
    assert from_json(json.loads(json.dumps(as_json(schema)))) == schema
    assert unpacked(json.loads(json.dumps(packed(schema)))) == schema


def _table(name: str, *columns: str, **more: object) -> Table:
    made = tuple(Column(name, "text" if name != "id" else "integer") for name in columns)
    return Table(name, made, **more)  # type: ignore[arg-type]


def test_a_cycle_of_new_tables_is_closed_at_the_end() -> None:
    to = {name: Constraint("foreign key", ("id",), table=name, targets=("id",)) for name in "ab"}
    after = Schema(
        (_table("a", "id", constraints=(to["b"],)), _table("b", "id", constraints=(to["a"],)))
    )
    assert diff(Schema(), after, policy=Policy()) == [
        AddTable(replace(after.tables[1], constraints=())),
        AddTable(after.tables[0]),
        AddConstraint("b", to["a"]),
    ]
    assert diff(after, Schema(), policy=Policy()) == [
        DropConstraint("b", to["a"]),
        DropTable(after.tables[0]),
        DropTable(replace(after.tables[1], constraints=())),
    ]


def test_a_long_chain_of_tables_is_no_deep_recursion() -> None:
    chain = tuple(
        _table(
            f"t{n:04}",
            "id",
            constraints=(Constraint("foreign key", ("id",), table=f"t{n + 1:04}"),),
        )
        for n in range(2000)
    )
    changes = diff(Schema(), Schema((*chain, _table("t2000", "id"))), policy=Policy())
    assert isinstance(changes[0], AddTable)
    assert changes[0].table.name == "t2000"


def test_renames_are_proposed_and_applied_only_if_said() -> None:
    key = Constraint("primary key", ("id",))
    before = Schema((_table("gamer", "id", "name", "xp", constraints=(key,)),))
    after = Schema((_table("player", "id", "name", "experience", constraints=(key,)),))
    proposed = candidates(before, after)
    assert proposed == [RenameTable("gamer", "player"), RenameColumn("player", "xp", "experience")]
    assert diff(before, after, renames=proposed, policy=EXACT) == proposed
    assert diff(before, after, policy=EXACT) == [
        DropTable(before.tables[0]),
        AddTable(after.tables[0]),
    ]


def test_a_column_elsewhere_or_of_another_type_is_no_rename() -> None:
    before = Schema((_table("t", "id", "a", "b"),))
    after = Schema((_table("t", "id", "b", "c"),))
    assert candidates(before, after) == []


def test_a_rename_reaches_keys_checks_and_indexes_but_no_literal() -> None:
    parent = _table("t", "id", "a")
    own = replace(
        parent,
        constraints=(Constraint("check", sql="a <> 'a' AND \"a\" <> ab"),),
        indexes=(Index("i", ("a DESC",), where="a > 1"),),
    )
    child = _table(
        "u", "id", constraints=(Constraint("foreign key", ("id",), table="t", targets=("a",)),)
    )
    rename = RenameColumn("t", "a", "z")
    after = Schema(
        (
            replace(
                own,
                columns=(own.columns[0], replace(own.columns[1], name="z")),
                constraints=(Constraint("check", sql="z <> 'a' AND \"z\" <> ab"),),
                indexes=(Index("i", ("z DESC",), where="z > 1"),),
            ),
            replace(child, constraints=(replace(child.constraints[0], targets=("z",)),)),
        )
    )
    assert diff(Schema((own, child)), after, renames=[rename], policy=EXACT) == [rename]


def test_tables_to_ignore_and_the_history_are_nobody() -> None:
    before = Schema((_table("legacy_a", "id"), _table("wheatear_history", "id")))
    policy = replace(EXACT, ignore_tables=("legacy_*",))
    assert compare(before, Schema(), policy=policy) == ((), ())


def test_a_model_of_a_view_is_left_alone() -> None:
    before = Schema((), (Object("view", "v", "CREATE VIEW v AS SELECT 1"),))
    found = compare(before, Schema((_table("v", "id"),)), policy=STATED)
    assert found.changes == ()
    assert len(found.apart) == 1


def test_a_default_that_repeats_the_models_own_is_not_told() -> None:
    with_default = replace(_table("t", "id"), columns=(Column("id", "text", default="'7'::text"),))
    policy = replace(STATED, defaults={("t", "id"): frozenset({"7"})})
    assert compare(Schema((with_default,)), Schema((_table("t", "id"),)), policy=policy).changes
    same = replace(_table("t", "id"), columns=(Column("id", "text"),))
    assert compare(Schema((with_default,)), Schema((same,)), policy=policy) == ((), ())
    other = compare(Schema((with_default,)), Schema((same,)), policy=STATED)
    assert [one.text for one in in_words(other.apart, MODELS)] == [
        "column t.id: default is '7'::text in the database, none in the models"
    ]


def test_a_unique_constraint_and_a_unique_index_say_the_same() -> None:
    constraint = replace(_table("t", "id"), constraints=(Constraint("unique", ("id",)),))
    index = replace(_table("t", "id"), indexes=(Index("i", ("id",), unique=True),))
    for one, other in ((constraint, index), (index, constraint)):
        assert compare(Schema((one,)), Schema((other,)), policy=STATED) == ((), ())
        assert diff(Schema((one,)), Schema((other,)), policy=EXACT)


def test_a_key_is_away_while_its_type_changes() -> None:
    key = Constraint("foreign key", ("id",), table="t", targets=("id",))
    before = Schema((_table("t", "id"), _table("u", "id", constraints=(key,))))
    wide = replace(before.tables[0], columns=(Column("id", "bigint"),))
    changes = diff(
        before,
        replace(before, tables=(wide, before.tables[1])),
        policy=Policy(keys_hold_types=True),
    )
    assert changes == [
        DropConstraint("u", key),
        AlterColumn("t", before.tables[0].columns[0], wide.columns[0]),
        AddConstraint("u", key),
    ]


def test_letter_case_of_names_where_the_engine_does_not_care() -> None:
    before, after = (
        Schema((_table("Player", "ID", "Name"),)),
        Schema((_table("player", "ID", "name"),)),
    )
    assert (
        diff(before, after, policy=Policy(stated=True, fold_tables=True, fold_columns=True)) == []
    )
    assert diff(before, after, policy=STATED)


def test_a_new_column_comes_before_what_uses_it() -> None:
    key = Constraint("foreign key", ("b",), table="t", targets=("b",))
    after = Schema((_table("t", "id", "b"), _table("u", "b", constraints=(key,))))
    kinds = [type(one) for one in diff(Schema((_table("t", "id"),)), after, policy=EXACT)]
    assert kinds == [AddColumn, AddTable]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("INT", "INTEGER", True),
        ("bigint unsigned", "INTEGER", True),
        ("NVARCHAR(20)", "VARCHAR(20)", True),
        ("character varying ( 20 )", "VARCHAR(20)", True),
        ("decimal(10,2)", "DECIMAL(10, 2)", True),
        ("NVARCHAR(20)", "VARCHAR(21)", False),
        ("CLOB", "TEXT", True),
        ("DOUBLE PRECISION", "REAL", True),
        ("varchar(20)", "VARCHAR(20)", True),
        ("VARCHAR(20)", "TEXT", False),
        ("VARCHAR(20)", "CHAR(20)", False),
        ("DATE", "DATETIME", False),
        ("NUMERIC(10, 2)", "DECIMAL(10, 2)", True),
        ("NUMERIC", "", True),
    ],
)
def test_types_that_mean_the_same_on_sqlite(one: str, other: str, same: bool) -> None:
    before, after = (Schema((Table("t", (Column("x", type_),)),)) for type_ in (one, other))
    policy = replace(STATED, type_key=canonical)
    assert (diff(before, after, policy=policy) == []) is same
    spelled = [text.casefold().replace(" ", "") for text in (one, other)]
    assert bool(diff(before, after, policy=EXACT)) is (spelled[0] != spelled[1])


def test_only_one_spelling_makes_a_rowid() -> None:
    key = (Constraint("primary key", ("x",)),)
    before, after = (
        Schema((Table("t", (Column("x", type_),), key),)) for type_ in ("INT", "INTEGER")
    )
    assert diff(before, after, policy=replace(STATED, type_key=canonical))


def test_an_index_may_take_the_name_of_one_that_is_called_otherwise_now() -> None:
    """Names do not count, but two indexes of one name cannot be."""

    def schema(*indexes: Index) -> Schema:
        columns = (Column("id", "integer"), Column("y", "integer"))
        return Schema((Table("b", columns, indexes=indexes),))

    before = schema(Index("i", ("y",), unique=True))
    after = schema(Index("i", ("id",)), Index("j", ("y",), unique=True))
    found = compare(before, after, policy=STATED).changes

    assert compare(applied(before, list(found)), after, policy=STATED).changes == ()


def test_a_computed_column_is_away_while_the_type_it_rests_on_changes() -> None:
    """It and its index are no differences: they come again."""

    def schema(type_: str) -> Schema:
        size = Column("size", "integer", generated="GENERATED ALWAYS AS (length(name)) STORED")
        index = Index("i", ("size",))
        return Schema((Table("t", (Column("name", type_), size), indexes=(index,)),))

    policy = Policy(views_hold_types=True, alters_in_steps=True)
    changes = diff(schema("text"), schema("varchar(9)"), policy=policy)
    kinds = [type(one).__name__ for one in changes]
    assert kinds == ["DropIndex", "DropColumn", "AlterColumn", "AddColumn", "AddIndex"]
    assert len(in_words(changes, MODELS)) == 1


def test_a_column_computed_otherwise_is_away_while_what_it_is_computed_from_changes() -> None:
    """There it may need the new type of the one column, back the old type of the other."""

    def schema(type_: str, computed_from: str) -> Schema:
        size = Column("size", "int", generated=f"GENERATED ALWAYS AS (length({computed_from}))")
        return Schema((Table("t", (Column("a", type_), Column("b", "int"), size)),))

    policy = Policy(alters_in_steps=True)
    before, after = schema("char(9)", "b"), schema("text", "a")
    for one, other in ((before, after), (after, before)):
        changes = diff(one, other, policy=policy)
        kinds = [type(change).__name__ for change in changes]
        assert kinds == ["DropColumn", "AlterColumn", "AddColumn"]
        assert compare(applied(one, changes), other, policy=policy).changes == ()

    same = diff(schema("char(9)", "a"), schema("text", "a"), policy=policy)
    assert [type(change).__name__ for change in same] == ["AlterColumn"]


def test_a_foreign_key_is_away_while_the_key_it_rests_on_changes() -> None:
    def schema(kind: str) -> Schema:
        id_ = Column("id", "integer", null=False)
        key = Constraint("foreign key", ("id",), table="t", targets=("id",))
        return Schema(
            (
                Table("t", (id_,), (Constraint(kind, ("id",)),)),  # type: ignore[arg-type]
                Table("u", (id_,), (key,)),
            )
        )

    changes = diff(schema("primary key"), schema("unique"), policy=Policy())
    kinds = [type(one).__name__ for one in changes]
    assert kinds == ["DropConstraint", "DropConstraint", "AddConstraint", "AddConstraint"]
    assert changes[0].inverse == changes[-1]
    assert len(in_words(changes, MODELS)) == 2


def test_a_view_of_a_view_is_away_while_a_type_changes() -> None:
    views = (
        Object("view", "a", "CREATE VIEW a AS SELECT x FROM b"),
        Object("view", "b", "CREATE VIEW b AS SELECT x FROM t"),
    )
    before, after = (
        Schema((Table("t", (Column("x", type_),)),), views) for type_ in ("integer", "text")
    )
    changes = diff(before, after, policy=Policy(views_hold_types=True))
    names = [getattr(getattr(one, "object", None), "name", "") for one in changes]
    assert names == ["a", "b", "", "b", "a"]
