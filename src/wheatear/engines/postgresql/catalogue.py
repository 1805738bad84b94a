"""The one catalogue query everything is read by: rows of kind, relation, position and facts.

Each part lists one kind of thing as JSON, so that a whole schema, or one table inside an
operation's transaction, is one round trip and one snapshot. `{of}` is which relations to read.
The catalogue's manual: https://www.postgresql.org/docs/current/catalogs.html
"""

from __future__ import annotations

from collections.abc import Iterable

TABLES = """
SELECT 'table', c.oid, 0, json_build_array(
  c.relname, c.relkind, c.relpersistence, c.reloptions,
  CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
  pg_get_expr(c.relpartbound, c.oid),
  c.relrowsecurity, c.relforcerowsecurity, c.relreplident,
  (SELECT n.nspname FROM pg_namespace n WHERE n.oid = c.relnamespace))
FROM pg_class c
WHERE c.oid {of}"""

PARENTS = """
SELECT 'parent', p.inhrelid, p.inhseqno, json_build_array(p.inhparent::regclass::text)
FROM pg_inherits p
WHERE p.inhrelid {of}"""

COLUMNS = """
SELECT 'column', a.attrelid, a.attnum, json_build_array(
  a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
  a.attgenerated, a.attidentity,
  CASE WHEN a.attcollation NOT IN (0, 100) THEN
    (SELECT a.attcollation::regcollation::text FROM pg_type t
     WHERE t.oid = a.atttypid AND t.typcollation <> a.attcollation) END)
FROM pg_attribute a
WHERE a.attrelid {of} AND a.attnum > 0 AND NOT a.attisdropped"""

DEFAULTS = """
SELECT 'default', d.adrelid, 0, json_build_array(d.adnum, pg_get_expr(d.adbin, d.adrelid))
FROM pg_attrdef d
WHERE d.adrelid {of}"""

COMMENTS = """
SELECT 'comment', d.objoid, 0, json_build_array(d.objsubid, d.description)
FROM pg_description d
WHERE d.objoid {of} AND d.classoid = 'pg_class'::regclass"""

CONSTRAINTS = """
SELECT 'constraint', k.conrelid, 0, json_build_array(
  k.contype, k.conname, k.conkey, k.conindid,
  CASE WHEN k.contype = 'c' THEN pg_get_expr(k.conbin, k.conrelid)
       ELSE pg_get_constraintdef(k.oid) END,
  k.confrelid = k.conrelid, k.connoinherit, NOT k.convalidated)
FROM pg_constraint k
WHERE k.conrelid {of} AND k.contype IN ('p', 'u', 'c', 'f', 'x')"""

INDEXES = """
SELECT 'index', i.indrelid, 0, json_build_array(
  i.indexrelid, i.indisunique, pg_get_indexdef(i.indexrelid),
  pg_get_expr(i.indpred, i.indrelid), i.indisvalid, i.indisclustered)
FROM pg_index i
WHERE i.indrelid {of}"""

TRIGGERS = """
SELECT 'trigger', t.tgrelid, 0, json_build_array(
  t.tgname, pg_get_triggerdef(t.oid, true), t.tgenabled)
FROM pg_trigger t
WHERE t.tgrelid {of} AND NOT t.tgisinternal"""

IDENTITIES = """
SELECT 'identity', d.refobjid, 0, json_build_array(
  d.refobjsubid, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle)
FROM pg_depend d JOIN pg_sequence s ON s.seqrelid = d.objid
WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid {of}
  AND d.classid = 'pg_class'::regclass AND d.deptype = 'i'"""

PLACES = """
SELECT 'place', c.oid, 0, json_build_array(am.amname, ts.spcname)
FROM pg_class c
LEFT JOIN pg_am am ON am.oid = c.relam AND c.relam <> 2
LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
WHERE c.oid {of}"""

INDEX_COMMENTS = """
SELECT 'index comment', i.indrelid, 0, json_build_array(i.indexrelid, d.description)
FROM pg_index i
JOIN pg_description d ON d.objoid = i.indexrelid AND d.classoid = 'pg_class'::regclass
WHERE i.indrelid {of}"""

VIEWS = """
SELECT 'view', c.oid, 0, json_build_array(
  c.relname, c.relkind, pg_get_viewdef(c.oid), c.reloptions,
  obj_description(c.oid, 'pg_class'),
  CASE WHEN c.relkind = 'm' THEN
    ARRAY(SELECT pg_get_indexdef(i.indexrelid, 0, true) FROM pg_index i
          WHERE i.indrelid = c.oid ORDER BY i.indexrelid::regclass::text) END)
FROM pg_class c
WHERE c.relnamespace = {namespace} AND c.relkind IN ('v', 'm')
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass
                  AND e.objid = c.oid AND e.deptype = 'e')"""

SEQUENCES = """
SELECT 'sequence', c.oid, 0, json_build_array(
  c.relname, format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax,
  s.seqcache, s.seqcycle)
FROM pg_class c JOIN pg_sequence s ON s.seqrelid = c.oid
WHERE c.relnamespace = {namespace}
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass
                  AND e.objid = c.oid AND e.deptype IN ('a', 'i', 'e'))"""

TYPES = """
SELECT 'type', t.oid, 0, json_build_array(
  t.typname, t.typtype,
  CASE WHEN t.typtype = 'e' THEN
    ARRAY(SELECT quote_literal(e.enumlabel) FROM pg_enum e
          WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder) END,
  CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
  CASE WHEN t.typtype = 'd' THEN
    (SELECT t.typcollation::regcollation::text FROM pg_type b
     WHERE b.oid = t.typbasetype AND b.typcollation <> t.typcollation) END,
  t.typdefault, t.typnotnull,
  CASE WHEN t.typtype = 'd' THEN
    ARRAY(SELECT 'CONSTRAINT ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid)
          FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'
          ORDER BY k.conname) END)
FROM pg_type t
WHERE t.typnamespace = {namespace} AND t.typtype IN ('e', 'd')
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_type'::regclass
                  AND e.objid = t.oid AND e.deptype = 'e')"""

_TABLES_OF = """
WITH home AS MATERIALIZED (
  SELECT c.oid FROM pg_class c
  WHERE c.relnamespace = {namespace} AND c.relkind IN ('r', 'p'){named}
    AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass
                    AND e.objid = c.oid AND e.deptype = 'e'))"""

_OF_A_TABLE = (
    TABLES,
    PARENTS,
    COLUMNS,
    DEFAULTS,
    COMMENTS,
    CONSTRAINTS,
    INDEXES,
    TRIGGERS,
)
_OF_TABLES = (*_OF_A_TABLE, IDENTITIES, PLACES, INDEX_COMMENTS)
_OF_SCHEMA = (VIEWS, SEQUENCES, TYPES)
_ROWS = "SELECT kind, rel, facts::text FROM ({parts}) found (kind, rel, position, facts)"
_IN_ORDER = " ORDER BY rel, position"


def of_table(relation: str) -> str:
    """The query for one table, given by an expression for its oid.

    It is as cheap to plan as it can be, since every operation asks it twice: one table a part, no
    joins; what no operation could change (tablespace, an identity's sequence) is left out. Its
    text is the same for every table, so that psycopg 3 prepares it when it comes again and again.
    """
    parts = " UNION ALL ".join(part.format(of=f"= {relation}") for part in _OF_A_TABLE)
    return _ROWS.format(parts=parts) + _IN_ORDER


ONE_TABLE = of_table("COALESCE(%(oid)s::oid, to_regclass(%(name)s)::oid)")


def of_relations(numbers: Iterable[int]) -> str:
    """The query for tables whose oids are known: planned in a fraction of the time."""
    of = f"= ANY (ARRAY[{', '.join(map(str, numbers))}]::oid[])"
    parts = " UNION ALL ".join(part.format(of=of) for part in _OF_TABLES)
    return _ROWS.format(parts=parts) + _IN_ORDER


def of_schema(namespace: int, *, named: bool) -> str:
    """The query for a schema, or for the tables of it whose names are the one parameter."""
    condition = " AND c.relname = ANY(%s)" if named else ""
    tables = _TABLES_OF.format(namespace=namespace, named=condition)
    # An array, not a subquery in each part: planned and run in three quarters of the time.
    parts = [part.format(of="= ANY (ARRAY(SELECT oid FROM home))") for part in _OF_TABLES]
    if not named:
        parts += [part.format(namespace=namespace) for part in _OF_SCHEMA]
    return tables + _ROWS.format(parts=" UNION ALL ".join(parts)) + _IN_ORDER


COLUMNS_ALONE = """
SELECT attrelid, attname, a::text FROM pg_attribute a
WHERE attrelid = {table} AND attnum > 0 AND NOT attisdropped
"""
