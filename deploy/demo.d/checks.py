"""Every check of the demo. Each rests on imaplib, gpg, sqlite3 or neomutt alone: the program is not asked about itself."""

import hashlib
import re
import stat

import picture
from account import Account
from telling import check, said
from witness import (
    NAMESPACE, OWN_FOLDER, Mail, Mailbox, Parcel, fingerprint, letters, mails, open_parcel, parcels, parcels_in_inbox,
    rows)

# Accounts -------------------------------------------------------------------------------------------------------


def private_mail(account: Account) -> list[Mail]:
    """Puts mail of no concern to the bridge into INBOX, and returns it as the server has it."""
    mail = (
        "From: Aunt Eva <eva@elsewhere.test>\r\nTo: <{to}>\r\nSubject: {subject}\r\n"
        "Message-ID: <{id}@elsewhere.test>\r\n{more}\r\n{body}")
    letters = (
        ("", dict(subject="Sunday", id="p1", more="", body="Will you come for cake?\r\n")),
        ("(\\Seen \\Flagged)", dict(subject="Re: Sunday", id="p2", more="", body="ref nothing of yours\r\n")),
        ("", dict(
            subject="[#1] looks like a digest", id="p3", body="--x\r\nContent-Type: text/html\r\n\r\n<b>7 ❤</b>\r\n--x--\r\n",
            more='MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="x"\r\n')),
    )
    with Mailbox(account) as mailbox:
        for flags, words in letters:
            mailbox.append("INBOX", flags, mail.format(to=account.address, **words).encode())
        return mailbox.mails("INBOX")


def private_mail_is_untouched(account: Account, before: list[Mail]) -> None:
    now = [mail for mail in mails(account, "INBOX") if mail.uid in {known.uid for known in before}]
    check(now == before, f"{account.name}'s private mail is where it was, byte for byte and flag for flag", now)


def account_is_ready(account: Account) -> None:
    with Mailbox(account) as mailbox:
        there = OWN_FOLDER in mailbox.folders() and OWN_FOLDER in mailbox.folders(subscribed=True)
    check(there, f"{account.name} has a folder {OWN_FOLDER} in the mailbox, and key {fingerprint(account)}")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (account.home / "config.toml", account.gnupg)}
    check(modes == {"config.toml": 0o600, "gnupg": 0o700}, "settings and keys are closed to other users", modes)


def contacts(account: Account) -> int:
    """For waiting: how many contacts the program sees."""
    return sum(contact["state"] == "contact" for contact in account.ask("contacts")["contacts"])


def everybody_knows_whom_they_should(anna: Account, ben: Account, carol: Account) -> None:
    for account, friends in ((anna, (ben, carol)), (ben, (anna,)), (carol, (anna,))):
        found = rows(account, "SELECT name, state, fingerprint FROM contact ORDER BY name")
        expected = [{"name": f.name, "state": "contact", "fingerprint": fingerprint(f)} for f in friends]
        names = " and ".join(friend.name for friend in friends)
        check(found == expected, f"{account.name}'s database has {names} as contact, keys pinned", found)
        left = [mail.header("From") for mail in parcels_in_inbox(account)]
        check(not left, f"no parcel is left in {account.name}'s INBOX", left)
    for friend in (ben, carol):
        kinds = [packet.kind for parcel in parcels(anna, friend) for packet in parcel.packets]
        check("contact-request" in kinds, f"{friend.name}'s contact request lies in Anna's {OWN_FOLDER}; gpg verifies it", kinds)


# Posts ----------------------------------------------------------------------------------------------------------


def holds(account: Account, mail: Mail, words: str) -> bool:
    return any(packet.words() == words for packet in open_parcel(account, mail).packets)


def posts_arrived(anna: Account, friend: Account, texts: tuple[str, ...], caption: str) -> None:
    found = parcels(friend, anna)
    signers = {parcel.signer for parcel in found}
    said(f"{len(found)} parcels from Anna lie in {friend.name}'s {OWN_FOLDER}")
    check(signers == {fingerprint(anna)}, "gpg opens them all, each signed by Anna's key", signers)
    check(all("\\Seen" in parcel.mail.flags for parcel in found), "they are marked as read")
    for words in texts:
        carrier = next((parcel for parcel in found if any(packet.words() == words for packet in parcel.packets)), None)
        check(carrier and words in carrier.text(), f"“{words}” is a signed packet, and stands in words for a person, too")
        check("tags=" in carrier.inner["SocialNet-Audience"], "it is sealed to the circle")
    photo_is_fit(found)
    read = {row["text"] for row in rows(friend, "SELECT text FROM feed WHERE root = ''")}
    check(read == {*texts, caption}, f"sqlite3 finds all three in {friend.name}'s feed", read)


def photo_is_fit(found: list[Parcel]) -> None:
    carrier = next((parcel for parcel in found if any(packet.kind == "photo" for packet in parcel.packets)), None)
    check(carrier and len(carrier.pictures()) == 1, "the photo travels with its packet")
    [jpeg] = carrier.pictures()
    packet = next(packet for packet in carrier.packets if packet.kind == "photo")
    named = packet.action.find(f".//{NAMESPACE}blob").get("sha256")
    width, height = picture.size(jpeg)
    check(hashlib.sha256(jpeg).hexdigest() == named, "the packet names it by its hash")
    check(width < height <= 2048, f"it was turned upright and scaled, to {width} x {height}", (width, height))
    check(not picture.tells_more_than_it_shows(jpeg), "place and all other metadata are gone")


def neomutt_showed(shown: str, anna: Account, words: str) -> None:
    key = shown.replace(" ", "")
    good = "Good signature from" in shown and fingerprint(anna) in key
    check(good, "neomutt decrypts it, and finds a good signature by Anna's key", shown)
    check(f"Subject: SocialNet: {anna.name}" in shown, "it shows the inner subject", shown)
    check(words in shown, f"and the words: “{words}”", shown)


# Digest, answer, receipt ----------------------------------------------------------------------------------------


def number_of(digest: Mail, words: str) -> str:
    """The N of the digest's item [#N] that has these words."""
    before = digest.text().split(words)[0]
    return re.findall(r"^\[#(\d+)\]", before, flags=re.MULTILINE)[-1]


def digest_is_in_form(digest: Mail, ben: Account, texts: tuple[str, ...]) -> None:
    text, html = digest.text(), digest.text("html")
    numbers = {number_of(digest, words) for words in texts}
    check(len(numbers) == len(texts), "it shows all three posts, each with a number", text)
    for line in text.splitlines():
        said(f"    {line}")
    own = digest.message["From"].addresses
    check(len(own) == 1 and own[0].addr_spec == ben.address, "it comes from Ben's own address", own)
    check(digest.header("Auto-Submitted") == "auto-generated" and digest.header("List-Id"), "it says that a machine wrote it")
    reference = re.search(r"^ref [a-z2-7]{16,}", text, flags=re.MULTILINE)
    check(reference and "\n-- \n" not in text, "its last line tells which digest is answered", text)
    foreign = re.search(r"(src|background)=[\"']?https?:", html)
    check(html.count("mailto:") >= 6 and not foreign, "its HTML has buttons, and loads nothing from elsewhere")
    thumbnails = [part.get_content() for part in digest.message.walk() if part.get_content_type() == "image/jpeg"]
    sizes = [picture.size(jpeg) for jpeg in thumbnails]
    check(len(sizes) == 1 and 0 < max(sizes[0]) <= 600 and "cid:" in html, "it shows the photo as a thumbnail", sizes)


def digests_do_not_repeat(ben: Account, posts: list[str]) -> None:
    digests = {mail.header("Message-ID"): mail.text() for mail in letters(ben, "digest")}
    shown = {words: sum(words in text for text in digests.values()) for words in posts}
    check(set(shown.values()) == {1}, f"every post stands in exactly one digest of Ben's ({len(digests)} in all)", shown)


def receipt_names_everything(receipt: Mail, words: tuple[str, ...]) -> None:
    text = receipt.text()
    for line in text.splitlines():
        said(f"    {line}")
    check(all(word in text for word in words[:2]), "Ben gets a receipt that names what goes out, and can be stopped", text)


def answers_arrived(anna: Account, ben: Account, carol: Account, comments: dict[str, str], reacted: str) -> None:
    query = """SELECT comment.text AS words, post.text AS under, coalesce(contact.name, comment.card_name) AS who,
        contact.name IS NOT NULL AS known FROM feed AS comment JOIN feed AS post ON post.item = comment.root
        LEFT JOIN contact ON contact.author = comment.author WHERE comment.kind = 'comment'"""
    reactions = """SELECT emoji, feed.text AS under, coalesce(contact.name, reaction.card_name) AS who FROM reaction
        JOIN feed ON feed.item = reaction.target LEFT JOIN contact ON contact.author = reaction.author"""
    for account, known in ((anna, 1), (carol, 0)):
        found = {(row["words"], row["under"], row["who"], row["known"]) for row in rows(account, query)}
        expected = {(words, under, ben.name, known) for words, under in comments.items()}
        relation = "her contact" if known else "whom she does not know"
        check(found == expected, f"{account.name}'s feed has both comments under their posts, by {ben.name}, {relation}", found)
        found = [(row["emoji"], row["under"], row["who"]) for row in rows(account, reactions)]
        single = len(found) == 1 and "❤" in found[0][0] and found[0][1:] == (reacted, ben.name)
        check(single, "and the reaction under the photo", found)
    strangers = rows(carol, f"SELECT name FROM contact WHERE name = '{ben.name}'")
    check(not strangers, f"{ben.name} did not become a contact of Carol's", strangers)

    def answers(found: list[Parcel]) -> dict[str, str]:
        packets = (packet for parcel in found for packet in parcel.packets)
        return {packet.sha256: packet.signature for packet in packets if packet.kind in ("comment", "reaction")}

    sent, relayed = answers(parcels(anna, ben)), answers(parcels(carol, anna))
    check(len(sent) == 3 and relayed == sent, "the relays carry Ben's own signed bytes, unchanged", (sent, relayed))


def came_again(anna: Account, ben: Account, words: str) -> None:
    """By gpg: what was lost came in a parcel for Ben alone, in the bytes in which the others got it, because he asked by its number."""
    found = [(parcel, packet) for parcel in parcels(ben, anna) for packet in parcel.packets if packet.words() == words]
    check(len(found) == 1, f"“{words}” is in one parcel of Ben's", len(found))
    [(parcel, packet)] = found
    check(str(parcel.inner["SocialNet-Audience"]).startswith("fingerprint="), "which is sealed for him alone")
    stream = packet.root.find(NAMESPACE + "stream")
    asked = [
        item for parcel in parcels(anna, ben) for other in parcel.packets if other.kind == "resend-request"
        for item in other.action.iter(NAMESPACE + "range")]
    check(
        any(item.get("stream") == stream.get("id") and int(item.get("first")) <= int(stream.get("sequence")) <= int(item.get("last"))
            for item in asked),
        "and he had asked for its number", [item.attrib for item in asked])


# The end --------------------------------------------------------------------------------------------------------


def words_are_for(anna: Account, reader: Account, other: Account, words: str) -> None:
    """By gpg and sqlite3: what is sealed for one is in the mailbox and the database of the other in no form."""
    def has(account: Account) -> bool:
        return any(holds(account, mail, words) for mail in mails(account, OWN_FOLDER, "FROM", anna.address))

    check(has(reader), f"{reader.name} got “{words}”")
    check(not has(other), f"and no parcel of {other.name}'s holds it")
    found = rows(other, f"SELECT count(*) AS number FROM packet WHERE instr(bytes, '{words}')")
    check(found == [{"number": 0}], "nor any packet in the database", found)


def feed_is(account: Account, posts: list[str], comments: list[str]) -> None:
    found = [row["text"] for row in rows(account, "SELECT text FROM feed WHERE kind <> 'comment'")]
    check(sorted(found) == sorted(posts), f"{account.name}'s feed has every post once", found)
    found = [row["text"] for row in rows(account, "SELECT text FROM feed WHERE kind = 'comment'")]
    check(sorted(found) == sorted(comments), "and every comment once", found)


def nothing_is_left_over(account: Account) -> None:
    states = rows(account, "SELECT state, count(*) AS number FROM outpacket WHERE state <> 'handed over' GROUP BY state")
    check(not states, f"{account.name} has nothing more to send", states)
    refused = rows(account, "SELECT gate, reason, sender FROM refusal")
    check(not refused, "nothing was refused", refused)
    notices = rows(account, "SELECT kind, said FROM notice")
    check(not notices, "there is nothing to be told", notices)
    check(rows(account, "PRAGMA integrity_check") == [{"integrity_check": "ok"}], "the database is whole")
    left = [mail.header("From") for mail in parcels_in_inbox(account)]
    check(not left, "no parcel lies in INBOX", left)


def log_keeps_secrets(account: Account) -> None:
    log = account.log.read_text(encoding="utf-8", errors="replace")
    check(account.password not in log, "the password stands nowhere in the log")
    check("Come by any time" not in log and "Welcome to the neighbourhood" not in log, "nor do anybody's words")
