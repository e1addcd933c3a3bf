"""The play: Anna is the real program, Paul and Quinn are Python. Each step ends in what both sides then know."""

import base64
import struct
import zlib

from . import against, examples, folder, misuse, openpgp, packets, parcel_vectors, parcels, vectors, words
from .document import element
from .packets import Stream
from .parcels import Blob
from .words import b64


def play(stage):
    conformance(stage)
    against.play(stage)
    anna, paul, quinn, rita = stage.real("Anna"), stage.node("Paul"), stage.node("Quinn"), stage.node("Rita")
    acquaintance(stage, anna, paul, quinn, rita)
    conversation(stage, anna, paul, quinn, rita)
    pictures(stage, anna, paul)
    repair(stage, anna, paul)
    newer(stage, anna, paul)
    misuse.play(stage, anna, paul, quinn)
    parting(stage, anna, paul, quinn, rita)


def conformance(stage):
    stage.step("The vectors")
    count, differ = vectors.differences()
    stage.check(f"{count} vectors of documents and formulas come out the same", not differ, "\n".join(differ))
    count, differ = parcel_vectors.differences(stage.place / "vectors")
    stage.check(f"{count} parcels are opened, or refused at the same gate", not differ, "\n".join(differ))
    stage.check("the article WorkedExamples says what these make", examples.ARTICLE.read_text() == examples.article(),
                "write it by Tests/PythonNode/run --write-examples, and look at what changed")


def words_of(node, kind):
    return [item.words for item in node.items.values() if item.kind == kind and not item.retracted]


def item_of(node, said):
    return next(item for item in node.items.values() if item.words == said)


def real_item(anna, said):
    found = [item for item in anna.feed() if item["text"] == said]
    if not found:
        # A comment stands in its post's conversation.
        for post in anna.feed():
            found += [item for item in anna.json("show", post["id"])["conversation"] if item["text"] == said]
    if not found:
        raise AssertionError(f"Anna's node does not show “{said}”")
    return found[0]


def acquaintance(stage, anna, paul, quinn, rita):
    stage.step("The program invites, Python answers")
    paul.accept_link(anna.json("invite")["link"])
    stage.settle(anna)
    known = {one["author"]: one for one in anna.json("contacts")["contacts"]}
    stage.check("each knows the other", list(known) == [paul.author] and list(paul.contacts) == [anna.author], known)
    stage.check("Paul is Anna's contact, by invitation", known[paul.author]["state"] == "contact"
                and known[paul.author]["mark"] == "invited" and known[paul.author]["name"] == "Paul", known)
    stage.check("with the fingerprint and endpoint that Paul has", known[paul.author]["fingerprint"] == paul.gpg.fingerprint
                and known[paul.author]["endpoints"] == [paul.endpoint], known)
    hers = paul.contacts[anna.author]
    stage.check("Anna is Paul's contact", hers.state == "contact" and hers.fingerprint == anna.fingerprint, hers)
    stage.check("he has her membership and her profile", list(hers.memberships.values()) == [2]
                and hers.profile["name"] == "Anna", hers)

    form(stage, anna, paul)

    stage.step("Python invites, the program answers")
    anna.run("accept", "-", given=quinn.invite())
    stage.settle(anna)
    known = {one["author"]: one for one in anna.json("contacts")["contacts"]}
    stage.check("Quinn is Anna's contact", quinn.author in known and known[quinn.author]["state"] == "contact", known)
    hers = quinn.contacts[anna.author]
    stage.check("Anna proved the invitation; Quinn has membership and profile", hers.state == "contact"
                and hers.memberships and hers.profile["name"] == "Anna" and not quinn.invitations, hers)

    stage.step("Python and Python")
    paul.accept_link(quinn.invite())
    stage.settle(anna)
    stage.check("Paul and Quinn are contacts", paul.contacts[quinn.author].state == quinn.contacts[paul.author].state == "contact")
    stage.step("Both ask at once")
    rita.accept_link(anna.json("invite")["link"])
    anna.run("accept", "-", given=rita.invite())
    stage.settle(anna)
    known = {one["author"]: one["state"] for one in anna.json("contacts")["contacts"]}
    hers = rita.contacts[anna.author]
    stage.check("Rita and Anna are contacts, no request is open", known[rita.author] == hers.state == "contact"
                and hers.request_id is None and not rita.invitations, (known, hers))
    stage.check("nobody refused anything", not paul.refused + quinn.refused + rita.refused
                + anna.json("refused")["refused"], (paul.refused, quinn.refused, rita.refused, anna.json("refused")))


def form(stage, anna, paul):
    """The form of a parcel, which readers do not insist on and writers owe each other. The post is so long that Padmé counts, and a
    coarser or finer unit would show."""
    stage.step("What the program writes has the form of the page Parcel")
    anna.run("post", "-", given="Many words. " * 530)
    anna.once()
    file, = folder.waiting(paul.inbox)
    data = file.read_bytes()
    stage.check("the file is named by its SHA-256", file.name == words.sha256(data) + ".eml")
    lines = data.split(b"\r\n")
    stage.check("lines end in CRLF and have at most 998 bytes", b"\n" not in b"".join(lines) and max(map(len, lines)) <= 998)
    heads = [line.split(b":")[0].decode() for line in lines[:lines.index(b"")] if not line.startswith(b" ")]
    stage.check("the headers outside are those of the page, in its order", heads == list(parcels.OUTER), heads)
    armored = lines[lines.index(b"-----BEGIN PGP MESSAGE-----") + 2:lines.index(b"-----END PGP MESSAGE-----")]
    message = base64.b64decode(b"".join(armored[:-1]))
    stage.check("armor has 64 columns and its CRC", all(len(line) == 64 for line in armored[:-2])
                and armored[-1] == b"=" + base64.b64encode(openpgp.crc24(message).to_bytes(3, "big")))
    listed, status = paul.gpg.run("--list-packets", "--show-session-key", given=message)
    plain = paul.gpg.open(message)[0]
    shown = listed.decode()
    stage.check("one session key of version 3, SEIPD 1 with AES-256, no compression, signed as binary with SHA-512",
                shown.count(":pubkey enc packet: version 3") == 1 and "mdc_method: 2" in shown and ":compressed" not in shown
                and any(line[:3] == ["DECRYPTION_INFO", "2", "9"] for line in status)
                and "sigclass 0x00, digest 10" in shown, shown)
    whole, epilogue = plain.rsplit(b"--\r\n", 1)
    stage.check("the entity is padded as Padmé says, by lines of 74 spaces", len(plain) == words.padme(len(whole) + 4) > 4096
                and set(epilogue.split(b"\r\n")[:-1]) == {b" " * 74}, (len(whole) + 4, len(plain)))
    inner = [line.split(b":")[0].decode() for line in plain.split(b"\r\n\r\n")[0].split(b"\r\n") if not line.startswith(b" ")]
    stage.check("the headers inside are those of the page", inner == ["From", "Date", "Subject", *["HP-Outer"] * 3,
                "SocialNet-Audience", "MIME-Version", "Content-Type"], inner)
    stage.settle(anna)


def conversation(stage, anna, paul, quinn, rita):
    stage.step("Statuses, comments, reactions")
    anna.run("post", "Anna is here & <well>.")
    paul.post("Paul is here.\nTwo lines, “quoted” & <marked>.")
    stage.settle(anna)
    stage.check("Python shows the program's status", words_of(paul, "status").count("Anna is here & <well>.") == 1
                and "Anna is here & <well>." in words_of(quinn, "status"), words_of(paul, "status"))
    said = "Paul is here.\nTwo lines, “quoted” & <marked>."
    stage.check("the program shows Python's, sealed once for two", real_item(anna, said)["author"]["author"] == paul.author
                and said in words_of(quinn, "status"))

    root = item_of(paul, "Anna is here & <well>.")
    written = paul.comment(root.reference, root.reference, "Welcome, says Paul.")
    stage.check("before the receipt Paul does not show his comment as published", written.name not in paul.items)
    stage.settle(anna)
    stage.check("the program shows Python's comment", real_item(anna, "Welcome, says Paul.")["kind"] == "comment")
    stage.check("and relays it: Paul has his receipt", written.name in paul.items)
    relayed = quinn.items[written.name]
    stage.check("and Quinn has it from Anna, in Paul's bytes", relayed.packet.sha256 == written.sha256)
    stage.check("to Rita, who does not know Paul, it is hearsay", relayed.introduced_by is None
                and rita.items[written.name].introduced_by == "Paul, says Anna")

    below = quinn.items[written.name]
    quinn.comment(below.packet.reference("root"), below.reference, "And I, says Quinn.")
    anna.run("comment", real_item(anna, said)["id"], "Well said, says Anna.")
    stage.settle(anna)
    stage.check("a comment on a comment arrives, and hangs on it", real_item(anna, "And I, says Quinn.")["parent"]
                == real_item(anna, "Welcome, says Paul.")["id"])
    stage.check("Python shows the program's comment", words_of(paul, "comment").count("Well said, says Anna.") == 1)
    stage.check("and relays it: the program lists it once, and Quinn has it too",
                real_item(anna, said)["comments"] == 1 and "Well said, says Anna." in words_of(quinn, "comment"))

    paul.react(root.reference, root.reference, ["👍🏽", "❤️"])
    anna.run("react", real_item(anna, said)["id"], "🎉")
    stage.settle(anna)
    shown = {one["emoji"]: one["by"] for one in real_item(anna, "Anna is here & <well>.")["reactions"]}
    stage.check("the program shows Python's reaction", shown == {"👍🏽": ["Paul"], "❤️": ["Paul"]}, shown)
    stage.check("and relays it", quinn.items[root.packet.name].reactions[paul.author][1] == ["👍🏽", "❤️"])
    stage.check("Python shows the program's", item_of(paul, said).reactions[anna.author][1] == ["🎉"])

    stage.step("What the root's author says, and takes back, below the own post")
    post = real_item(anna, "Anna is here & <well>.")["id"]
    anna.run("comment", post, "To all, says Anna.")
    anna.run("retract", real_item(anna, "And I, says Quinn.")["id"])
    stage.settle(anna)
    stage.check("a comment on the own post comes as a relay", words_of(paul, "comment").count("To all, says Anna.") == 1)
    stage.check("what she took back below it is gone for its own author too", "And I, says Quinn." not in words_of(quinn, "comment")
                and "And I, says Quinn." not in words_of(paul, "comment"))

    stage.step("Edits, retracts, messages")
    paul.edit(item_of(paul, said).reference, "Paul is elsewhere.")
    anna.run("edit", real_item(anna, "Anna is here & <well>.")["id"], "Anna is well.")
    paul.message(paul.contacts[anna.author], "A word to Anna alone.")
    anna.run("message", "Paul", "A word to Paul alone.")
    stage.settle(anna)
    stage.check("the program shows Python's edit", real_item(anna, "Paul is elsewhere.")["edited"])
    stage.check("Python shows the program's", root.words == "Anna is well.", root.words)
    stage.check("messages came, both ways", real_item(anna, "A word to Anna alone.")["kind"] == "message"
                and words_of(paul, "message").count("A word to Paul alone.") == 1 and not words_of(quinn, "message"))
    paul.retract(item_of(paul, "Paul is elsewhere.").reference)
    anna.run("retract", real_item(anna, "Anna is well.")["id"])
    stage.settle(anna)
    stage.check("what Python took back is gone from the program's feed",
                not [item for item in anna.feed() if item["text"] == "Paul is elsewhere."])
    stage.check("and the other way round", root.retracted)


def png(width, height, color):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = (b"\0" + bytes(color) * width) * height
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def pictures(stage, anna, paul):
    stage.step("Photos")
    file = stage.place / "red.png"
    file.write_bytes(png(8, 6, (200, 0, 0)))
    anna.run("post", "Red, says Anna.", "--photo", str(file), "--alt", "A red field")
    blue = Blob(png(5, 7, (0, 0, 200)), "image/png")
    paul.photo(blue, 5, 7, "A blue field", "Blue, says Paul.")
    stage.settle(anna)
    shown = real_item(anna, "Blue, says Paul.")["photos"][0]
    stage.check("the program shows Python's photo, byte for byte", shown["alt"] == "A blue field" and (shown["width"], shown["height"])
                == (5, 7) and open(shown["path"], "rb").read() == blue.data, shown)
    packet = item_of(paul, "Red, says Anna.").packet
    (hash_, size), = packet.blobs.items()
    picture = packet.action.child("picture")
    stage.check("Python has the program's, by hash and size", len(paul.blobs[hash_]) == size
                and picture.get("alternative") == "A red field" and (picture.get("width"), picture.get("height")) == ("8", "6"), size)


def repair(stage, anna, paul):
    stage.step("What is lost on the way comes again")
    anna.run("post", "This is lost.")
    anna.once()
    lost = folder.waiting(paul.inbox)
    for file in lost:
        file.unlink()
    anna.run("post", "This arrives.")
    anna.once()
    paul.receive()
    stage.check("one parcel was taken away, and Python sees the gap", len(lost) == 1 and "This arrives." in words_of(paul, "status")
                and [len(ranges) for ranges in paul.gaps().values()] == [1], paul.gaps())
    paul.ask_again()
    stage.settle(anna)
    stage.check("Python asked, and the program sent it again", words_of(paul, "status").count("This is lost.") == 1
                and not paul.gaps(), paul.gaps())

    hers = paul.contacts[anna.author]
    stream, = hers.memberships
    taken_back = next(item for item in paul.items.values() if item.words == "Anna is well.").packet.stream.sequence
    paul.ask(hers, [(stream, taken_back, taken_back)])
    stage.settle(anna)
    stage.check("what was taken back does not come again, it is gone", paul.closed[anna.author, stream] == {taken_back}, paul.closed)

    paul.post("Paul's is lost.")
    for file in folder.waiting(anna.inbox):
        file.unlink()
    paul.post("Paul's arrives.")
    stage.settle(anna)
    shown = [item["text"] for item in anna.feed("status")]
    stage.check("the program misses one of Python's", "Paul's arrives." in shown and "Paul's is lost." not in shown, shown)
    # The program asks after an hour and a random half.
    stage.settle(anna, later="+2h")
    stage.settle(anna, later="+2h")
    shown = [item["text"] for item in anna.feed("status")]
    stage.check("two hours later it asked, Python answered, and it is shown", "Paul's is lost." in shown, shown)


def newer(stage, anna, paul):
    stage.step("What nobody understands yet")
    dance = element("dance", element("step", "left"))
    place = Stream(b64(bytes(16)), 1, None)
    signed = packets.write(paul.seed, dance, place, "Paul dances.")
    paul.send(paul.contacts[anna.author], [signed])
    anna.once()
    held = anna.json("held")["held"]
    stage.check("the program holds it, and shows its fallback", [(one["kind"], one["fallback"]) for one in held]
                == [("dance", "Paul dances.")], held)
    paul.receive()
    [word] = [packet.action for packet in paul.only_read if packet.kind == "unsupported"]
    stage.check("and says so to its sender, and which packet it was", word.get("reason") == "action"
                and word.all("target")[0].get("sha256") == words.sha256(signed.document), word)


def parting(stage, anna, paul, quinn, rita):
    stage.step("The end")
    anna.run("remove", "Paul")
    stage.settle(anna)
    stage.check("Paul was told", paul.contacts[anna.author].state == "none")
    said = {one["author"]: one["state"] for one in anna.json("contacts")["contacts"]}
    stage.check("and is removed at Anna's, while Quinn stays", said
                == {paul.author: "removed", quinn.author: "contact", rita.author: "contact"}, said)
