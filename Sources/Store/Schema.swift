internal import GRDB

/// The tables, as migrations that are only ever added to. Names are the protocol's; moments are milliseconds since 1970,
/// authors `ed25519:…`, hashes and ids their text forms, so that the sqlite3 program shows what the protocol page says.
enum Schema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1: three friends") { db in
      try db.execute(sql: people)
      try db.execute(sql: packets)
      try db.execute(sql: reading)
      try db.execute(sql: queues)
      try db.execute(sql: bookkeeping)
    }
    migrator.registerMigration("2: nothing is lost") { db in try db.execute(sql: troubles) }
    migrator.registerMigration("3: letters") { db in try db.execute(sql: letters) }
    migrator.registerMigration("4: shares") { db in try db.execute(sql: Ledger.sharing) }
    migrator.registerMigration("5: keys") { db in try db.execute(sql: keys) }
    migrator.registerMigration("6: carriers") { db in try db.execute(sql: carriers) }
    return migrator
  }

  private static let people = """
    CREATE TABLE identity (
      only INTEGER PRIMARY KEY CHECK (only = 1),
      author TEXT NOT NULL,
      seed BLOB NOT NULL,
      myself TEXT NOT NULL
    ) STRICT;

    CREATE TABLE contact (
      author TEXT PRIMARY KEY,
      fingerprint TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL,
      claimed TEXT NOT NULL DEFAULT '',
      state TEXT NOT NULL,
      mark TEXT NOT NULL,
      since INTEGER NOT NULL,
      certificate BLOB NOT NULL,
      our_half BLOB NOT NULL,
      their_half BLOB NOT NULL,
      endpoints TEXT NOT NULL DEFAULT '[]',
      request TEXT NOT NULL DEFAULT '',
      fields TEXT NOT NULL DEFAULT '{}',
      revision INTEGER NOT NULL DEFAULT 0,
      profile TEXT NOT NULL DEFAULT ''
    ) STRICT;

    CREATE INDEX contact_by_state ON contact (state, fingerprint);

    -- Halves that were replaced: tags made with them are accepted for 30 days.
    CREATE TABLE old_half (
      author TEXT NOT NULL,
      our_half BLOB NOT NULL,
      their_half BLOB NOT NULL,
      until INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX old_half_by_author ON old_half (author, until);

    CREATE TABLE invitation (
      id TEXT PRIMARY KEY,
      secret BLOB NOT NULL,
      expires INTEGER NOT NULL,
      address TEXT NOT NULL DEFAULT '',
      name TEXT NOT NULL DEFAULT '',
      used INTEGER NOT NULL DEFAULT 0
    ) STRICT;

    CREATE TABLE request (
      id TEXT PRIMARY KEY,
      author TEXT NOT NULL,
      fingerprint TEXT NOT NULL,
      name TEXT NOT NULL,
      endpoints TEXT NOT NULL,
      certificate BLOB NOT NULL,
      half BLOB NOT NULL,
      received INTEGER NOT NULL,
      proof INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE decision (request TEXT PRIMARY KEY, said TEXT NOT NULL) STRICT;

    CREATE TABLE circle (name TEXT PRIMARY KEY) STRICT;
    INSERT INTO circle (name) VALUES ('everyone');
    """

  private static let packets = """
    -- Signed bytes: the truth that contact and feed are made from.
    CREATE TABLE packet (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      author TEXT NOT NULL,
      id TEXT NOT NULL,
      sha256 TEXT NOT NULL,
      bytes BLOB NOT NULL,
      signature BLOB NOT NULL,
      kind TEXT NOT NULL,
      stream TEXT NOT NULL DEFAULT '',
      sequence INTEGER NOT NULL DEFAULT 0,
      recipient TEXT NOT NULL DEFAULT '',
      sender TEXT NOT NULL,
      signer TEXT NOT NULL,
      created INTEGER NOT NULL,
      received INTEGER NOT NULL,
      taken INTEGER NOT NULL DEFAULT 0,
      verdict TEXT NOT NULL,
      reason TEXT NOT NULL DEFAULT '',
      awaits_author TEXT NOT NULL DEFAULT '',
      awaits_id TEXT NOT NULL DEFAULT '',
      UNIQUE (author, id)
    ) STRICT;
    CREATE INDEX packet_by_place ON packet (author, stream, sequence);
    CREATE INDEX packet_by_kind ON packet (author, kind, recipient, created);
    CREATE INDEX packet_by_hash ON packet (sha256);
    CREATE INDEX packet_taken ON packet (signer, taken);
    CREATE INDEX packet_held ON packet (author) WHERE verdict = 'held';
    CREATE INDEX packet_awaiting ON packet (awaits_author, awaits_id) WHERE awaits_id <> '';

    -- Embedded packets, which travel with their carriers, and the blobs that packets name.
    CREATE TABLE part (sha256 TEXT PRIMARY KEY, bytes BLOB NOT NULL, signature BLOB NOT NULL) STRICT;
    CREATE TABLE packet_embedded (carrier TEXT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (carrier, sha256)) STRICT;
    CREATE TABLE packet_blob (packet TEXT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (packet, sha256)) STRICT;
    CREATE INDEX packet_by_blob ON packet_blob (sha256);

    CREATE TABLE blob (
      sha256 TEXT PRIMARY KEY,
      size INTEGER NOT NULL,
      type TEXT NOT NULL,
      received INTEGER NOT NULL,
      thumbnail INTEGER NOT NULL DEFAULT 0
    ) STRICT;

    -- Streams, ours and others'. "next" is kept for those that this database began.
    CREATE TABLE stream (
      author TEXT NOT NULL,
      id TEXT NOT NULL,
      kind TEXT NOT NULL,
      circle TEXT NOT NULL DEFAULT '',
      peer TEXT NOT NULL DEFAULT '',
      begun_here INTEGER NOT NULL DEFAULT 0,
      next INTEGER NOT NULL DEFAULT 1,
      PRIMARY KEY (author, id)
    ) STRICT;
    CREATE INDEX stream_of_ours ON stream (kind, circle, peer) WHERE begun_here = 1;

    -- From which number on (and up to which) a stream is for somebody: ours for contacts, theirs for us.
    CREATE TABLE membership (
      author TEXT NOT NULL,
      stream TEXT NOT NULL,
      member TEXT NOT NULL,
      first INTEGER NOT NULL DEFAULT 1,
      last INTEGER NOT NULL DEFAULT 9007199254740991,
      PRIMARY KEY (author, stream, member)
    ) STRICT;

    CREATE TABLE draft (id TEXT PRIMARY KEY, content TEXT NOT NULL, said INTEGER NOT NULL, release INTEGER NOT NULL) STRICT;
    """

  private static let reading = """
    CREATE TABLE feed (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      item TEXT NOT NULL UNIQUE,
      author TEXT NOT NULL,
      id TEXT NOT NULL,
      kind TEXT NOT NULL,
      created INTEGER NOT NULL,
      received INTEGER NOT NULL,
      shown_at INTEGER NOT NULL,
      text TEXT NOT NULL,
      pictures TEXT NOT NULL DEFAULT '[]',
      root TEXT NOT NULL DEFAULT '',
      parent TEXT NOT NULL DEFAULT '',
      introduced_by TEXT NOT NULL DEFAULT '',
      card_name TEXT NOT NULL DEFAULT '',
      edited INTEGER NOT NULL DEFAULT 0,
      digested INTEGER NOT NULL DEFAULT 0,
      UNIQUE (author, id)
    ) STRICT;
    CREATE INDEX feed_by_time ON feed (shown_at, id);
    CREATE INDEX feed_by_root ON feed (root, author, received);
    CREATE INDEX feed_by_parent ON feed (parent);
    CREATE INDEX feed_held ON feed (received, item) WHERE kind = 'held';
    CREATE INDEX feed_new ON feed (digested, shown_at) WHERE digested = 0;

    CREATE VIRTUAL TABLE feed_words USING fts5 (text, content='feed', content_rowid='number', tokenize='unicode61');
    CREATE TRIGGER feed_added AFTER INSERT ON feed BEGIN
      INSERT INTO feed_words (rowid, text) VALUES (new.number, new.text);
    END;
    CREATE TRIGGER feed_removed AFTER DELETE ON feed BEGIN
      INSERT INTO feed_words (feed_words, rowid, text) VALUES ('delete', old.number, old.text);
    END;

    CREATE TABLE reaction (
      target TEXT NOT NULL,
      author TEXT NOT NULL,
      card_name TEXT NOT NULL DEFAULT '',
      emoji TEXT NOT NULL,
      revision INTEGER NOT NULL,
      received INTEGER NOT NULL,
      id TEXT NOT NULL,
      sha256 TEXT NOT NULL,
      PRIMARY KEY (target, author)
    ) STRICT;

    CREATE TABLE tombstone (author TEXT NOT NULL, id TEXT NOT NULL, by TEXT NOT NULL, PRIMARY KEY (author, id)) STRICT;
    CREATE TABLE mute (item TEXT PRIMARY KEY, until INTEGER NOT NULL) STRICT;

    -- Mails to the user, and what is needed to read an answer to them.
    CREATE TABLE digest (
      token TEXT PRIMARY KEY,
      message_id TEXT NOT NULL,
      kind TEXT NOT NULL,
      content TEXT NOT NULL,
      made INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX digest_by_message ON digest (message_id);
    CREATE INDEX digest_by_kind ON digest (kind, made);

    -- What a mail to the user has shown: items and requests.
    CREATE TABLE shown (target TEXT PRIMARY KEY) STRICT;

    -- What is to be mailed to the user at once.
    CREATE TABLE at_once (number INTEGER PRIMARY KEY AUTOINCREMENT, content TEXT NOT NULL, asked INTEGER NOT NULL) STRICT;

    -- Each mail of the user acts once.
    CREATE TABLE act (fingerprint TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT;
    """

  private static let queues = """
    CREATE TABLE inpacket (
      sha256 TEXT PRIMARY KEY,
      kind TEXT NOT NULL,
      place TEXT NOT NULL,
      size INTEGER NOT NULL,
      arrived INTEGER NOT NULL,
      state TEXT NOT NULL,
      signer TEXT NOT NULL DEFAULT '',
      taken INTEGER NOT NULL DEFAULT 0,
      attempts INTEGER NOT NULL DEFAULT 0,
      again INTEGER NOT NULL DEFAULT 0,
      said TEXT NOT NULL DEFAULT '',
      message_id TEXT NOT NULL DEFAULT '',
      headers BLOB NOT NULL DEFAULT x''
    ) STRICT;
    CREATE INDEX inpacket_taken ON inpacket (signer, taken) WHERE taken > 0;
    CREATE INDEX inpacket_by_state ON inpacket (state, arrived, sha256);

    -- Where a received thing lies at its source, and what is to become of it there.
    CREATE TABLE origin (
      driver TEXT NOT NULL,
      folder TEXT NOT NULL,
      validity INTEGER NOT NULL,
      uid INTEGER NOT NULL,
      file TEXT NOT NULL,
      sha256 TEXT NOT NULL,
      placement TEXT NOT NULL DEFAULT '',
      settled INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY (driver, folder, validity, uid, file)
    ) STRICT;
    CREATE INDEX origin_by_hash ON origin (sha256);
    CREATE INDEX origin_unsettled ON origin (driver) WHERE placement <> '' AND settled = 0;

    -- One sealing: packets for one and the same set of recipients.
    CREATE TABLE body (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      form TEXT NOT NULL,
      recipients TEXT NOT NULL,
      state TEXT NOT NULL,
      priority INTEGER NOT NULL,
      queued INTEGER NOT NULL,
      parts INTEGER NOT NULL DEFAULT 0,
      bytes INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX body_by_state ON body (state, number);
    CREATE TABLE body_packet (
      body INTEGER NOT NULL REFERENCES body (number),
      position INTEGER NOT NULL,
      packet TEXT NOT NULL,
      blobs TEXT NOT NULL DEFAULT '[]',
      PRIMARY KEY (body, position)
    ) STRICT;
    CREATE INDEX body_by_packet ON body_packet (packet);

    -- One copy of a body for one recipient (or of a mail for the user), with the names it will always have.
    CREATE TABLE outpacket (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      body INTEGER NOT NULL DEFAULT 0,
      recipient TEXT NOT NULL,
      endpoint TEXT NOT NULL,
      append TEXT NOT NULL DEFAULT '',
      message_id TEXT NOT NULL,
      kind TEXT NOT NULL,
      priority INTEGER NOT NULL DEFAULT 0,
      queued INTEGER NOT NULL,
      state TEXT NOT NULL,
      attempts INTEGER NOT NULL DEFAULT 0,
      next_attempt INTEGER NOT NULL DEFAULT 0,
      last_reply TEXT NOT NULL DEFAULT '',
      sent INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX outpacket_waiting ON outpacket (state, next_attempt);
    CREATE INDEX outpacket_by_message ON outpacket (message_id);
    CREATE INDEX outpacket_by_body ON outpacket (body, recipient);
    CREATE INDEX outpacket_sent ON outpacket (sent) WHERE sent > 0;
    """

  private static let bookkeeping = """
    -- The hash chain of our journal packets, across all their streams.
    CREATE TABLE journal (number INTEGER PRIMARY KEY AUTOINCREMENT, sha256 TEXT NOT NULL, previous TEXT NOT NULL) STRICT;

    CREATE TABLE timer (alarm TEXT PRIMARY KEY, due INTEGER NOT NULL) STRICT;
    CREATE INDEX timer_by_time ON timer (due);

    CREATE TABLE mailbox (
      driver TEXT NOT NULL,
      folder TEXT NOT NULL,
      validity INTEGER NOT NULL,
      uid INTEGER NOT NULL,
      pending TEXT NOT NULL DEFAULT '[]',
      PRIMARY KEY (driver, folder)
    ) STRICT;

    CREATE TABLE refusal (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      received INTEGER NOT NULL,
      sender TEXT NOT NULL,
      gate TEXT NOT NULL,
      reason TEXT NOT NULL,
      sha256 TEXT NOT NULL
    ) STRICT;
    CREATE TABLE gate (name TEXT PRIMARY KEY, refused INTEGER NOT NULL) STRICT;
    CREATE TABLE notice (number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind TEXT NOT NULL, said TEXT NOT NULL)
      STRICT;
    CREATE INDEX notice_by_words ON notice (kind, said, at);
    CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    """

  private static let troubles = """
    -- What makes its stage fail. It rests until "again"; "aside" is tried once more by another version of the program.
    CREATE TABLE trouble (
      stage TEXT NOT NULL,
      subject TEXT NOT NULL,
      attempts INTEGER NOT NULL,
      since INTEGER NOT NULL,
      again INTEGER NOT NULL,
      aside INTEGER NOT NULL DEFAULT 0,
      version TEXT NOT NULL,
      said TEXT NOT NULL,
      PRIMARY KEY (stage, subject)
    ) STRICT;
    """

  /// What hands a packet on is found by what it hands on.
  private static let carriers = "CREATE INDEX packet_embedded_by_hash ON packet_embedded (sha256);"

  private static let letters = """
    -- What stands in place of first words ("text") and first pictures ("pictures"): the highest revision.
    CREATE TABLE amendment (
      author TEXT NOT NULL,
      id TEXT NOT NULL,
      part TEXT NOT NULL,
      content TEXT NOT NULL,
      revision INTEGER NOT NULL,
      sha256 TEXT NOT NULL,
      PRIMARY KEY (author, id, part)
    ) STRICT;

    -- How far streams of others reach, as they say.
    CREATE TABLE head (author TEXT NOT NULL, stream TEXT NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (author, stream)) STRICT;
    -- What was asked of somebody when the present attempts began.
    CREATE TABLE asked (author TEXT PRIMARY KEY, missing TEXT NOT NULL) STRICT;
    -- Numbers that are waited for no longer: refused, gone, or asked for in vain. Of a blob, its hash stands for a stream.
    CREATE TABLE closed (
      author TEXT NOT NULL,
      stream TEXT NOT NULL,
      first INTEGER NOT NULL,
      last INTEGER NOT NULL,
      PRIMARY KEY (author, stream, first)
    ) STRICT;

    ALTER TABLE feed ADD COLUMN recipient TEXT NOT NULL DEFAULT '';
    CREATE TRIGGER feed_changed AFTER UPDATE OF text ON feed BEGIN
      INSERT INTO feed_words (feed_words, rowid, text) VALUES ('delete', old.number, old.text);
      INSERT INTO feed_words (rowid, text) VALUES (new.number, new.text);
    END;
    """
}
