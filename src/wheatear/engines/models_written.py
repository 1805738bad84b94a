"""A new table as a model class, where the class gives exactly that table."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import peewee

from wheatear.schema.content import primary_key, same_type
from wheatear.schema.model import Column, Constraint, Index, Table
from wheatear.schema.module import Known, class_name
from wheatear.schema.source import Call, Items, Named, Source, call, indented, laid_out, text
from wheatear.schema.writer import Place

if TYPE_CHECKING:
    from wheatear.engines.writing.tables import Tables


class Written(NamedTuple):
    """A model that is defined: its class, and the indexes that are made with it."""

    name: str
    indexes: tuple[Index, ...]


def model_of(spelled: Tables, table: Table, place: Place) -> Written | None:
    """Define a model of the table; None where Peewee could not say all of it."""
    settings = spelled.table_settings(table)
    if settings is None or not table.columns or not all(map(_is_plain, _names(table))):
        return None
    model = _Model(spelled, table, place, settings)
    indexes = tuple(model.indexes)
    parts = tuple(model.attributes())
    name = place.module.define(
        class_name(table.name), lambda name: _class(name, parts, tuple(model.meta(name)))
    )
    place.module.models[table.name] = Known(name, model.names, model.key_columns())
    return Written(name, indexes)


def _called(prefix: str, columns: Sequence[str]) -> str:
    """What Peewee calls an index of a model."""
    words = re.sub(r"[^\w]+", "", "_".join(columns))
    return str(vars(peewee)["_truncate_constraint_name"](f"{prefix}_{words}"))


def _names(table: Table) -> list[str]:
    return [table.name, *(column.name for column in table.columns)]


def _is_plain(name: str) -> bool:
    """Whether Peewee writes the name as it is: it escapes neither quotes nor percent signs."""
    return not set(name) & set('"`%')


def _class(name: str, attributes: Sequence[tuple[str, Source]], meta: Sequence[str]) -> str:
    lines = [f"class {name}(Model):"]
    for attribute, field in attributes:
        lines += indented(laid_out(field, indent=4, before=f"{attribute} = "))
    lines += ["", "    class Meta:"] if attributes else ["    class Meta:"]
    return "\n".join([*lines, *indented(indented(meta))])


class _Model:
    """One model while it is put together."""

    def __init__(
        self, spelled: Tables, table: Table, place: Place, settings: Sequence[tuple[str, Source]]
    ) -> None:
        self.spelled, self.table, self.place, self.settings = spelled, table, place, settings
        self.key = self._key()
        self.inline = spelled.inline(table)
        inline = [one for ones in self.inline.values() for one in ones]
        own = [self.key, *inline]
        self.left = [one for one in table.constraints if one not in own]
        """Constraints that no field says."""
        self.references = dict(self._references())
        self.left = [one for one in self.left if one not in self.references.values()]
        self.names = self._attribute_names()
        self.after_class = self._are_called_after_the_class()
        """Whether indexes are called after the class, as Peewee does unless it is told."""
        self.alone: dict[str, Index] = {}
        """By column, an index that the field itself says."""
        self.together: list[Index] = []
        for index in table.indexes:
            self._place_index(index)

    @property
    def indexes(self) -> list[Index]:
        """The indexes that the class says."""
        return [*self.alone.values(), *self.together]

    # The key

    def _key(self) -> Constraint | None:
        """The primary key, if `primary_key` of a field or of Meta says it."""
        key = next((one for one in self.table.constraints if one.kind == "primary key"), None)
        if key is None or not self.spelled.is_plain_key(key, self.table):
            return None
        # Peewee puts a field that is the key before all others.
        if len(key.columns) == 1 and key.columns[0] != self.table.columns[0].name:
            return None
        return key

    def key_columns(self) -> tuple[str, ...]:
        """The columns of `primary_key`."""
        return self.key.columns if self.key else ()

    # Foreign keys

    def _references(self) -> Iterator[tuple[str, Constraint]]:
        taken: set[str] = set()
        for one in self.left:
            if one.kind == "foreign key" and one.columns[0] not in taken and self._is_field(one):
                taken.add(one.columns[0])
                yield one.columns[0], one

    def _is_field(self, one: Constraint) -> bool:
        """Whether a ForeignKeyField gives it, and the column's type."""
        if len(one.columns) != 1 or not self.spelled.is_plain_reference(one, self.table):
            return False
        column, target = self._column(one.columns[0]), self._target(one)
        if target is None or self.key_columns() == one.columns or not same_type(column, target):
            return False
        return self.spelled.field_class(target, self.place).is_stock

    def _target(self, one: Constraint) -> Column | None:
        if one.table == self.table.name:
            table: Table | None = self.table
        else:
            table = self.place.now.table(one.table or "")
        if table is None or len(one.targets) != 1 or not all(map(_is_plain, _names(table))):
            return None
        return next((column for column in table.columns if column.name == one.targets[0]), None)

    def _column(self, name: str) -> Column:
        return next(column for column in self.table.columns if column.name == name)

    # Names

    def _attribute_names(self) -> dict[str, str]:
        """By column, its attribute: its own name if Python and Peewee let it."""
        columns = {column.name for column in self.table.columns}
        names: dict[str, str] = {}
        for column in self.table.columns:
            wanted = column.name
            short = wanted.removesuffix("_id")
            if wanted in self.references and short not in columns:
                wanted = short
            names[column.name] = _free(wanted, {*names.values(), *(columns - {column.name})})
        return names

    # Attributes

    def attributes(self) -> Iterator[tuple[str, Source]]:
        """Each column's attribute and field."""
        for column in self.table.columns:
            name = self.names[column.name]
            implied = name
            if column.name in self.references:
                implied = name if name.endswith("_id") else f"{name}_id"
            said = [] if implied == column.name else [Named("column_name", text(column.name))]
            field = self._field(column, said)
            if not (name == "id" and field == call("AutoField")):  # Peewee's own if none is said
                yield name, field

    def _field(self, column: Column, said: list[Named]) -> Call:
        if column.name in self.references:
            return self._foreign_key(column, said)
        if self.key and self.key.columns == (column.name,):
            return self.spelled.key_field(column, self.table, self.place, *said)
        checks = self.inline.get(column.name, ())
        field = self.spelled.field(column, self.place, *said, extra=checks)
        index = self.alone.get(column.name)
        if index is None:
            return field
        word = "unique" if index.unique else "index"
        return Call(field.name, (*field.items, Named(word, "True")))

    def _foreign_key(self, column: Column, said: list[Named]) -> Call:
        one = self.references[column.name]
        field = self.spelled.field(column, self.place, *said)
        own = set(self.spelled.field_class(column, self.place).arguments)
        items: list[Source] = [item for item in field.items if item not in own]
        index = self.alone.get(column.name)
        if index is None:
            items.append(Named("index", "False"))
        elif index.unique:
            items.append(Named("unique", "True"))
        items += self.spelled.reference_arguments(one, self.table)
        model, attribute, key = self._model_of(one)
        to_field = [] if key == one.targets else [Named("field", text(attribute))]
        return call("ForeignKeyField", model, *to_field, *items)

    def _model_of(self, one: Constraint) -> tuple[str, str, tuple[str, ...]]:
        """The model that a foreign key points at, the attribute, and the model's key."""
        if one.table == self.table.name:
            return text("self"), self.names[one.targets[0]], self.key_columns()
        known = self.place.module.models.get(one.table or "", Known())
        if one.targets[0] not in known.attributes:
            known = _stub(self.spelled, one, self.place)
        return known.name, known.attributes[one.targets[0]], known.key

    # Indexes

    def _plain_columns(self, index: Index) -> list[str] | None:
        """An index's columns, if it is of columns alone."""
        columns = [self.spelled.column_of(part, self.table) for part in index.parts]
        names = [column for column in columns if column is not None]
        is_plain = not (index.where or index.using or index.extra) and len(names) == len(columns)
        return names if is_plain else None

    def _are_called_after_the_class(self) -> bool:
        plain = [(index, self._plain_columns(index)) for index in self.table.indexes]
        if any(names and index.name == _called(self.table.name, names) for index, names in plain):
            return False
        return self.place.module.is_free(class_name(self.table.name))

    def _place_index(self, index: Index) -> None:
        names = self._plain_columns(index)
        prefix = class_name(self.table.name).lower() if self.after_class else self.table.name
        if names is None or index.name != _called(prefix, names):
            return
        alone = len(names) == 1 and names[0] not in self.key_columns()
        if alone and names[0] not in self.alone:
            self.alone[names[0]] = index
        elif not alone:
            self.together.append(index)

    # Meta

    def meta(self, name: str) -> Iterator[str]:
        """The lines of Meta, of the class of this name."""
        yield "database = db"
        yield f"table_name = {text(self.table.name)}"
        if self.indexes and not self.after_class and name.lower() != self.table.name:
            yield "legacy_table_names = False"  # which lets indexes be called after the table
        key = self.key_columns()
        if len(key) > 1:
            fields = tuple(text(self.names[name]) for name in key)
            yield from laid_out(Call("CompositeKey", fields), indent=8, before="primary_key = ")
        elif not key:
            yield "primary_key = False"
        if self.together:
            yield from laid_out(self._indexes(), indent=8, before="indexes = ")
        if self.left:
            nodes = tuple(self.spelled.constraint_node(one, self.table) for one in self.left)
            yield from laid_out(Items(nodes, "[]"), indent=8, before="constraints = ")
        if before := self._before():
            yield from laid_out(Items(before, "[]"), indent=8, before="depends_on = ")
        for setting, value in self.settings:
            yield from laid_out(value, indent=8, before=f"{setting} = ")

    def _before(self) -> tuple[str, ...]:
        """Models that have to be created first, which Peewee does not see in a piece of SQL."""
        tables = dict.fromkeys(one.table for one in self.left if one.kind == "foreign key")
        known = self.place.module.models
        return tuple(known[name].name for name in tables if name in known)

    def _indexes(self) -> Items:
        return Items(
            tuple(
                Items((self._fields_of(index), "True" if index.unique else "False"))
                for index in self.together
            )
        )

    def _fields_of(self, index: Index) -> Items:
        columns = [self.spelled.column_of(part, self.table) or "" for part in index.parts]
        return Items(tuple(text(self.names[name]) for name in columns))


def _stub(spelled: Tables, one: Constraint, place: Place) -> Known:
    """A model of a table that is there: no more than a foreign key has to know."""
    table = place.now.table(one.table or "") or Table(one.table or "", ())
    target = next(column for column in table.columns if column.name == one.targets[0])
    is_key = primary_key(table) == one.targets
    attribute = _free(target.name, set())
    attributes: list[tuple[str, Source]] = []
    if not (is_key and target.name == "id" and spelled.is_automatic(target)):
        said = [] if attribute == target.name else [Named("column_name", text(target.name))]
        said.append(Named("primary_key" if is_key else "unique", "True"))
        field = spelled.field_class(target, place).field(*said)
        attributes.append((attribute, field))
    meta = ["database = db", f"table_name = {text(table.name)}"]
    name = place.module.define(class_name(table.name), lambda name: _class(name, attributes, meta))
    known = Known(name, {target.name: attribute}, one.targets if is_key else ())
    place.module.models.setdefault(table.name, known)
    return known


_OF_MODELS = frozenset(dir(peewee.Model)) | {"Meta"}


def _free(wanted: str, taken: set[str]) -> str:
    """An attribute's name, as near to the wanted one as Python and Peewee let it be."""
    name = "".join(char if f"_{char}".isidentifier() else "_" for char in wanted).strip("_")
    name = name if name[:1].isalpha() else f"column_{name}".rstrip("_")
    while name in taken or name in _OF_MODELS or keyword.iskeyword(name):
        name += "_"
    return name
