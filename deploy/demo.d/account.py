"""One account of the demo: an unprivileged user with a home, a mailbox, a key and a daemon."""

import json
import os
import pathlib
import re
import signal
import subprocess

from telling import Failed, Patience


class Account:
    """Everything about one of the three people."""

    def __init__(self, stage: pathlib.Path, provider: dict[str, str], short: str, name: str, uid: int, password: str):
        self.short, self.name, self.uid = short, name, uid
        self.address = f"{short}@{provider['DOMAIN']}"
        self.provider = provider
        self.password = password
        self.directory = stage / short
        self.home = self.directory / "home"
        self.gnupg = self.home / "gnupg"
        self.log = self.directory / "daemon.log"
        self.program = stage / "bin" / "socialnet"
        self.daemon: subprocess.Popen | None = None
        self.stopping = self.restarting = False
        self.fingerprint = ""

    # The person -------------------------------------------------------------------------------------------------

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.directory), "USER": self.short, "LOGNAME": self.short, "LANG": "C.UTF-8", "TZ": "UTC",
            "TERM": "xterm", "PATH": "/usr/local/bin:/usr/bin:/bin", "GNUPGHOME": str(self.gnupg),
        }

    @property
    def identity(self) -> dict:
        """For subprocess: become this user, which has no entry in the system's list of users and needs none."""
        return {"user": self.uid, "group": self.uid, "extra_groups": [], "env": self.environment, "cwd": self.directory}

    def make_home(self) -> None:
        self.directory.mkdir()
        os.chown(self.directory, self.uid, self.uid)
        self.directory.chmod(0o700)
        self.write("password", self.password + "\n")
        self.write("neomuttrc", self.neomutt_settings())

    def write(self, name: str, text: str, mode: int = 0o600) -> pathlib.Path:
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        os.chown(path, self.uid, self.uid)
        return path

    def neomutt_settings(self) -> str:
        host, imap, smtp = self.provider["HOST"], self.provider["IMAPS_PORT"], self.provider["SMTPS_PORT"]
        return f"""\
set folder="imaps://{self.short}@{host}:{imap}/" spoolfile="+INBOX" record="+Sent" postponed="+Drafts"
set imap_pass="{self.password}" smtp_pass="{self.password}" smtp_url="smtps://{self.short}@{host}:{smtp}"
set ssl_ca_certificates_file="{self.provider['CA_FILE']}" ssl_force_tls=yes
set from="{self.address}" realname="{self.name}" use_from=yes hostname="{self.provider['DOMAIN']}"
set crypt_use_gpgme=yes crypt_verify_sig=yes
set tmpdir="{self.directory}" sleep_time=0 beep=no mark_old=no confirmappend=no
mailboxes +INBOX +SocialNet +Sent
"""

    # The program ------------------------------------------------------------------------------------------------

    def attempt(self, *arguments: str, words: str | None = None) -> subprocess.CompletedProcess:
        """Runs a subcommand, whatever becomes of it."""
        return subprocess.run(
            [self.program, "--home", self.home, *arguments], **self.identity, input=words, text=True,
            stdin=None if words is not None else subprocess.DEVNULL, capture_output=True, timeout=max(120, Patience.seconds))

    def call(self, *arguments: str, words: str | None = None) -> str:
        """Runs a subcommand and returns what it printed."""
        done = self.attempt(*arguments, words=words)
        if done.returncode != 0:
            raise Failed(f"{self.short}: socialnet {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout.strip()

    def ask(self, *arguments: str) -> dict:
        """What the program says about itself. For waiting only: no check rests on it."""
        return json.loads(self.call(*arguments, "--json"))

    def set_up(self, digest: str, idle: bool) -> None:
        host, imap, smtp = self.provider["HOST"], self.provider["IMAPS_PORT"], self.provider["SMTPS_PORT"]
        self.call(
            "setup", self.address, "--name", self.name, "--imap", f"imaps://{self.short}@{host}:{imap}",
            "--smtp", f"smtps://{self.short}@{host}:{smtp}", "--password-file", str(self.directory / "password"),
            "--ca-file", self.provider["CA_FILE"], "--digest", digest, "--undo", "20s", "--non-interactive")
        self.configure("mail", poll="1s", idle="on" if idle else "off")

    def configure(self, section: str, **settings: str | int) -> None:
        """Changes config.toml as a user would, with an editor: the program itself never writes it again."""
        path = self.home / "config.toml"
        text = path.read_text(encoding="utf-8")
        for key in settings:
            text = re.sub(rf"^{key} *=.*\n", "", text, flags=re.MULTILINE)
        lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
        header = f"[{section}]\n"
        if re.search(rf"^{re.escape(header)}", text, flags=re.MULTILINE):
            text = re.sub(rf"^{re.escape(header)}", header + lines, text, flags=re.MULTILINE)
        else:
            text += f"\n{header}{lines}"
        path.write_text(text, encoding="utf-8")

    def start(self, errors=None) -> subprocess.Popen:
        """Starts the daemon; its log goes to daemon.log unless `errors` says otherwise."""
        with open(self.log, "ab") as log:
            self.daemon = subprocess.Popen(
                [self.program, "--home", self.home, "--verbose", "run"], **self.identity, stdin=subprocess.DEVNULL,
                stdout=log, stderr=errors or log, start_new_session=True)
        (self.directory / "daemon.pid").write_text(f"{self.daemon.pid}\n")
        return self.daemon

    def stop(self, patience: float = 20) -> int:
        """Asks the daemon to stop and returns its exit code."""
        self.stopping = True
        if self.daemon is None:
            return 0
        if self.daemon.poll() is None:
            self.daemon.send_signal(signal.SIGTERM)
        try:
            code = self.daemon.wait(patience)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            code = self.daemon.wait()
        self.daemon = None
        (self.directory / "daemon.pid").unlink(missing_ok=True)
        return code

    def check_alive(self) -> None:
        if self.daemon is not None and self.daemon.poll() is not None:
            raise Failed(f"{self.short}'s daemon ended with {self.daemon.returncode}: see {self.log}")


def last_words(account: Account, lines: int = 15) -> str:
    """The end of a daemon's log, for whoever looks into a failure."""
    if not account.log.exists():
        return ""
    text = account.log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(f"  {account.short}: {line}" for line in text[-lines:])
