"""A mail program: answers letters of the bridge, sends the answer, and files a copy in Sent."""

import email.message
import email.policy
import email.utils
import smtplib
import ssl

from cast import Person
from witness import Mail, Mailbox


def compose(person: Person, letter: Mail | None, lines: list[str], word: str) -> bytes:
    """An answer as most programs write it: the user's words above, and the letter quoted below. Without a letter, a mail to
    oneself that asks to be posted."""
    mail = email.message.EmailMessage(policy=email.policy.SMTP)
    mail["From"] = f"{person.name} <{person.address}>"
    mail["Date"] = email.utils.localtime()
    mail["Message-ID"] = f"<{word}@example.test>"
    if letter is None:
        mail["To"], mail["Subject"] = person.address, "post"
        mail.set_content("\n".join(lines) + "\n")
        return mail.as_bytes()
    mail["To"] = letter.header("Reply-To")
    mail["Subject"] = "Re: " + letter.header("Subject").removeprefix("Re: ")
    mail["In-Reply-To"] = mail["References"] = letter.header("Message-ID")
    quoted = "".join(f"> {line}\n" for line in letter.text().splitlines())
    mail.set_content("\n\n".join(lines) + f"\n\nOn {letter.header('Date')}, SocialNet wrote:\n{quoted}")
    return mail.as_bytes()


def send(person: Person, raw: bytes) -> None:
    """Hands it to the provider and files a copy, as a mail program does."""
    env = person.provider
    trust = ssl.create_default_context(cafile=env["CA_FILE"])
    with smtplib.SMTP_SSL(env["HOST"], int(env["SMTPS_PORT"]), context=trust) as server:
        server.login(person.short, person.password)
        server.sendmail(person.address, [person.address], raw)
    with Mailbox(person) as mailbox:
        mailbox.append("Sent", "(\\Seen)", raw)


def all_mails(person: Person) -> list[Mail]:
    """Every mail of the account, in few round trips: folder by folder, some hundreds at once."""
    found = []
    with Mailbox(person) as mailbox:
        server = mailbox.server
        for folder in mailbox.folders():
            if server.select(f'"{folder}"', readonly=True)[0] != "OK":
                continue
            uids = server.uid("SEARCH", "ALL")[1][0].split()
            for start in range(0, len(uids), 200):
                some = b",".join(uids[start : start + 200]).decode()
                _, parts = server.uid("FETCH", some, "(UID BODY.PEEK[])")
                found += [
                    Mail(folder, part[0].split(b"UID ")[1].split()[0].decode(), (), part[1])
                    for part in parts if isinstance(part, tuple)
                ]
    return found
