"""A pseudo terminal that answers queries as one kind of terminal does, around a command; used by terminal.test.ts.

    terminal.py kitty|sixel|plain|mute COLUMNS COMMAND…      prints what the command wrote, exits as it does
"""

import fcntl
import os
import pty
import struct
import sys
import termios

ANSWERS = {
    "kitty": b"\x1b_Gi=31;OK\x1b\\\x1b[4;480;800t\x1b[?62;c",
    "sixel": b"\x1b[4;480;800t\x1b[?62;4;22c",
    "plain": b"\x1b[?1;2c",
    "mute": b"",
}
answer, columns, command = ANSWERS[sys.argv[1]], int(sys.argv[2]), sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
said = b""
while True:
    try:
        part = os.read(terminal, 1 << 16)
    except OSError:  # Linux, when the last of the command has closed it
        break
    if not part:
        break
    # All ask for the device attributes last.
    if b"\x1b[c" in said + part and b"\x1b[c" not in said:
        os.write(terminal, answer)
    said += part
sys.stdout.buffer.write(said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
