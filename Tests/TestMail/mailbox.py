"""A mailbox seen from outside the program under test: imaplib and nothing of ours.

usage: mailbox.py PORT USER PASSWORD COMMAND [ARGUMENT...]
  append FOLDER [FLAG...]   adds the messages on standard input, parted by lines of '%%%'
  private FOLDER COUNT      adds private mail of many shapes
  mails FOLDER              one line a message: JSON with uid, flags, headers (lower case), plain text, and the whole in base64
  snapshot FOLDER...        one line a message: UID, flags, date, SHA-256
  delete FOLDER UID
  empty FOLDER SUBJECT      deletes what has this subject
  fill FOLDER               private mail until the mailbox has no room for the smallest
  age FOLDER UID DAYS       puts all up to a UID there anew, as if they had arrived so many days earlier
  remove FOLDER             with all below it
  rename FOLDER FOLDER
  restage                   empties INBOX, Junk, SocialNet and what lies below it, and adds the messages on standard input to INBOX,
                            of which it says what `snapshot` would
  search FOLDER KEY...      UIDs
  folders                   one line a folder, with its attributes
  subscribed                one line a subscribed folder
"""
import base64
import email
import email.policy
import hashlib
import imaplib
import json
import random
import re
import sys
import time

imaplib._MAXLINE = 100_000_000
port, user, password, command, *arguments = sys.argv[1:]
box = imaplib.IMAP4("127.0.0.1", int(port))
box.login(user, password)


def check(answer):
    assert answer[0] == "OK", answer
    return answer[1]


def quote(name):
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def snapshot(folder):
    check(box.select(quote(folder), readonly=True))
    for item in check(box.uid("FETCH", "1:*", "(UID FLAGS INTERNALDATE BODY.PEEK[])")):
        if isinstance(item, tuple):
            head = item[0].decode()
            flags = re.search(r"FLAGS \(([^)]*)\)", head).group(1)
            flags = " ".join(sorted(f for f in flags.split() if f != "\\Recent"))
            date = re.search(r'INTERNALDATE "([^"]*)"', head).group(1)
            uid = re.search(r"UID (\d+)", head).group(1)
            print(uid, "(" + flags + ")", date, hashlib.sha256(item[1]).hexdigest())


def append_all(folder, messages, flags="", date=None):
    """MULTIAPPEND by hand, because one round trip for each takes too long for thousands."""
    for start in range(0, len(messages), 500):
        line = b"x APPEND " + quote(folder).encode()
        for flag, message in messages[start:start + 500]:
            box.send(line + b" (" + flag.encode() + b") {%d+}\r\n" % len(message))
            box.send(message)
            line = b""
        box.send(b"\r\n")
        while True:
            answer = box.readline()
            if answer.startswith(b"x "):
                assert answer.startswith(b"x OK"), answer
                break


def private_mail(number, own):
    """Private mail of every shape that might be mistaken for something else."""
    chance = random.Random(number)
    words = " ".join(chance.choice(["sea", "bread", "SocialNet-Parcel: 1", "letter", "night"]) for _ in range(chance.randrange(5, 400)))
    head = [
        f"From: Someone {number} <someone{number}@elsewhere.example>",
        f"To: {own}",
        f"Message-ID: <private-{number}@elsewhere.example>",
        "Date: Sat, 21 Nov 2026 10:00:00 +0000",
    ]
    body = words
    shape = number % 20
    if shape == 1:
        head.append("References: <nobody@elsewhere.example> <other@elsewhere.example>")
        head.append("In-Reply-To: <nobody@elsewhere.example>")
    elif shape == 2:
        head.append('Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b')
        body = "--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\n\r\nsecret\r\n--b--"
    elif shape == 3:
        head.append("Subject: SocialNet-Parcel: 1")
    elif shape == 4:
        head[0] = f'From: "{own}" <impostor{number}@elsewhere.example>'
    elif shape == 5:
        head.append('Content-Type: multipart/report; report-type=delivery-status; boundary=b')
        body = ("--b\r\n\r\nfailed\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nStatus: 5.1.1\r\n"
                "--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: " + own +
                f"\r\nMessage-ID: <mine-{number}@other.example>\r\nSubject: private\r\n\r\nmy private words\r\n--b--")
    elif shape == 6:
        head.append('Content-Type: multipart/report; report-type=disposition-notification; boundary=b')
        body = "--b\r\n\r\nread\r\n--b--"
    elif shape == 7:
        head = ["Subject: no sender at all"]
    elif shape == 8:
        head = []
    elif shape == 9:
        head.append("X-Long: " + "x" * 3000)
    elif shape == 10:
        head.append("Subject: =?utf-8?q?gr=C3=BC=C3=9Fe?=")
        body = "\u00fcml\u00e4ut " * 50
    elif shape == 11:
        head.append("X-SocialNet-Parcel: 1")
    elif shape == 12:
        head[0] = f"From: {own}, impostor@elsewhere.example"
    elif shape == 13:
        head[1] = "To: list@elsewhere.example"
        head.append("List-Id: <list.elsewhere.example>")
    elif shape == 14:
        body = "\r\nSocialNet-Parcel: 1\r\n" + words
    elif shape == 15:
        body = words + "\r\n." + "\r\n..\r\n" + ")" * 40 + "\r\ns3 OK done\r\n* 1 FETCH (UID 1)\r\n"
    elif shape == 16:
        body = ""
    elif shape == 17:
        body = "line without end " * 600
    elif shape == 18:
        head[0] = f"From: other-{own}"
    return ("\r\n".join(head + ["", body]) + "\r\n").encode()


if command == "append":
    folder, *flags = arguments
    messages = [("", m) for m in sys.stdin.buffer.read().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n").split(b"%%%\r\n")]
    append_all(folder, [(" ".join(flags), m) for _, m in messages])
elif command == "private":
    folder, count = arguments[0], int(arguments[1])
    flags = ["", "\\Seen", "\\Flagged", "\\Answered \\Seen", "\\Draft", "$Label1", "\\Deleted"]
    append_all(folder, [(flags[n % 7], private_mail(n, user)) for n in range(count)])
elif command == "mails":
    check(box.select(quote(arguments[0]), readonly=True))
    found = check(box.uid("FETCH", "1:*", "(UID FLAGS BODY.PEEK[])"))
    for head, body in (item for item in found if isinstance(item, tuple)):
        mail = email.message_from_bytes(body, policy=email.policy.SMTP)
        part = mail.get_body(("plain",))
        print(json.dumps({
            "uid": int(re.search(rb"UID (\d+)", head).group(1)),
            "flags": sorted(set(re.search(rb"FLAGS \(([^)]*)\)", head).group(1).decode().split()) - {"\\Recent"}),
            "headers": {name.lower(): str(value) for name, value in mail.items()},
            "text": part.get_content().replace("\r\n", "\n") if part else "",
            "whole": base64.b64encode(body).decode(),
        }))
elif command == "snapshot":
    for folder in arguments:
        snapshot(folder)
elif command == "delete":
    check(box.select(quote(arguments[0])))
    check(box.uid("STORE", arguments[1], "+FLAGS.SILENT", "(\\Deleted)"))
    check(box.uid("EXPUNGE", arguments[1]))
elif command == "fill":
    for size in (20_000, 2_000, 200):
        while box.append(quote(arguments[0]), "", None, b"Subject: big\r\n\r\n" + b"x" * size)[0] == "OK":
            pass
elif command == "empty":
    check(box.select(quote(arguments[0])))
    found = b",".join(check(box.uid("SEARCH", "SUBJECT", arguments[1]))[0].split())
    check(box.uid("STORE", found, "+FLAGS.SILENT", "(\\Deleted)"))
    check(box.uid("EXPUNGE", found))
elif command == "age":
    check(box.select(quote(arguments[0])))
    found = check(box.uid("FETCH", f"1:{arguments[1]}", "(UID FLAGS INTERNALDATE BODY.PEEK[])"))
    for head, body in (item for item in found if isinstance(item, tuple)):
        arrived = time.mktime(imaplib.Internaldate2tuple(head)) - int(arguments[2]) * 86400
        flags = " ".join(f for f in re.search(rb"FLAGS \(([^)]*)\)", head).group(1).decode().split() if f != "\\Recent")
        check(box.append(quote(arguments[0]), f"({flags})", imaplib.Time2Internaldate(arrived), body))
    check(box.uid("STORE", f"1:{arguments[1]}", "+FLAGS.SILENT", "(\\Deleted)"))
    check(box.uid("EXPUNGE", f"1:{arguments[1]}"))
elif command == "remove":
    for line in check(box.list('""', quote(arguments[0] + "*"))):
        check(box.delete(line.split(b' "/" ')[-1].decode()))
elif command == "rename":
    check(box.rename(quote(arguments[0]), quote(arguments[1])))
elif command == "restage":
    for folder in ("INBOX", "Junk", "SocialNet", "SocialNet/Refused"):
        if box.select(quote(folder))[0] == "OK":
            check(box.store("1:*", "+FLAGS.SILENT", "(\\Deleted)") if int(box.untagged_responses["EXISTS"][-1]) else ("OK", []))
            check(box.expunge())
    append_all("INBOX", [("", mail.replace("\n", "\r\n").encode()) for mail in sys.stdin.read().split("%%%\n")])
    snapshot("INBOX")
elif command == "search":
    check(box.select(quote(arguments[0]), readonly=True))
    print(check(box.uid("SEARCH", *arguments[1:]))[0].decode())
elif command in ("folders", "subscribed"):
    for line in check(box.list() if command == "folders" else box.lsub()):
        print(line.decode())
box.logout()
