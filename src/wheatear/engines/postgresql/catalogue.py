"""The one catalogue query everything is read by: rows of kind, relation, position and facts.

Each part lists one kind of thing as JSON, so that a whole schema, or one table inside an
operation's transaction, is one round trip and one snapshot. `{of}` is which relations to read.
The catalogue's manual: https://www.postgresql.org/docs/current/catalogs.html
"""

from __future__ import annotations

TABLES = """
SELECT 'table', c.oid, 0, json_build_array(
  c.relname, c.relkind, c.relpersistence, c.reloptions,
  CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
  pg_get_expr(c.relpartbound, c.oid),
  CASE WHEN c.relhassubclass OR c.relispartition OR i.inherits THEN
    ARRAY(SELECT p.inhparent::regclass::text FROM pg_inherits p
          WHERE p.inhrelid = c.oid ORDER BY p.inhseqno) END,
  CASE WHEN c.relam NOT IN (0, 2) THEN
    (SELECT am.amname FROM pg_am am WHERE am.oid = c.relam) END,
  CASE WHEN c.reltablespace <> 0 THEN
    (SELECT ts.spcname FROM pg_tablespace ts WHERE ts.oid = c.reltablespace) END,
  c.relrowsecurity, c.relforcerowsecurity, c.relreplident,
  CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END,
  obj_description(c.oid, 'pg_class'))
FROM pg_class c
LEFT JOIN LATERAL (SELECT true AS inherits FROM pg_inherits p
                   WHERE p.inhrelid = c.oid LIMIT 1) i ON true
WHERE c.oid {of}"""

COLUMNS = """
SELECT 'column', a.attrelid, a.attnum, json_build_array(
  a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
  CASE WHEN a.atthasdef THEN
    (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d
     WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum) END,
  a.attgenerated, a.attidentity,
  CASE WHEN a.attidentity <> '' THEN
    (SELECT json_build_array(s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
                             s.seqcycle)
     FROM pg_depend d JOIN pg_sequence s ON s.seqrelid = d.objid
     WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid
       AND d.refobjsubid = a.attnum AND d.classid = 'pg_class'::regclass
       AND d.deptype = 'i') END,
  CASE WHEN a.attcollation NOT IN (0, 100) THEN
    (SELECT a.attcollation::regcollation::text FROM pg_type t
     WHERE t.oid = a.atttypid AND t.typcollation <> a.attcollation) END,
  col_description(a.attrelid, a.attnum))
FROM pg_attribute a
WHERE a.attrelid {of} AND a.attnum > 0 AND NOT a.attisdropped"""

CONSTRAINTS = """
SELECT 'constraint', k.conrelid, 0, json_build_array(
  k.contype, k.conname,
  ARRAY(SELECT a.attname FROM unnest(k.conkey) WITH ORDINALITY u(n, i)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n ORDER BY u.i),
  CASE WHEN k.contype = 'c' THEN pg_get_expr(k.conbin, k.conrelid) END,
  CASE WHEN k.contype = 'f' THEN
    (SELECT CASE WHEN r.relnamespace = o.relnamespace THEN r.relname
                 ELSE r.oid::regclass::text END
     FROM pg_class r, pg_class o WHERE r.oid = k.confrelid AND o.oid = k.conrelid) END,
  CASE WHEN k.contype = 'f' THEN
    ARRAY(SELECT a.attname FROM unnest(k.confkey) WITH ORDINALITY u(n, i)
          JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.n ORDER BY u.i) END,
  CASE WHEN k.contype <> 'c' THEN pg_get_constraintdef(k.oid) END,
  k.connoinherit AND k.contype = 'c', NOT k.convalidated)
FROM pg_constraint k
WHERE k.conrelid {of} AND k.contype IN ('p', 'u', 'c', 'f', 'x')"""

INDEXES = """
SELECT 'index', i.indrelid, 0, json_build_array(
  c.relname, i.indisunique, pg_get_indexdef(i.indexrelid),
  pg_get_expr(i.indpred, i.indrelid), i.indisvalid, i.indisclustered,
  obj_description(c.oid, 'pg_class'))
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid {of}
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid
                  AND k.contype IN ('p', 'u', 'x'))"""

TRIGGERS = """
SELECT 'trigger', t.tgrelid, 0, json_build_array(
  t.tgname, pg_get_triggerdef(t.oid, true), t.tgenabled)
FROM pg_trigger t
WHERE t.tgrelid {of} AND NOT t.tgisinternal"""

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

_OF_TABLES = (TABLES, COLUMNS, CONSTRAINTS, INDEXES, TRIGGERS)
_OF_SCHEMA = (VIEWS, SEQUENCES, TYPES)
_ROWS = "SELECT kind, rel, facts::text FROM ({parts}) found (kind, rel, position, facts)"
_IN_ORDER = " ORDER BY rel, position"


def of_table(oid: int) -> str:
    """The query for one table, its constraints, indexes and triggers."""
    parts = " UNION ALL ".join(part.format(of=f"= {oid}") for part in _OF_TABLES)
    return _ROWS.format(parts=parts) + _IN_ORDER


def of_schema(namespace: int, *, named: bool) -> str:
    """The query for a schema, or for the tables of it whose names are the one parameter."""
    condition = " AND c.relname = ANY(%s)" if named else ""
    tables = _TABLES_OF.format(namespace=namespace, named=condition)
    parts = [part.format(of="IN (SELECT oid FROM home)") for part in _OF_TABLES]
    if not named:
        parts += [part.format(namespace=namespace) for part in _OF_SCHEMA]
    return tables + _ROWS.format(parts=" UNION ALL ".join(parts)) + _IN_ORDER
