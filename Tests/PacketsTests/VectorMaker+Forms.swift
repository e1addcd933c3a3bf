// What no packet can be: its bytes, its XML, its root, and how much of everything.

extension VectorMaker {
  mutating func addRefusedForms() {
    let status = document("status")
    let bytes = Array(status.utf8)
    refused("xml-declaration", "<?xml version=\"1.0\"?>" + status, "an XML declaration is a <?")
    refused("instruction", status + "<?a b?>", "a processing instruction, even behind the root")
    refused("comment", changed("<status", "<!-- x --><status"), "a comment is a <!")
    refused("doctype", "<!DOCTYPE packet>" + status, "a document type is a <!")
    refused("entity", "<!DOCTYPE packet [<!ENTITY e \"x\">]>" + changed("Finally", "&e;"), "an entity needs a document type")
    refused("cdata", changed("Finally", "<![CDATA[Finally]]>"), "a CDATA section is a <!")
    refused("byte-order-mark", bytes: [0xef, 0xbb, 0xbf] + bytes, "a byte order mark")
    refused(
      "utf-16", bytes: status.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }, "UTF-16")
    refused("latin-1", bytes: bytes.map { $0 == UInt8(ascii: "F") ? 0xc4 : $0 }, "bytes that are not UTF-8")
    refused("zero-byte", bytes: bytes.map { $0 == UInt8(ascii: "F") ? 0 : $0 }, "a zero byte")
    refused("control", bytes: bytes.map { $0 == UInt8(ascii: "F") ? 1 : $0 }, "a character that XML 1.0 has not")
    refused("control-reference", changed("Finally", "&#1;"), "also as a reference")
    refused("undeclared-entity", changed("Finally", "&nbsp;"), "an entity that XML does not have by itself")
    refused("cut", bytes: Array(bytes.dropLast(3)), "the document is cut short")
    refused("behind", status + "x", "text behind the root")
    refused("two-roots", status + status, "two root elements")
    refused("doubled-attribute", changed("share=", "share=\"no\" share="), "an attribute twice")
    refused("undeclared-prefix", changed("share=", "o:mood=\"x\" share="), "a prefix without a namespace")
    refused("less-than-in-attribute", changed("share=\"no\"", "share=\"no\" mood=\"<\""), "a < in an attribute")
    refused("no-namespace", changed(" xmlns=\"urn:socialnet:1\"", ""), "the root is in no namespace")
    refused("other-namespace", changed("urn:socialnet:1", "urn:socialnet:2"), "the root is in another namespace")
    refused("other-root", status.replacing("packet", with: "parcel"), "the root is another element")
  }

  mutating func addLimits() {
    let status = document("status")
    let inner = "<text>Finally moved in.</text>"
    limit("text", changed(inner, "<text>{{65536×a}}</text>"), refused: nil)
    limit("text-more", changed(inner, "<text>{{65537×a}}</text>"), refused: "more than 64 KiB of text in one element")
    limit("text-in-bytes", changed(inner, "<text>{{21846×€}}</text>"), refused: "text is counted in bytes of UTF-8")
    limit("text-skipped", changed(inner, "<mood>{{65537×a}}</mood>\(inner)"), refused: "also in an element that would be skipped")
    limit(
      "text-around", changed(inner, "<text>{{40000×a}}<b/>{{30000×a}}</text>"),
      refused: "text around an element is text of one element")
    limit("levels", changed(inner, "{{14×<a>}}{{14×</a>}}\(inner)"), refused: nil)
    limit("levels-more", changed(inner, "{{15×<a>}}{{15×</a>}}\(inner)"), refused: "more than 16 levels")
    limit("levels-empty", changed(inner, "{{14×<a>}}<a/>{{14×</a>}}\(inner)"), refused: "an empty element is a level too")
    limit("elements", changed(inner, "{{9996×<a/>}}\(inner)"), refused: nil)
    limit("elements-more", changed(inner, "{{9997×<a/>}}\(inner)"), refused: "more than 10,000 elements")
    let ninety = (10..<100).map { " a\($0)=\"\"" }.joined()
    let ten = (0..<10).map { " xmlns:b\($0)=\"urn:b\"" }.joined()
    limit("attributes", changed(inner, "<a\(ninety)\(ten)/>\(inner)"), refused: nil)
    limit(
      "attributes-more", changed(inner, "<a\(ninety)\(ten) c=\"\"/>\(inner)"),
      refused: "more than 100 attributes and namespace declarations in one element")
    let room = 256 * 1024 - status.utf8.count
    limit("bytes", "{{\(room)× }}" + status, refused: nil)
    limit("bytes-more", "{{\(room + 1)× }}" + status, refused: "more than 256 KiB")
  }
}
