internal import Account

/// Rows in columns that are as wide as their widest cell.
struct TableWords {
  private var rows: [[String]]

  /// A table with a line of titles.
  init(_ titles: [String]) { rows = [titles] }

  /// Adds a row. Cells are made harmless: they may hold what others wrote.
  mutating func add(_ cells: [String]) { rows.append(cells.map { Printable.line($0) }) }

  /// The table, or these words where it has no row.
  func text(ifEmpty words: String) -> String {
    guard rows.count > 1 else { return words + "\n" }
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
      let cells = row.enumerated().map { index, cell in
        index == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[index] - cell.count)
      }
      return cells.joined(separator: "  ") + "\n"
    }.joined()
  }
}
