"""Stands between a client and a server, and spoils what the server says.

usage: proxy.py PORT WORD REPLACEMENT     prints its own port
"""
import socket
import sys
import threading

server_port, word, replacement = int(sys.argv[1]), sys.argv[2].encode(), sys.argv[3].encode()


def pump(source, sink, spoil):
    try:
        while data := source.recv(65536):
            sink.sendall(data.replace(word, replacement) if spoil else data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    client, _ = listener.accept()
    server = socket.create_connection(("127.0.0.1", server_port))
    threading.Thread(target=pump, args=(client, server, False), daemon=True).start()
    threading.Thread(target=pump, args=(server, client, True), daemon=True).start()
