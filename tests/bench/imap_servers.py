"""IMAP servers that are measured: each serves its own copy of the same mail,
to clients on a socket pair or a Unix socket."""
import fcntl
import getpass
import glob
import os
import shutil
import socket
import subprocess
import time

NOBODY = 65534  # who serves when we are root
AS = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY),
      "--clear-groups"] if os.getuid() == 0 else []
DOVECOT = "/usr/lib/dovecot/imap"
DAY = "%d-%b-%Y %H:%M:%S +0000"


def give(path):
    if AS:
        subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", path],
                       check=True)


class Refused(Exception):
    pass


class Session:
    """A client of one."""

    def __init__(self, sock, proc, greeting):
        self.s, self.p, self.n, self.tail = sock, proc, 0, b""
        self.octets, self.last = 0, b""
        self.plus = True  # LITERAL+
        sock.settimeout(600)
        self.until(greeting)

    def more(self):
        got = self.s.recv(1 << 18)
        if not got:
            raise SystemExit(f"a server left: {self.last} {self.tail[-200:]}")
        self.octets += len(got)
        self.tail = (self.tail + got)[-65536:]

    def until(self, begins):
        """Read on to the end of a last line that begins so."""
        self.octets = 0
        while not (self.tail.endswith(b"\r\n") and self.tail[:-2].rpartition(
                b"\r\n")[2].startswith(begins)):
            self.more()
        said, self.tail = self.tail, b""
        return said

    def cmd(self, text, literal=None):
        self.n += 1
        line = self.last = f"t{self.n} {text}".encode()
        begun = time.perf_counter()
        if literal is not None and self.plus:
            line += b" {%d+}\r\n" % len(literal) + literal
        elif literal is not None:
            self.s.sendall(line + b" {%d}\r\n" % len(literal))
            self.until(b"+ ")
            line = literal
        self.s.sendall(line + b"\r\n")
        said = self.until(b"t%d " % self.n)
        self.took = time.perf_counter() - begun
        if b"t%d OK" % self.n not in said[-2000:]:
            raise Refused(f"{text}: {said[-200:]}")
        return said

    def ms(self, text, literal=None):
        self.cmd(text, literal)
        return self.took * 1000

    def end(self):
        self.cmd("LOGOUT")
        self.drop(False)

    def drop(self, kill=True):
        self.s.close()
        if self.p is not None:
            if kill:
                self.p.kill()
            self.p.wait()


class Peer:
    """One that serves the Maildir of HOME on a pipe, with Maildirs of its own
    below DIR/NAME."""
    lacks = frozenset()  # rows it has not
    left = ()  # how rows begin that are left out
    index = "dovecot*", "mailroom-index*", "courierimapuiddb"

    def __init__(self, name, command, top):
        self.name, self.command = name, command
        self.top = os.path.join(top, name)

    def environment(self, home):
        return {"HOME": home, "USER": "bench",
                "PATH": "/usr/sbin:/usr/bin:/bin"}

    def home(self, what):
        return os.path.join(self.top, what)

    def folder(self, name):
        return name

    def leaves(self, row):
        return row.startswith(self.left)

    def forget(self, what="mail"):
        """Its index of INBOX."""
        for name in self.index:
            for path in glob.glob(f"{self.home(what)}/Maildir/{name}"):
                os.unlink(path)

    def fill(self, what, source, last):
        """With a copy of the mail, or, who comes last, with itself."""
        os.makedirs(self.home(what))
        (shutil.move if last else shutil.copytree)(
            source, os.path.join(self.home(what), "Maildir"))
        give(self.top)

    def open(self, what="mail", select=True):
        a, b = socket.socketpair()
        home = self.home(what)
        p = subprocess.Popen(AS + self.command.split(), stdin=b, stdout=b,
                             cwd=home, stderr=subprocess.DEVNULL,
                             env=self.environment(home))
        b.close()
        s = Session(a, p, b"* PREAUTH")
        if select:
            s.cmd("SELECT INBOX")
        return s

    def start(self):
        """What sessions need beside them."""

    def stop(self):
        pass


def dovecot(top):
    conf = os.path.join(top, "dovecot.conf")
    with open(conf, "w") as f:
        f.write(f"protocols = imap\nssl = no\nlog_path = /dev/null\n"
                f"base_dir = {top}/run\nstate_dir = {top}/run\n"
                f"mail_location = maildir:~/Maildir\nfirst_valid_uid = 1\n"
                f"mail_uid = {os.getuid() or NOBODY}\n"
                f"mail_gid = {os.getgid() or NOBODY}\n")
    return Peer("dovecot", f"{DOVECOT} -c {conf}", top)


def libraries(root):
    return {"LD_LIBRARY_PATH": ":".join(
        f"{root}/{d}" for d in ("usr/lib", "usr/lib/x86_64-linux-gnu",
                                "lib/x86_64-linux-gnu"))}


class Courier(Peer):
    """No LIST-STATUS, no MOVE; its IDLE wants a server (FAM) installed, and its
    APPEND syncs nothing to the disk."""
    lacks = {"MOVE 1000", "LIST-STATUS of 1000", "IDLE: delivery to EXISTS",
             "APPEND", "APPEND to INBOX"}

    def __init__(self, peers, top):
        self.root = os.path.join(peers, "courier")
        super().__init__("courier", f"{self.root}/usr/bin/imapd Maildir", top)

    def environment(self, home):
        return dict(super().environment(home), **libraries(self.root),
                    AUTHENTICATED="bench", IMAP_USELOCKS="0",
                    IMAP_CAPABILITY="IMAP4rev1 UIDPLUS SORT "
                    "THREAD=REFERENCES", IMAP_IDLE_TIMEOUT="60")

    def folder(self, name):
        return "INBOX." + name

    def open(self, what="mail", select=True):
        s = super().open(what, select)
        s.plus = False
        return s


class Cyrus(Peer):
    """Without its master: one imapd that serves one client after the other,
    filled by APPEND.  Its IDLE is of mail that it delivers itself."""
    lacks = {"IDLE: delivery to EXISTS", "first"}

    def __init__(self, peers, top):
        root = os.path.join(peers, "cyrus")
        bin_ = f"{root}/usr/lib/cyrus/bin"
        super().__init__("cyrus", f"{bin_}/imapd -C {top}/cyrus/conf "
                         "-U 1000000 -T 86400", top)
        self.conf, self.env = f"{top}/cyrus/conf", libraries(root)
        self.env["PATH"] = "/usr/sbin:/usr/bin:/bin"
        self.tools = f"{bin_}/ctl_cyrusdb", f"{root}/usr/sbin/saslpasswd2"
        self.users, self.proc = {}, None

    def prepare(self):
        d = self.top
        for sub in ("db", "socket", "proc", "log", "msg", "user", "quota",
                    "sieve", "../spool", "../run/proc", "../run/lock"):
            os.makedirs(os.path.normpath(f"{d}/lib/{sub}"), exist_ok=True)
        with open(self.conf, "w") as f:
            f.write(f"configdirectory: {d}/lib\nproc_path: {d}/run/proc\n"
                    f"mboxname_lockpath: {d}/run/lock\n"
                    f"defaultpartition: default\n"
                    f"partition-default: {d}/spool\nunixhierarchysep: yes\n"
                    f"altnamespace: yes\nservername: bench\n"
                    f"cyrus_user: {'nobody' if AS else getpass.getuser()}\n"
                    f"allowplaintext: yes\nsasl_pwcheck_method: auxprop\n"
                    f"sasl_auxprop_plugin: sasldb\nsasl_mech_list: PLAIN\n"
                    f"sasl_sasldb_path: {d}/sasldb2\nautocreate_quota: 0\n"
                    f"duplicatesuppression: no\nautocreate_post: yes\n"
                    f"delete_mode: immediate\n"
                    f"maxlogins_per_host: 0\n")
        give(d)
        subprocess.run(AS + [self.tools[0], "-C", self.conf, "-r"],
                       env=self.env, check=True, stderr=subprocess.DEVNULL)

    def start(self):
        """As its master starts it: descriptor 3 to tell it, 4 listens."""
        path = f"{self.top}/sock"
        if os.path.exists(path):
            os.unlink(path)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        os.chmod(path, 0o777)
        listener.listen(5)
        self.status = os.pipe()

        def place():
            up = [fcntl.fcntl(x, fcntl.F_DUPFD, 100)
                  for x in (self.status[1], listener.fileno())]
            for k, fd in enumerate(up):
                os.dup2(fd, 3 + k)

        self.proc = subprocess.Popen(
            AS + self.command.split(), preexec_fn=place, pass_fds=(3, 4),
            env=dict(self.env, CYRUS_SERVICE="imap", CYRUS_ID="1"),
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        listener.close()

    def stop(self):
        if self.proc is not None:
            self.proc.kill()
            self.proc.wait()

    def fill(self, what, source, last):
        if self.proc is None:
            self.prepare()
        subprocess.run([self.tools[1], "-f", f"{self.top}/sasldb2", "-p",
                        "-c", "-u", "bench", what], input=b"secret",
                       env=self.env, check=True)
        give(self.top)
        if self.proc is None:
            self.start()
        s = self.open(what)
        for path in sorted(glob.glob(f"{source}/.*/")):
            s.cmd("CREATE " + os.path.basename(path[:-1])[1:])
        names = sorted(os.listdir(f"{source}/cur"),
                       key=lambda n: float(n.split(".")[0]))
        for i in range(0, len(names), 500):
            self.append(s, [f"{source}/cur/{n}" for n in names[i:i + 500]])
        s.end()

    @staticmethod
    def append(s, paths):
        line = b""
        for path in paths:
            with open(path, "rb") as f:
                text = f.read().replace(b"\n", b"\r\n")
            flags = "(\\Seen)" if path.endswith("S") else "()"
            when = time.strftime(DAY, time.gmtime(os.stat(path).st_mtime))
            line += f' {flags} "{when}" {{{len(text)}+}}\r\n'.encode() + text
        s.s.sendall(b"a APPEND INBOX" + line + b"\r\n")
        s.until(b"a OK")

    def open(self, what="mail", select=True):
        a = socket.socket(socket.AF_UNIX)
        a.connect(f"{self.top}/sock")
        s = Session(a, None, b"* OK")
        s.cmd(f"LOGIN {what} secret")
        if select:
            s.cmd("SELECT INBOX")
        return s


class Logins:
    """Whole sessions over TCP with a password: ours under inetd, and Dovecot as
    it is started by default, with the same file of users.  As root only."""

    def __init__(self, build, top):
        self.dir = f"{top}/logins"
        self.instance = [f"{os.path.dirname(__file__)}/../instance"]
        shutil.rmtree(self.dir, ignore_errors=True)
        text = subprocess.run(
            self.instance + ["start", self.dir, "--form", "nowait", "--user",
                             "bench"], check=True, stdout=subprocess.PIPE,
            text=True, env=dict(os.environ, MAILROOM_BUILD=build)).stdout
        v = dict(line.split("=", 1) for line in text.splitlines())
        self.password = v["PASS1"]
        host, port = v["SMTP_HOST"], int(v["IMAP_PORT"])
        self.at = {"ours": (host, port), "dovecot": (host, port + 1)}
        d = f"{self.dir}/dovecot"
        os.makedirs(d)
        with open(f"{d}/conf", "w") as f:
            f.write(f"protocols = imap\nssl = no\nlog_path = {d}/log\n"
                    f"listen = {host}\nbase_dir = {d}/run\n"
                    f"state_dir = {d}/run\ndisable_plaintext_auth = no\n"
                    f"mail_location = maildir:~/Maildir2\n"
                    f"first_valid_uid = 1\n"
                    f"passdb {{\n  driver = passwd-file\n"
                    f"  args = {d}/users\n}}\n"
                    f"userdb {{\n  driver = passwd-file\n"
                    f"  args = {d}/users\n}}\n"
                    f"service imap-login {{\n  inet_listener imap {{\n"
                    f"    port = {port + 1}\n  }}\n"
                    f"  inet_listener imaps {{\n    port = 0\n  }}\n}}\n")
        shutil.copy(f"{v['CONFIG']}/users", f"{d}/users")
        os.chmod(f"{d}/users", 0o644)
        self.proc = subprocess.Popen(["dovecot", "-F", "-c", f"{d}/conf"],
                                     stdin=subprocess.DEVNULL)
        for name in self.at:
            for _ in range(200):
                try:
                    self.session(name)
                    break
                except OSError:
                    time.sleep(.1)

    def session(self, name):
        """From connect to the end of what it says, in ms."""
        begun = time.perf_counter()
        sock = socket.create_connection(self.at[name], 20)
        s = Session(sock, None, b"* OK")
        s.cmd(f"LOGIN bench {self.password}")
        s.cmd("LOGOUT")
        while sock.recv(4096):
            pass
        took = time.perf_counter() - begun
        sock.close()
        return took * 1000

    def stop(self):
        self.proc.terminate()
        self.proc.wait()
        subprocess.run(self.instance + ["stop", self.dir], check=True)
