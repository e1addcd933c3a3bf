import Foundation
import Packets

// What is known, and malformed: the packet is refused.

extension VectorMaker {
  mutating func addRefusedEnvelopes() {
    let id = "AQEBAQEBAQEBAQEBAQEBAQ"
    let status = "<status share=\"no\"><text>Finally moved in.</text></status>"
    let to = "to=\"\(samples.ben.author.text)\""
    for (name, version) in [
      ("none", ""), ("lower", "0.9"), ("one-number", "1"), ("three", "1.0.0"), ("blank", "1.0 "), ("zeros", "01.0"),
      ("words", "one.two"),
    ] {
      refused(
        "version-\(name)", changed(version.isEmpty ? " version=\"1.0\"" : "\"1.0\"", version.isEmpty ? "" : "\"\(version)\""),
        "the version is missing, lower than 1.0, or not two numbers")
    }
    for (name, document, why) in [
      ("id-none", changed(" id=\"0193a5f0-7c2e-7d31-9f5e-000000000001\"", ""), "no id"),
      ("id-capital", changed("0193a5f0", "0193A5F0"), "an id in capitals"),
      ("id-version-4", changed("-7d31-", "-4d31-"), "an id that is no UUIDv7"),
      ("author-bits", changed("Pb1w", "Pb1x"), "an author that does not re-encode to itself"),
      ("author-padding", changed("Pb1w", "Pb1w="), "an author with padding"),
      ("author-prefix", changed("ed25519:", "ed448:"), "an author of another kind"),
      ("created-february", changed("2026-11-22T", "2026-02-30T"), "a date that does not exist"),
      ("created-offset", changed(".000Z", ".000+00:00"), "a time in another form"),
      ("created-digits", changed("2026-11-22T", "٢٠٢٦-11-22T"), "digits of another script"),
      ("no-stream", document("status", stream: ""), "a status without a stream"),
      ("stream-twice", acting("<stream id=\"\(id)\" sequence=\"42\"/>" + status), "two streams"),
      ("stream-id", changed(id, "AQEBAQEBAQEBAQEBAQEBAR"), "a stream id that does not re-encode to itself"),
      ("stream-no-id", changed("id=\"\(id)\" ", ""), "a stream without an id"),
      ("sequence-none", changed(" sequence=\"42\"", ""), "a stream without a number"),
      ("sequence-zero", changed("\"42\"", "\"0\""), "number 0 is the contact-request's"),
      ("sequence-leading-zero", changed("\"42\"", "\"042\""), "a leading zero"),
      ("sequence-sign", changed("\"42\"", "\"+42\""), "a sign"),
      ("sequence-large", changed("\"42\"", "\"9007199254740992\""), "a number above 2^53-1"),
      ("sequence-huge", changed("\"42\"", "\"99999999999999999999999999\""), "a number above everything"),
      ("status-to-one", changed("sequence=\"42\"", "sequence=\"42\" \(to)"), "a status in a direct stream"),
      ("comment-to-all", changed("comment", " to=\"\(samples.anna.author.text)\"", ""), "a comment in a circle's stream"),
      ("journal-to-one", changed("journal", "sequence=\"2\"", "sequence=\"2\" \(to)"), "a journal packet in a direct stream"),
      ("request-numbered", changed("contact-request", "sequence=\"0\"", "sequence=\"1\""), "a contact-request with a number"),
      ("request-to-all", changed("contact-request", " to=\"\(samples.anna.author.text)\"", ""), "a contact-request to nobody"),
      ("unknown-action-zero", acting("<dance/>").replacing("\"42\"", with: "\"0\""), "number 0 with an unknown action"),
      ("no-action", acting(""), "no action"),
      ("no-action-but-other", acting("<o:dance xmlns:o=\"urn:o\"/>"), "an element of another namespace is no action"),
      ("two-actions", acting(status + status), "two actions"),
      ("two-actions-one-unknown", acting("<dance/>" + status), "two actions, one of them unknown"),
      (
        "stream-behind",
        document("status", stream: "", action: status + "<stream id=\"\(id)\" sequence=\"42\"/>"),
        "the stream behind the action"
      ),
      ("requires-behind", acting(status + "<requires feature=\"x\"/>"), "requires behind the action"),
      ("requires-nothing", acting("<requires/>" + status), "requires without a feature"),
      ("fallback-before", acting("<fallback>x</fallback>" + status), "the fallback before the action"),
      ("fallback-twice", acting(status + "<fallback>x</fallback><fallback>x</fallback>"), "two fallbacks"),
      ("unknown-action-order", acting("<dance/><requires feature=\"x\"/>"), "the order is judged with an unknown action too"),
      (
        "version-newer-stream", changed("sequence=\"42\"", "sequence=\"-1\"").replacing("\"1.0\"", with: "\"1.1\""),
        "a newer version's stream is judged"
      ),
    ] { refused(name, document, why) }
  }

  mutating func addRefusedActions() {
    let capitals = String(repeating: "A", count: 64)
    let hash = samples.photoBlob.sha256.text
    for (name, document, why) in [
      ("share-none", changed(" share=\"no\"", ""), "no word about sharing"),
      ("share-other", changed("share=\"no\"", "share=\"maybe\""), "sharing is yes or no"),
      ("share-blank", changed("share=\"no\"", "share=\" no\""), "white space is not taken away from values"),
      ("text-none", acting("<status share=\"no\"/>"), "a status without text"),
      ("text-twice", changed("</text>", "</text><text>More.</text>"), "a status with two texts"),
      ("photo-none", acting("<photo share=\"no\"/>"), "a photo without pictures"),
      (
        "photo-eleven",
        acting(
          "<photo share=\"no\">"
            + String(
              repeating: "<picture width=\"1\" height=\"1\"><blob sha256=\"\(hash)\" size=\"1\" type=\"image/png\"/></picture>",
              count: 11) + "</photo>"), "eleven pictures"
      ),
      ("picture-number", changed("photo", "width=\"640\"", "width=\"0640\""), "a width with a leading zero"),
      ("picture-word", changed("photo", "width=\"640\"", "width=\"wide\""), "a width that is no number"),
      ("blob-none", acting("<photo share=\"no\"><picture width=\"1\" height=\"1\"/></photo>"), "a picture without a blob"),
      ("blob-hash", changed("photo", hash, capitals), "a hash in capitals"),
      ("blob-size", changed("photo", "size=\"9\"", "size=\"9007199254740993\""), "a size above 2^53-1"),
      (
        "caption-first",
        acting(
          "<photo share=\"no\"><caption>x</caption><picture width=\"1\" height=\"1\"><blob sha256=\"\(hash)\" size=\"1\" type=\"image/png\"/></picture></photo>"
        ), "the caption before the pictures"
      ),
      ("comment-no-target", changed("comment", "<target", "<other"), "a comment without a target"),
      (
        "comment-order",
        document("comment").replacing("<root", with: "<r").replacing("<target", with: "<root").replacing("<r ", with: "<target "),
        "the target before the root"
      ),
      ("comment-hash", changed("comment", "sha256=\"", "sha256=\"0"), "a hash of 65 digits"),
      (
        "retract-root-to-all", changed("retract-comment", " to=\"\(samples.anna.author.text)\"", ""),
        "a root in a circle's stream"
      ),
      ("reaction-no-revision", changed("reaction", " revision=\"1795341600000\"", ""), "a reaction without a revision"),
      ("membership-both", changed("membership-last", "last=", "first=\"1\" last="), "first and last"),
      ("membership-neither", changed("membership-last", " last=\"50\"", ""), "neither first nor last"),
      ("share-no-embedded", changed("share", "<embedded", "<embed"), "a share without a packet"),
      (
        "introduce-empty", changed("introduce", "<invitation>", "<invite>").replacing("</invitation>", with: "</invite>"),
        "an introduction without an invitation"
      ),
      ("unsupported-reason", changed("unsupported", "reason=\"action\"", "reason=\"mood\""), "action, feature or version"),
      (
        "unsupported-stream",
        changed("unsupported", "<unsupported", "<stream id=\"AAAAAAAAAAAAAAAAAAAAAA\" sequence=\"1\"/><unsupported"),
        "what repairs and reports has no stream"
      ),
      ("relay-no-card", changed("relay", "<card", "<cart").replacing("</card", with: "</cart"), "a relay without a card"),
      ("relay-no-embedded", changed("relay", "<embedded", "<embed"), "a relay without a packet"),
      ("journal-previous", changed("journal", "previous=\"e3", "previous=\"E3"), "a hash in capitals"),
      (
        "profile-order",
        changed("profile", "<name>Anna Berg</name>", "").replacing("</profile>", with: "<name>Anna Berg</name></profile>"),
        "the name at the end"
      ),
      (
        "profile-no-binding", changed("profile", "<binding", "<bound").replacing("</binding", with: "</bound"),
        "a profile without a binding"
      ),
      ("name-empty", changed("profile", ">Anna Berg<", "><"), "an empty name"),
      ("name-long", changed("profile", ">Anna Berg<", ">\(String(repeating: "é", count: 65))<"), "a name of 65 characters"),
      ("name-direction", changed("profile", ">Anna Berg<", ">Anna\u{202e}greB<"), "a character that turns the direction"),
      ("name-line", changed("relay", ">Ben Ito<", ">Ben&#10;Ito<"), "a line end in a name"),
      ("field-name", changed("profile", "name=\"city\"", "name=\"home city\""), "white space in a field's name"),
      (
        "fingerprint", changed("profile", String(repeating: "1", count: 40), String(repeating: "a", count: 40)),
        "a fingerprint in lower case"
      ),
      ("search", changed("profile", "search=\"answer\"", "search=\"yes\""), "search says answer or is not there"),
      (
        "certificate-bits", changed("contact-accept", "<certificate>Y2VydGlmaWNhdGU", "<certificate>Y2VydGlmaWNhdGV"),
        "base64url that does not re-encode to itself"
      ),
      ("certificate-blank", changed("contact-accept", "<certificate>", "<certificate> "), "white space in base64url"),
      ("certificate-padding", changed("contact-accept", "</certificate>", "=</certificate>"), "padding in base64url"),
      (
        "certificate-none", changed("contact-accept", "<certificate>", "<paper>").replacing("</certificate>", with: "</paper>"),
        "no certificate"
      ),
      ("half-short", changed("contact-accept", "<half>CwsLCwsL", "<half>CwsL"), "a half of another length"),
      ("proof-no-invitation", changed("contact-request", " invitation=\"AAECAwQFBgc\"", ""), "a proof that names no invitation"),
      ("move-nowhere", document("move", action: "<move revision=\"1\"/>"), "a move to no endpoint"),
      ("move-no-revision", changed("move", " revision=\"1795341600000\"", ""), "a move without a revision"),
      ("move-check-short", changed("move-check", "<nonce>VVVV", "<nonce>"), "a nonce of another length"),
      ("move-answer-none", document("move-answer", action: "<move-answer/>"), "an answer without a nonce"),
      ("key-change-one", changed("key-change", "by=\"new\"", "by=\"old\""), "two signatures by the old key"),
      (
        "key-change-order",
        changed("key-change", "by=\"old\"", "by=\"x\"").replacing("\"new\"", with: "\"old\"").replacing("\"x\"", with: "\"new\""),
        "the new key's signature before the old one's"
      ),
      ("key-change-no-revision", changed("key-change", " revision=\"1795341600000\"", ""), "a new key without a revision"),
      ("revoke-empty", changed("revoke", ">cmV2b2NhdGlvbg<", "><"), "a revocation that holds nothing"),
      ("revoke-padding", changed("revoke", ">cmV2b2NhdGlvbg<", ">cmV2b2NhdGlvbg==<"), "padding in a revocation"),
      (
        "revoke-to-all", changed("revoke", " to=\"\(samples.ben.author.text)\"", ""),
        "a revocation in a circle's stream"
      ),
      ("accept-no-request", changed("contact-accept", "request=", "answers="), "an accept that names no request"),
    ] { refused(name, document, why) }
    limit("certificate", changed("contact-accept", "<certificate>Y2VydGlmaWNhdGU", "<certificate>{{13653×A}}A"), refused: nil)
    limit(
      "certificate-more", changed("contact-accept", "<certificate>Y2VydGlmaWNhdGU", "<certificate>{{13655×A}}"),
      refused: "a certificate above 10 KiB")
  }
}
