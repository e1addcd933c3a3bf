/// What the fourth migration adds.
extension Schema {
  static let keys = """
    -- What the comparison code is made with; empty where it is the pair key.
    ALTER TABLE contact ADD COLUMN invitation_secret BLOB NOT NULL DEFAULT x'';
    """
}
