"""An Ethernet switch in user space with delay, jitter, loss, cuts and slow lines: what netem does, for kernels without
it. Usage: tap-switch.py SEED TAP TAP…. Makes the TAP devices and says `ready`; then every line on stdin, such as
{"from": 0, "to": 1, "delay": 0.05, "jitter": 0.01, "loss": 0.1, "cut": false, "rate": 1000000}, changes the ways from
one port to another (without `to`: to all; without `from`: from all) and is answered with the number of frames lost so
far. Delay and jitter are in seconds, loss is a share of the frames; rate is in bits per second, for the line of the
port `from` in each direction, and 0 for no bound. Ends with its stdin."""
import fcntl, heapq, json, os, random, select, signal, struct, sys, time

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 2, 0x1000
FRAME_BYTES = 2048  # an Ethernet frame is at most 1514 long
FRAMES_PER_TURN = 64  # then the other ports have their turn
QUEUE_SECONDS = 0.5  # what waits longer for a slow line is dropped, as by a router at home

signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started it, and ends its stdin
random.seed(int(sys.argv[1]))
taps = []
for name in sys.argv[2:]:
    tap = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH', name.encode(), IFF_TAP | IFF_NO_PI))
    taps.append(tap)
print('ready', flush=True)

ports = range(len(taps))
ways = [[dict(delay=0, jitter=0, loss=0, cut=False) for _ in ports] for _ in ports]
rates = [0 for _ in ports]
busy_up = [0.0 for _ in ports]  # until when the line of a port is busy
busy_down = [0.0 for _ in ports]
last = {}  # when the latest frame of a way is due: jitter does not reorder
home = {}  # MAC address → port
late = []  # (due, number, port, frame); the number keeps the order
number = 0
lost = 0


def write(port, frame):
    try:
        os.write(taps[port], frame)
    except OSError:
        pass  # the interface is down, or full: lost like any other


def through(line, port, bits, at):
    """When a frame that comes at `at` has passed the line; None when it has to wait too long."""
    if rates[port] == 0:
        return at
    start = max(at, line[port])
    if start - at > QUEUE_SECONDS:
        return None
    line[port] = start + bits / rates[port]
    return line[port]


def carry(a, b, frame, now):
    global number, lost
    way = ways[a][b]
    if way['cut'] or random.random() < way['loss']:
        lost += 1
        return
    due = through(busy_up, a, 8 * len(frame), now)
    if due is not None:
        due += way['delay'] + random.uniform(-1, 1) * way['jitter']
        due = through(busy_down, b, 8 * len(frame), max(due, last.get((a, b), 0)))
    if due is None:
        lost += 1
        return
    if due <= now:
        write(b, frame)
        return
    last[(a, b)] = due
    number += 1
    heapq.heappush(late, (due, number, b, frame))


def deliver(a, frame, now):
    to, sender = frame[:6], frame[6:12]
    home[sender] = a
    if to[0] & 1 or to not in home:
        for b in ports:
            if b != a:
                carry(a, b, frame, now)
    elif home[to] != a:
        carry(a, home[to], frame, now)


def change(line):
    wish = json.loads(line)
    sources = [wish['from']] if 'from' in wish else ports
    targets = [wish['to']] if 'to' in wish else ports
    for a in sources:
        rates[a] = wish.get('rate', rates[a])
        for b in targets:
            ways[a][b].update((key, wish[key]) for key in ways[a][b].keys() & wish.keys())


text = b''
while True:
    wait = max(0, late[0][0] - time.monotonic()) if late else None
    ready, _, _ = select.select(taps + [0], [], [], wait)
    now = time.monotonic()
    while late and late[0][0] <= now:
        _, _, port, frame = heapq.heappop(late)
        write(port, frame)
    for port, tap in enumerate(taps):
        if tap not in ready:
            continue
        for _ in range(FRAMES_PER_TURN):
            try:
                deliver(port, os.read(tap, FRAME_BYTES), now)
            except OSError:
                break
    if 0 in ready:
        data = os.read(0, 65536)
        if not data:
            sys.exit(0)
        *lines, text = (text + data).split(b'\n')
        for line in lines:
            change(line)
            print(lost, flush=True)
