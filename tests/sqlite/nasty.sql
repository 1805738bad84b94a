CREATE TABLE "it's, (odd)" (
  [a b]INT DEFAULT(5)NOT NULL CHECK("a b" > 0), -- first, with a comma
  `c``d` text collate nocase default 'NOT NULL, -- no comment' /* , */ ,
  "generated" always, "always" 'my type'(10, - 5) default - 1.5,
  e /* no type */,
  f text constraint lone constraint f_check check (f IS NOT NULL or f is null) constraint last_lone,
  dollar$ NUMERIC NULL default (abs(-1) + 2), été TEXT DEFAULT 'x', -- last
  CONSTRAINT "u n" UNIQUE("a b" DESC, e) CHECK (e <> 'a,b)') CHECK("it's, (odd)"."a b" <> 77)
);
CREATE INDEX "part ial" ON "it's, (odd)"("c`d" DESC) WHERE [a b] > 0;
CREATE INDEX expr ON "it's, (odd)"(lower(f), e COLLATE rtrim);
CREATE TABLE wr (k1 TEXT, k2 INTEGER, v TEXT DEFAULT 'd' NOT NULL ON CONFLICT REPLACE, w REAL, PRIMARY KEY(k2 DESC, k1)) WITHOUT ROWID;
CREATE INDEX wr_v ON wr(v);
CREATE TABLE st (id INTEGER PRIMARY KEY AUTOINCREMENT, n INT NOT NULL, a ANY, t TEXT UNIQUE) STRICT;
CREATE TABLE gen (a INTEGER, b AS (a * 2), c TEXT GENERATED ALWAYS AS (a || 'x') STORED UNIQUE, d INT NOT NULL DEFAULT 3);
CREATE TABLE parent (id INTEGER PRIMARY KEY, code TEXT UNIQUE, self INTEGER REFERENCES parent);
CREATE TABLE child (
  id INT PRIMARY KEY, parent_id INTEGER NOT NULL REFERENCES parent(id) ON DELETE CASCADE ON UPDATE SET NULL NOT DEFERRABLE INITIALLY IMMEDIATE CHECK(parent_id>0),
  code TEXT REFERENCES "parent"(code) DEFERRABLE INITIALLY DEFERRED NOT NULL,
  self TEXT, FOREIGN KEY (self) REFERENCES child(id) ON DELETE SET DEFAULT, UNIQUE (code, self));
CREATE TABLE hides (rowid TEXT, _rowid_ TEXT, oid TEXT, x TEXT);
CREATE TABLE hides_one (rowid TEXT, x INTEGER DEFAULT 7 UNIQUE ON CONFLICT REPLACE, y VARCHAR(3) UNIQUE);
CREATE TABLE hides_one_wheatear (a);
CREATE VIEW v AS SELECT v FROM wr;
CREATE VIEW nested AS SELECT * FROM v;
CREATE VIEW odd AS SELECT [a b], "c`d" FROM "it's, (odd)";
CREATE TABLE log (what TEXT, at TEXT DEFAULT CURRENT_TIMESTAMP);
CREATE TRIGGER parent_code AFTER UPDATE OF code ON parent WHEN new.code IS NOT NULL BEGIN INSERT INTO log(what) VALUES ('code, ' || new.code); END;
CREATE TRIGGER child_del AFTER DELETE ON child BEGIN DELETE FROM parent WHERE id = old.parent_id; INSERT INTO log(what) VALUES ('deleted'); END;
CREATE TRIGGER child_del2 BEFORE DELETE ON child BEGIN SELECT 1; END;
CREATE TRIGGER insteadof INSTEAD OF INSERT ON nested BEGIN INSERT INTO wr(k1, k2, v) VALUES (new.v, 1, new.v); END;
