internal import GRDB

/// Statements that each connection compiles once: to compile costs more than to run most of these. `query` is one statement, and comes from
/// a source text, never from outside.
extension Database {
  func execute(query: String, arguments: StatementArguments = StatementArguments()) throws {
    try cachedStatement(sql: query).execute(arguments: arguments)
  }
}

extension Row {
  static func fetchOne(_ db: Database, query: String, arguments: StatementArguments = StatementArguments()) throws -> Row? {
    try fetchOne(db.cachedStatement(sql: query), arguments: arguments)
  }

  static func fetchAll(_ db: Database, query: String, arguments: StatementArguments = StatementArguments()) throws -> [Row] {
    try fetchAll(db.cachedStatement(sql: query), arguments: arguments)
  }
}

extension DatabaseValueConvertible {
  static func fetchOne(_ db: Database, query: String, arguments: StatementArguments = StatementArguments()) throws -> Self? {
    try fetchOne(db.cachedStatement(sql: query), arguments: arguments)
  }

  static func fetchAll(_ db: Database, query: String, arguments: StatementArguments = StatementArguments()) throws -> [Self] {
    try fetchAll(db.cachedStatement(sql: query), arguments: arguments)
  }
}
