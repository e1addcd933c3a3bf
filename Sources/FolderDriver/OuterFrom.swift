/// The address in the outer From of a parcel: a hint for gate 0, and never more than that. A parcel has one bare address there, in
/// angle brackets or without (Protocol, "Parcel"), so that no grammar of mail is needed; anything else is no hint.
enum OuterFrom {
  /// The address in lower case, where the header block that these bytes begin with has exactly one From.
  static func address(in head: [UInt8]) -> String? {
    var found: [String] = []
    for line in head.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      if line.isEmpty { break }
      guard line.count > 5, String(decoding: line.prefix(5), as: UTF8.self).lowercased() == "from:" else { continue }
      found.append(String(decoding: line.dropFirst(5), as: UTF8.self))
    }
    guard found.count == 1, let from = found.first, let address = between(from)?.lowercased() else { return nil }
    let isBare = address.utf8.allSatisfy { (33...126).contains($0) && !Array("<>,;:\"()".utf8).contains($0) }
    return isBare && address.contains("@") && address.utf8.count <= 320 ? address : nil
  }

  /// What stands between angle brackets; all of it where there are none.
  private static func between(_ from: String) -> Substring? {
    guard let open = from.lastIndex(of: "<"), let close = from.lastIndex(of: ">") else {
      return from[...].trimmingBlanks
    }
    return open < close ? from[from.index(after: open)..<close] : nil
  }
}

extension Substring {
  fileprivate var trimmingBlanks: Substring {
    func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
    let rest = drop(while: isBlank)
    return rest[..<(rest.lastIndex { !isBlank($0) }.map(rest.index(after:)) ?? rest.startIndex)]
  }
}
