"""The tables of a run's one SQLite file, and on whose behalf each is written.

All tables are STRICT. Times are ISO 8601 in UTC, hashes are lower-case hexadecimal
SHA-256, ids of the source are text however PracticeHub types them.
"""

from __future__ import annotations

from workbench.state.kinds import IssueKind

VERSION = 2

_KINDS = ",".join(f"'{kind.value}'" for kind in IssueKind)

_EXISTS = (
    "EXISTS (SELECT 1 FROM records "
    "WHERE resource=new.carrier AND source_id=new.source_id AND gone=0)"
)
_ADD = "ON CONFLICT (resource, outcome) DO UPDATE SET count=count+excluded.count"
_OF_RECORD = (
    "FROM outcomes WHERE resource IN (new.resource, 'files:'||new.resource) "
    "AND source_id=new.source_id"
)
# one line each: statements are told apart by the ends of their lines
FATES_KEPT = f"""
CREATE TRIGGER fate_new AFTER INSERT ON outcomes WHEN {_EXISTS} BEGIN \
  INSERT INTO fates VALUES (new.resource, new.outcome, 1) {_ADD}; END;
CREATE TRIGGER fate_changed AFTER UPDATE OF outcome ON outcomes \
  WHEN old.outcome<>new.outcome AND {_EXISTS} BEGIN \
  INSERT INTO fates VALUES (old.resource, old.outcome, -1), (new.resource, new.outcome, 1) {_ADD}; \
  END;
CREATE TRIGGER fate_dropped AFTER DELETE ON outcomes WHEN {_EXISTS.replace("new.", "old.")} BEGIN \
  INSERT INTO fates VALUES (old.resource, old.outcome, -1) {_ADD}; END;
CREATE TRIGGER record_new AFTER INSERT ON records WHEN new.gone=0 BEGIN \
  INSERT INTO fates SELECT resource, outcome, 1 {_OF_RECORD} {_ADD}; END;
CREATE TRIGGER record_gone AFTER UPDATE OF gone ON records WHEN old.gone<>new.gone BEGIN \
  INSERT INTO fates SELECT resource, outcome, old.gone-new.gone {_OF_RECORD} {_ADD}; END;
"""
BY_PATIENT = "CREATE INDEX IF NOT EXISTS records_by_patient ON records (resource, patient_id)"
"""Made when a patient's records are first asked for, which is after all have been read.

The patients of neighbouring records lie far apart: kept up while millions arrive, each page
of records would rewrite a hundred pages of the index.
"""

DDL = f"""
CREATE TABLE meta (
  key TEXT PRIMARY KEY, value TEXT NOT NULL
) STRICT;

-- every effect, in the order it was committed, each row carrying the hash of the one before
-- stands: what the tables that changed since the row before add up to now
CREATE TABLE ledger (
  seq INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, event TEXT NOT NULL,
  subject TEXT NOT NULL, detail TEXT NOT NULL, stands TEXT NOT NULL, prev TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE tallies (
  name TEXT PRIMARY KEY, count INTEGER NOT NULL, sum BLOB NOT NULL
) STRICT;

-- phases ---------------------------------------------------------------------------------
CREATE TABLE phases (
  phase TEXT PRIMARY KEY,
  status TEXT NOT NULL CHECK (status IN ('pending','waiting','done','failed')),
  basis TEXT NOT NULL, message TEXT NOT NULL, at TEXT NOT NULL, notebook TEXT
) STRICT;
CREATE TABLE progress (
  step TEXT PRIMARY KEY, phase TEXT NOT NULL, done INTEGER NOT NULL, total INTEGER,
  unit TEXT NOT NULL, waiting_for TEXT NOT NULL, started REAL NOT NULL, updated REAL NOT NULL,
  finished INTEGER NOT NULL
) STRICT;
CREATE TABLE counters (
  name TEXT PRIMARY KEY, value REAL NOT NULL
) STRICT;
CREATE TABLE documents (
  name TEXT PRIMARY KEY, body TEXT NOT NULL, hash TEXT NOT NULL, at TEXT NOT NULL
) STRICT;
CREATE TABLE artefacts (
  path TEXT PRIMARY KEY, kind TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
  at TEXT NOT NULL
) STRICT;

-- practicehub ----------------------------------------------------------------------------
-- checked: what comparing the pass with the reported total found out, or where that stands
-- since: from which time of change on records were asked for; empty: the list was read whole
CREATE TABLE walks (
  resource TEXT NOT NULL, generation INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('walking','done','absent')),
  next TEXT, pages INTEGER NOT NULL, rows INTEGER NOT NULL, reported INTEGER,
  started_at TEXT NOT NULL, updated_at TEXT NOT NULL, note TEXT NOT NULL DEFAULT '',
  found INTEGER NOT NULL, checked TEXT NOT NULL DEFAULT '{{}}', since TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (resource, generation)
) STRICT;
CREATE TABLE pages (
  id INTEGER PRIMARY KEY, resource TEXT NOT NULL, generation INTEGER NOT NULL,
  number INTEGER NOT NULL, request TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
  rows INTEGER NOT NULL, seconds REAL NOT NULL, fetched_at TEXT NOT NULL,
  reported INTEGER, kind TEXT NOT NULL CHECK (kind IN ('page','again','window')),
  UNIQUE (resource, generation, number)
) STRICT;
CREATE TABLE records (
  resource TEXT NOT NULL, source_id TEXT NOT NULL, generation INTEGER NOT NULL,
  page_id INTEGER NOT NULL REFERENCES pages(id), position INTEGER NOT NULL,
  patient_id TEXT, sha256 TEXT NOT NULL, raw TEXT NOT NULL, rows INTEGER NOT NULL DEFAULT 1,
  gone INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1)),
  number INTEGER GENERATED ALWAYS AS (CAST(source_id AS INTEGER)) VIRTUAL,
  PRIMARY KEY (resource, source_id)
) STRICT;
-- millions of rows are never sorted; the pass stands in it so that ids are counted in it alone
CREATE INDEX records_by_number ON records (resource, number, source_id, generation);
CREATE INDEX records_gone ON records (resource, source_id) WHERE gone=1;
-- how many records of a resource still exist
CREATE TABLE volumes (resource TEXT PRIMARY KEY, alive INTEGER NOT NULL) STRICT;
CREATE TABLE copies (
  resource TEXT NOT NULL, source_id TEXT NOT NULL, sha256 TEXT NOT NULL,
  page_id INTEGER NOT NULL REFERENCES pages(id), position INTEGER NOT NULL,
  raw TEXT NOT NULL, rule TEXT NOT NULL,
  PRIMARY KEY (resource, source_id, sha256)
) STRICT;
-- what a pass after the first one found to be new, other, gone, or there again
-- was: hash of the record as it was before the pass; empty where it was not held
CREATE TABLE changes (
  resource TEXT NOT NULL, generation INTEGER NOT NULL, source_id TEXT NOT NULL,
  what TEXT NOT NULL CHECK (what IN ('created','changed','gone','back')), was TEXT NOT NULL,
  PRIMARY KEY (resource, generation, source_id)
) STRICT;
CREATE TABLE files (
  resource TEXT NOT NULL, source_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending','held','missing','refused')),
  patient_id TEXT, declared INTEGER, size INTEGER, sha1 TEXT, sha256 TEXT,
  reason TEXT NOT NULL DEFAULT '', record TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (resource, source_id),
  FOREIGN KEY (resource, source_id) REFERENCES records(resource, source_id)
) STRICT;
CREATE INDEX files_by_state ON files (state);

-- staging --------------------------------------------------------------------------------
-- sha256: the raw copy they stem from; rules: hash of the rules they were read by
CREATE TABLE typed (
  resource TEXT NOT NULL, source_id TEXT NOT NULL, sha256 TEXT NOT NULL, rules TEXT NOT NULL,
  body TEXT NOT NULL, changed TEXT NOT NULL, odd INTEGER NOT NULL,
  PRIMARY KEY (resource, source_id)
) STRICT;
CREATE TABLE issues (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ({_KINDS})),
  resource TEXT NOT NULL, source_id TEXT NOT NULL, field TEXT NOT NULL, rule TEXT NOT NULL,
  outcome TEXT NOT NULL, phase TEXT NOT NULL, at TEXT NOT NULL,
  UNIQUE (kind, resource, source_id, field, rule)
) STRICT;
CREATE TABLE fields (
  path TEXT PRIMARY KEY, resource TEXT NOT NULL, profile TEXT NOT NULL, hash TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT;

-- decisions (mapping, panels, cli) -------------------------------------------------------
CREATE TABLE decisions (
  subject TEXT PRIMARY KEY, phase TEXT NOT NULL, question TEXT NOT NULL,
  options TEXT NOT NULL, open_value INTEGER NOT NULL, proposal TEXT, reasons TEXT NOT NULL,
  confidence REAL, basis TEXT NOT NULL, choice TEXT, comment TEXT NOT NULL DEFAULT '',
  decided_by TEXT, decided_at TEXT, decided_basis TEXT, asked_at TEXT NOT NULL,
  withdrawn INTEGER NOT NULL DEFAULT 0
) STRICT;

-- odoo -----------------------------------------------------------------------------------
CREATE TABLE operations (
  id INTEGER PRIMARY KEY, phase TEXT NOT NULL, kind TEXT NOT NULL, model TEXT NOT NULL,
  keys TEXT NOT NULL, count INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('intended','done','refused','unknown')),
  note TEXT NOT NULL DEFAULT '', intended_at TEXT NOT NULL, closed_at TEXT
) STRICT;
CREATE INDEX operations_open ON operations (status) WHERE status IN ('intended','unknown');
CREATE TABLE links (
  external_id TEXT PRIMARY KEY, model TEXT NOT NULL, res_id INTEGER NOT NULL,
  resource TEXT NOT NULL, source_id TEXT NOT NULL,
  how TEXT NOT NULL CHECK (how IN ('created','linked','merged','schema')),
  operation_id INTEGER NOT NULL REFERENCES operations(id), sent TEXT NOT NULL,
  removed_at TEXT
) STRICT;
CREATE INDEX links_by_record ON links (model, res_id);
CREATE INDEX links_by_source ON links (resource, source_id);
CREATE TABLE before_images (
  model TEXT NOT NULL, res_id INTEGER NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL,
  operation_id INTEGER NOT NULL REFERENCES operations(id), restored_at TEXT,
  PRIMARY KEY (model, res_id, field)
) STRICT;
-- fields that a person changed in Odoo: hashes of what PracticeHub wants, and of what is there;
-- and the two values, for the eyes of whoever decides
CREATE TABLE conflicts (
  external_id TEXT NOT NULL, field TEXT NOT NULL, ours TEXT NOT NULL, theirs TEXT NOT NULL,
  wanted TEXT NOT NULL, held TEXT NOT NULL, at TEXT NOT NULL,
  PRIMARY KEY (external_id, field)
) STRICT;
-- records that we put into Odoo's archive, and the operation that did
CREATE TABLE archived (
  external_id TEXT PRIMARY KEY, operation_id INTEGER NOT NULL REFERENCES operations(id)
) STRICT;

-- proof ----------------------------------------------------------------------------------
-- the fate of a record's file stands under "files:<resource>"
CREATE TABLE outcomes (
  resource TEXT NOT NULL, source_id TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('created','updated','merged','excluded','rejected')),
  reason TEXT NOT NULL, external_id TEXT NOT NULL, phase TEXT NOT NULL,
  number INTEGER GENERATED ALWAYS AS (CAST(source_id AS INTEGER)) VIRTUAL,
  carrier TEXT GENERATED ALWAYS AS
    (iif(substr(resource, 1, 6)='files:', substr(resource, 7), resource)) VIRTUAL,
  PRIMARY KEY (resource, source_id)
) STRICT;
CREATE INDEX outcomes_by_number ON outcomes (resource, number, source_id);
-- how many of each there are whose record still exists: kept, since joining millions takes seconds
CREATE TABLE fates (
  resource TEXT NOT NULL, outcome TEXT NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (resource, outcome)
) STRICT;
{FATES_KEPT}CREATE TABLE verdicts (
  scope TEXT NOT NULL, model TEXT NOT NULL, field TEXT NOT NULL, verdict TEXT NOT NULL,
  rule TEXT NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (scope, model, field, verdict, rule)
) STRICT;
CREATE TABLE differences (
  scope TEXT NOT NULL, external_id TEXT NOT NULL, model TEXT NOT NULL, field TEXT NOT NULL,
  verdict TEXT NOT NULL, rule TEXT NOT NULL, source TEXT NOT NULL, expected TEXT NOT NULL,
  actual TEXT NOT NULL, transform TEXT NOT NULL, patient TEXT NOT NULL,
  number INTEGER GENERATED ALWAYS AS (CAST(patient AS INTEGER)) VIRTUAL,
  PRIMARY KEY (scope, external_id, field)
) STRICT;
CREATE INDEX differences_by_patient ON differences (scope, number, patient, external_id, field);
-- what records refer to, and how much of it stands in Odoo as read back
CREATE TABLE relations (
  name TEXT PRIMARY KEY, leads_to TEXT NOT NULL, place INTEGER NOT NULL,
  expected INTEGER NOT NULL, linked INTEGER NOT NULL, told INTEGER NOT NULL,
  orphan INTEGER NOT NULL, left_out INTEGER NOT NULL, missing INTEGER NOT NULL
) STRICT;
CREATE TABLE relation_gaps (
  name TEXT NOT NULL, source_id TEXT NOT NULL, external_id TEXT NOT NULL, field TEXT NOT NULL,
  why TEXT NOT NULL
) STRICT;
"""
