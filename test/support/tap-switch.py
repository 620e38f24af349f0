"""An Ethernet switch of two ports in user space, with delay, loss and cuts in each direction: what netem does, for
kernels without it. Usage: tap-switch.py SEED TAP TAP. Makes the two TAP devices and says `ready`; then every line on
stdin, such as {"from": 0, "delay": 0.05, "loss": 0.1, "cut": false}, changes the direction that begins at one port
(delay in seconds, loss as a share of the frames) and is answered with the number of frames lost so far. Ends with
its stdin."""
import fcntl, heapq, json, os, random, select, struct, sys, time

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 2, 0x1000
FRAME_BYTES = 2048  # an Ethernet frame is at most 1514 long
FRAMES_PER_TURN = 64  # then the other port has its turn

random.seed(int(sys.argv[1]))
taps = []
for name in sys.argv[2:]:
    tap = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH', name.encode(), IFF_TAP | IFF_NO_PI))
    taps.append(tap)
print('ready', flush=True)

ways = [dict(delay=0, loss=0, cut=False) for _ in taps]
late = []  # (due, number, port, frame); the number keeps the order
number = 0
lost = 0


def write(port, frame):
    try:
        os.write(taps[port], frame)
    except OSError:
        pass  # the interface is down, or full: lost like any other


def carry(port, frame):
    global number, lost
    way = ways[port]
    if way['cut'] or random.random() < way['loss']:
        lost += 1
        return
    if way['delay'] == 0:
        write(1 - port, frame)
        return
    number += 1
    heapq.heappush(late, (time.monotonic() + way['delay'], number, 1 - port, frame))


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
                carry(port, os.read(tap, FRAME_BYTES))
            except OSError:
                break
    if 0 in ready:
        data = os.read(0, 65536)
        if not data:
            sys.exit(0)
        *lines, text = (text + data).split(b'\n')
        for line in lines:
            change = json.loads(line)
            ways[change.pop('from')].update(change)
            print(lost, flush=True)
