"""Stands between a program and its mail server, and plays the tricks that servers, and the lines to them, have been seen to play.

usage: proxy.py imap|smtp PORT

Prints its own port. Then takes one JSON value a line, and answers each with one:
  {"set": {"rules": [...], "slow": false, "cut": ["client" or "server", N]}}
                      from now on this holds, and all counts begin anew; `cut` ends the conversation once, as the N-th byte that goes
                      to the client (or to the server) is due; `slow` sends each byte alone
  {"count": PATTERN}  how many commands matched since then
  {"get": "connections" or "client" or "server"}   how many connections were made, how many bytes went there

A rule is
  {"on": "command" or "reply" or "data" or "connect", "match": PATTERN, "skip": 0, "times": 1, ...}
where the first `skip` matches pass, and the `times` that follow (-1: all) are treated. A command is a line of the client's without its
tag, and "." is the end of a mail by SMTP; a reply is one response of the server's with its literals; data is a mail by SMTP.
  "run": ARGUMENTS      first a program runs to its end
  "answer": TEXT        the server does not hear it; the client hears this in its place (%s is the tag)
  "replace": [PATTERN, TEXT]
  "before"/"after": TEXT   goes to the client before or behind it
  "bare": true          line ends lose their CR, also in literals, whose length is told anew
  "announce": N         the first literal is said to have N bytes
  "then": "cut" or "stall" or "cut after reply"   ends the conversation, or says nothing more; or ends it when the server has answered
  "drop": true          it goes no further
"""
import json
import re
import socket
import subprocess
import sys
import threading
import time

kind, server_port = sys.argv[1], int(sys.argv[2])
lock = threading.Lock()
counts = {}


class Plan:
    def __init__(self, given):
        self.rules = [dict(rule, seen=0) for rule in given.get("rules", [])]
        self.slow = given.get("slow", False)
        self.cut = given.get("cut")
        self.commands = []
        self.numbers = {"connections": 0, "client": 0, "server": 0}

    def find(self, on, text):
        """The rule that treats this, if one does."""
        with lock:
            for rule in self.rules:
                if rule["on"] != on or not re.search(rule.get("match", "").encode("latin-1"), text, re.I | re.S):
                    continue
                rule["seen"] += 1
                number = rule["seen"] - rule.get("skip", 0)
                if number > 0 and (rule.get("times", 1) < 0 or number <= rule.get("times", 1)):
                    return rule
        return None


plan = Plan({})


class Gone(Exception):
    pass


class Conversation:
    def __init__(self, client):
        self.client = client
        self.server = socket.create_connection(("127.0.0.1", server_port))
        for end in (self.client, self.server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.writing = threading.Lock()
        self.stalled = False
        self.cut_after_reply = False
        self.in_mail = False

    def start(self):
        for work in (self.hear_client, self.hear_server):
            threading.Thread(target=self.guard, args=(work,), daemon=True).start()

    def guard(self, work):
        try:
            work()
        except (OSError, Gone):
            pass
        if not self.stalled:
            self.close()

    def close(self):
        for end in (self.client, self.server):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def send(self, to, data):
        """To the `client` or the `server`, as the plan lets it."""
        if self.stalled:
            raise Gone
        with self.writing, lock:
            before = plan.numbers[to]
            plan.numbers[to] += len(data)
            if plan.cut and plan.cut[0] == to and before + len(data) >= plan.cut[1]:
                data, plan.cut = data[:max(0, plan.cut[1] - before)], None
                ends = True
            else:
                ends = False
        end = self.client if to == "client" else self.server
        for piece in ([data[i:i + 1] for i in range(len(data))] if plan.slow else [data]):
            end.sendall(piece)
        if ends:
            # Whoever is on the way with something has said it to nobody.
            self.close()
            raise Gone

    def treat(self, rule, data, to):
        """What becomes of something that a rule is for."""
        if "run" in rule:
            subprocess.run(rule["run"], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        if "before" in rule:
            self.send("client", rule["before"].encode("latin-1"))
        if "replace" in rule:
            pattern, text = rule["replace"]
            data = re.sub(pattern.encode("latin-1"), text.encode("latin-1"), data, flags=re.I | re.S)
        if "announce" in rule:
            data = re.sub(rb"\{\d+\}\r\n", b"{%d}\r\n" % rule["announce"], data, count=1)
        if rule.get("bare"):
            data = bare(data)
        if rule.get("then") == "cut after reply":
            self.cut_after_reply = True
        elif "then" in rule and "answer" not in rule:
            # Before a silence the server is told nothing, or it might answer before it begins.
            if not rule.get("drop") and rule["then"] != "stall":
                self.send(to, data)
            self.end(rule["then"])
        if not rule.get("drop"):
            self.send(to, data)
        if "after" in rule:
            self.send("client", rule["after"].encode("latin-1"))

    def end(self, how):
        if how == "stall":
            self.stalled = True
            while self.client.recv(65536):
                pass
            self.stalled = False
        raise Gone

    # What the client says ------------------------------------------------------------------------------------------

    def hear_client(self):
        source = self.client.makefile("rb")
        while line := source.readline():
            # A command with its literals, of which those that wait for a `+` are answered here if it is not to go on.
            command, rule = line, None
            text = line.rstrip(b"\r\n")
            if kind == "imap":
                tag, _, text = text.partition(b" ")
                if text:
                    plan.commands.append(text)
                    rule = plan.find("command", text)
                if rule and "answer" in rule:
                    while size := re.search(rb"\{(\d+)\+\}\r?\n$", command):
                        command = source.read(int(size[1])) + source.readline()
                    self.answer(rule, tag)
                    continue
                while size := re.search(rb"\{(\d+)(\+?)\}\r?\n$", line):
                    if not size[2]:
                        self.send("server", command)
                        command = b""
                    command += source.read(int(size[1]))
                    line = source.readline()
                    command += line
                self.pass_on("command", rule, command)
            elif self.in_mail:
                mail = bytearray(line)
                while not (mail == b".\r\n" or mail.endswith(b"\r\n.\r\n")):
                    if not (line := source.readline()):
                        # Half a mail is passed on too, so that the server knows as much as the line has carried.
                        self.send("server", bytes(mail))
                        return
                    mail += line
                self.in_mail = False
                plan.commands.append(b".")
                mail = bytes(mail[:-3])
                self.pass_on("data", plan.find("data", mail), mail)
                rule = plan.find("command", b".")
                if rule and "answer" in rule:
                    self.answer(rule, b"")
                else:
                    self.pass_on("command", rule, b".\r\n")
            else:
                plan.commands.append(text)
                rule = plan.find("command", text)
                if rule and "answer" in rule:
                    self.answer(rule, b"")
                else:
                    self.pass_on("command", rule, command)

    def answer(self, rule, tag):
        if "run" in rule:
            subprocess.run(rule["run"], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.send("client", rule["answer"].encode("latin-1").replace(b"%s", tag) + b"\r\n")
        if "then" in rule:
            self.end(rule["then"])

    def pass_on(self, on, rule, data):
        if rule:
            self.treat(rule, data, "server")
        else:
            self.send("server", data)

    # What the server says ------------------------------------------------------------------------------------------

    def hear_server(self):
        source = self.server.makefile("rb")
        while line := source.readline():
            reply = line
            while kind == "imap" and (size := re.search(rb"\{(\d+)\}\r?\n$", line)):
                line = source.read(int(size[1]))
                reply += line
                line = source.readline()
                reply += line
            if self.cut_after_reply:
                raise Gone
            if kind == "smtp" and reply.startswith(b"354"):
                self.in_mail = True
            rule = plan.find("reply", reply)
            if rule:
                self.treat(rule, reply, "client")
            else:
                self.send("client", reply)


def bare(data):
    out, rest = b"", data
    while size := re.search(rb"\{(\d+)\}\r\n", rest):
        start, end = size.end(), size.end() + int(size[1])
        literal = rest[start:end].replace(b"\r\n", b"\n")
        out += rest[:size.start()].replace(b"\r\n", b"\n") + b"{%d}\n" % len(literal) + literal
        rest = rest[end:]
    return out + rest.replace(b"\r\n", b"\n")


def listen(listener):
    while True:
        client, _ = listener.accept()
        plan.numbers["connections"] += 1
        rule = plan.find("connect", b"")
        try:
            if rule:
                if "answer" in rule:
                    client.sendall(rule["answer"].encode("latin-1") + b"\r\n")
                client.close()
                continue
            Conversation(client).start()
        except OSError:
            client.close()


listener = socket.create_server(("127.0.0.1", 0), backlog=64)
print(listener.getsockname()[1], flush=True)
threading.Thread(target=listen, args=(listener,), daemon=True).start()
for question in sys.stdin:
    question = json.loads(question)
    if "set" in question:
        plan = Plan(question["set"])
        answer = True
    elif "count" in question:
        pattern = re.compile(question["count"].encode("latin-1"), re.I)
        answer = sum(1 for command in list(plan.commands) if pattern.search(command))
    else:
        answer = plan.numbers[question["get"]]
    print(json.dumps(answer), flush=True)
