/// The address in the outer From of a parcel: a hint for gate 0, and never more than that. A parcel has one bare `<address>` there
/// (Protocol, "Parcel"), so that no grammar of mail is needed; anything else is no hint.
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
    guard found.count == 1, let from = found.first, let open = from.lastIndex(of: "<"), let close = from.lastIndex(of: ">"),
      open < close
    else { return nil }
    let address = from[from.index(after: open)..<close].lowercased()
    return address.isEmpty || address.utf8.count > 320 ? nil : address
  }
}
