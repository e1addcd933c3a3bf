/// What the fourth migration adds.
extension Schema {
  static let keys = """
    -- What the comparison code is made with; empty where it is the pair key.
    ALTER TABLE contact ADD COLUMN invitation_secret BLOB NOT NULL DEFAULT x'';

    -- Keys that are not what they were, of others and of our own: another took their place ("successor"), or their owner took them back.
    CREATE TABLE former_key (
      fingerprint TEXT PRIMARY KEY,
      author TEXT NOT NULL,
      certificate BLOB NOT NULL,
      successor TEXT NOT NULL DEFAULT '',
      revision INTEGER NOT NULL DEFAULT 0,
      since INTEGER NOT NULL,
      revoked INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX former_key_by_author ON former_key (author);
    -- Where somebody last said to be reached; "nonce" was sent there and has not come back.
    CREATE TABLE move (
      author TEXT PRIMARY KEY,
      revision INTEGER NOT NULL,
      endpoints TEXT NOT NULL,
      nonce BLOB NOT NULL,
      asked INTEGER NOT NULL
    ) STRICT;
    -- The key of ours that seals it; empty for what was queued before there were several.
    ALTER TABLE body ADD COLUMN signer TEXT NOT NULL DEFAULT '';
    """
}
