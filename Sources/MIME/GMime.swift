internal import CGMime

/// What GMime is used for: the grammar of header values, and the names of charsets. Each call hands over plain values, so that
/// no reference to one of its objects outlives a function.
enum GMime {
  /// GMime's tables must be made once, before anything else is called; a Swift global is made exactly once.
  private static let tables: Void = g_mime_init()

  static func withTables() { _ = tables }

  /// Encoded words decoded (RFC 2047).
  static func decodedText(_ value: String) -> String {
    guard value.utf8.contains(UInt8(ascii: "=")) else { return value }
    withTables()
    return unsafe taken(g_mime_utils_header_decode_text(nil, value)) ?? value
  }

  static func contentType(_ value: String) -> ContentType? {
    withTables()
    guard let parsed = unsafe g_mime_content_type_parse(nil, value) else { return nil }
    defer { unsafe g_object_unref(parsed) }
    guard let type = unsafe g_mime_content_type_get_media_type(parsed),
      let subtype = unsafe g_mime_content_type_get_media_subtype(parsed)
    else { return nil }
    return unsafe ContentType(
      String(cString: type).lowercased(), String(cString: subtype).lowercased(),
      parameters(g_mime_content_type_get_parameters(parsed)))
  }

  static func disposition(_ value: String) -> Disposition? {
    withTables()
    guard let parsed = unsafe g_mime_content_disposition_parse(nil, value) else { return nil }
    defer { unsafe g_object_unref(parsed) }
    guard let kind = unsafe g_mime_content_disposition_get_disposition(parsed) else { return nil }
    return unsafe Disposition(
      kind: String(cString: kind).lowercased(), parameters: parameters(g_mime_content_disposition_get_parameters(parsed)))
  }

  private static func parameters(_ list: UnsafeMutablePointer<GMimeParamList>?) -> [ContentType.Parameter] {
    guard let list = unsafe list else { return [] }
    return unsafe (0..<g_mime_param_list_length(list)).compactMap { index in
      guard let parameter = unsafe g_mime_param_list_get_parameter_at(list, index),
        let name = unsafe g_mime_param_get_name(parameter), let value = unsafe g_mime_param_get_value(parameter)
      else { return nil }
      return unsafe ContentType.Parameter(String(cString: name).lowercased(), String(cString: value))
    }
  }

  /// All mailboxes of an address list, those in groups with them, as GMime understands them.
  static func mailboxes(_ value: String) -> [(name: String?, address: String)] {
    withTables()
    guard let list = unsafe internet_address_list_parse(nil, value) else { return [] }
    defer { unsafe g_object_unref(list) }
    return unsafe mailboxes(list, depth: 0)
  }

  private static func mailboxes(
    _ list: UnsafeMutablePointer<InternetAddressList>, depth: Int
  ) -> [(name: String?, address: String)] {
    guard depth < 4 else { return [] }
    return unsafe (0..<internet_address_list_length(list)).flatMap { index -> [(name: String?, address: String)] in
      guard let address = unsafe internet_address_list_get_address(list, index) else { return [] }
      if let members = unsafe sgmime_group_members(address) { return unsafe mailboxes(members, depth: depth + 1) }
      guard let mailbox = unsafe sgmime_mailbox_address(address) else { return [] }
      let name = unsafe internet_address_get_name(address).map { unsafe String(cString: $0) } ?? ""
      return unsafe [(name.isEmpty ? nil : name, String(cString: mailbox))]
    }
  }

  /// Seconds since 1970.
  static func date(_ value: String) -> Int64? {
    withTables()
    guard let moment = unsafe g_mime_utils_header_decode_date(value) else { return nil }
    defer { unsafe g_date_time_unref(moment) }
    return unsafe Int64(g_date_time_to_unix(moment))
  }

  /// A C string that was handed to us.
  private static func taken(_ text: UnsafeMutablePointer<CChar>?) -> String? {
    guard let text = unsafe text else { return nil }
    defer { unsafe g_free(text) }
    return unsafe String(cString: text)
  }
}
