import Packets

// What a reader skips, and what it holds.

extension VectorMaker {
  mutating func addSkipped() {
    let share = "share=\"no\""
    let other = "<o:status xmlns:o=\"urn:o\"><text xmlns=\"urn:socialnet:1\">x</text></o:status>"
    for (name, document, why) in [
      (
        "attribute-of-action", changed(share, "mood=\"glad\" \(share)"),
        "an attribute that the schema does not allow in that place is skipped"
      ),
      ("attribute-of-packet", changed("version=", "mood=\"glad\" version="), "also in packet"),
      ("attribute-of-stream", changed("sequence=", "mood=\"glad\" sequence="), "also in stream"),
      (
        "attribute-of-other-namespace", changed(share, "xmlns:o=\"urn:o\" o:share=\"maybe\" xml:lang=\"en\" \(share)"),
        "attributes of other namespaces are skipped"
      ),
      (
        "element-in-action", changed("<text>", "<mood><text>glad</text></mood><text>"),
        "an element that the schema does not allow in that place is skipped with everything in it"
      ),
      (
        "element-of-elsewhere", changed("<text>", "<caption>x</caption><stream/><text>"),
        "a name that is known elsewhere is skipped where it is not allowed"
      ),
      (
        "element-in-text", changed("Finally", "Fin<b>not</b>ally"), "an element in text is skipped, and the text around it joined"
      ),
      (
        "child-of-other-namespace", changed("<status", "\(other)\n  <status"),
        "children of packet in other namespaces are skipped"
      ),
      ("child-of-other-namespace-first", changed("<stream", "<o:stream xmlns:o=\"urn:o\"/><stream"), "wherever they stand"),
      (
        "element-of-other-namespace", changed("<text>", "<o:text xmlns:o=\"urn:o\">x</o:text><text>"),
        "elements of other namespaces are skipped inside an action too"
      ),
      ("text-between", changed("<status", "some text &amp; more<status"), "text between child elements is skipped"),
      ("text-in-empty", changed("sequence=\"42\"/>", "sequence=\"42\">text</stream>"), "also in an element that is to be empty"),
      (
        "white-space", changed("<status share=\"no\"><text>", "<status\n\tshare = 'no' >\n<text\n>"),
        "how a document is laid out does not matter"
      ),
      ("character-references", changed("Finally", "&#70;&#x69;nally"), "character references are characters"),
      ("blank-around-root", "\n" + document("status") + "\n", "white space before and after the root element is allowed"),
    ] { understood(name, document, why) }
    let attribute = changed("membership-last", "<membership", "<membership xmlns:o=\"urn:o\" o:first=\"1\"")
    understood(
      "attribute-known-elsewhere", as: "membership-last", attribute,
      "an attribute of another namespace is not the one of its local name")
    let prefixed = document("status").replacing("<", with: "<s:").replacing("<s:/", with: "</s:").replacing(
      "xmlns=", with: "xmlns:s=")
    understood("prefixed", prefixed, "a prefix in place of a default namespace says the same")
    let emoji = changed("reaction", "<emoji>", "<emoji kind=\"heart\">")
    understood("attribute-of-emoji", as: "reaction", emoji, "an unknown attribute deep inside is skipped")
  }

  mutating func addHeld() {
    let status = "<status share=\"no\"><text>Finally moved in.</text></status>"
    let fallback = "<fallback>Anna dances.</fallback>"
    func version(_ version: String, _ document: String) -> String {
      document.replacing("version=\"1.0\"", with: "version=\"\(version)\"")
    }
    held(
      "unknown-action", acting("<dance steps=\"7\"><dance/></dance>" + fallback), .action, kind: "dance",
      fallback: "Anna dances.", "no schema of version 1.0 has the action")
    held("unknown-action-to-one", document("comment", action: "<dance/>"), .action, kind: "dance", "in a direct stream as well")
    held(
      "unknown-action-without-stream", document("status", stream: "", action: "<dance/>"), .action, kind: "dance",
      "without a stream as well")
    held(
      "unknown-action-requires", acting("<requires feature=\"x\"/><dance/>"), .action, kind: "dance",
      "an unknown action is named before a missing feature")
    held(
      "search-open", document("comment", action: "<search-open session=\"…\"/>"), .action, kind: "search-open",
      "the schema has the action; the node that wrote this table does not act on it yet, and does not judge what is in it")
    let requires = "<requires feature=\"later\"/><requires feature=\"more\"/>"
    held("feature", acting(requires + status), .feature, kind: "status", features: ["later"], "one of two features is not there")
    held(
      "feature-odd-inside", acting("<requires feature=\"later\"/><status><verse/></status>"), .feature, kind: "status",
      "what a feature changes inside the action is not judged")
    held("version-minor", version("1.1", document("status")), .version, kind: "status", "1.1 is higher than 1.0")
    held("version-ten", version("1.10", document("status")), .version, kind: "status", "a version is two numbers")
    held("version-major", version("2.0", document("status")), .version, kind: "status", "2.0 is higher than 1.0")
    held(
      "version-and-rest", version("1.7", acting("<dance/>\(fallback)<sing/><requires/>")), .version, kind: "dance",
      fallback: "Anna dances.", "of a newer version only id, author, created, stream and signature are judged")
    held("version-without-action", version("3.0", acting("")), .version, kind: "", "nor need it have an action")
    understood(
      "feature-known", acting("<requires feature=\"later\"/>" + status), features: ["later", "other"],
      "every feature that it requires is there")
  }
}
