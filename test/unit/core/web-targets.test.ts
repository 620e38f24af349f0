/** Which URLs and addresses a push notification may go to, in every spelling that an attacker may try. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createWebTargets, isWebAllowance } from '../../../core/web-targets.ts'

const strict = createWebTargets()

function literal(host: string): string | undefined {
  return strict.refusal(new URL(`https://${host}/hook`))
}

function resolved(address: string): string | undefined {
  return strict.addressRefusal(new URL('https://hooks.example.org/'), address)
}

const PUBLIC = [
  '1.1.1.1',
  '8.8.8.8',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2a00:1450:4001:81b::200e',
  '2001:200::1',
  '3ffe::1'
]

const FORBIDDEN = {
  unspecified: ['0.0.0.0', '0.255.255.255', '::'],
  loopback: ['127.0.0.1', '127.255.255.254', '::1'],
  private: ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fdff::1'],
  'link-local': ['169.254.0.1', 'fe80::1', 'febf::1', 'fec0::1'],
  'cloud metadata': ['169.254.169.254', 'fd00:ec2::254', '100.100.100.200', '168.63.129.16'],
  'carrier-grade NAT': ['100.64.0.1', '100.127.255.255'],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1', 'ff0e::1'],
  reserved: ['240.0.0.1', '255.255.255.255', '192.0.0.1', '4000::1', 'e000::1'],
  documentation: ['192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1'],
  benchmarks: ['198.18.0.1', '198.19.255.255', '2001:2::1'],
  'IPv4 in IPv6': [
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::ffff:a00:1',
    '::127.0.0.1',
    '64:ff9b::a00:1',
    '64:ff9b::8.8.8.8',
    '64:ff9b:1::a00:1',
    '2002:a00:1::1',
    '2001:0:4136:e378:8000:63bf:f5ff:fffe'
  ]
} as const

describe('addresses', () => {
  test.for(PUBLIC)('%s is public', (address) => {
    expect(resolved(address)).toBeUndefined()
    expect(literal(address.includes(':') ? `[${address}]` : address)).toBeUndefined()
  })

  test.for(
    Object.entries(FORBIDDEN).flatMap(([kind, all]) => all.map((one) => [kind, one] as const))
  )('%s: %s is refused, written in the URL or told by a name server', ([, address]) => {
    expect(resolved(address)).toBe('its address is not public')
    const host = address.includes(':') ? `[${address}]` : address
    expect(literal(host)).toBe('its address is not public')
  })

  test.for(['', 'localhost', 'fe80::1%eth0', '2606:4700::1%1', '1.1.1', '0x7f.0.0.1'])(
    'what is no plain address is refused: "%s"',
    (address) => {
      expect(resolved(address)).toBe('its address is not public')
    }
  )
})

/** 32 bits of a private network, in one of the spellings that URLs take for IPv4. */
const privateNumber = fc.oneof(
  fc.nat(0xffffff).map((rest) => 0x0a000000 + rest),
  fc.nat(0xffffff).map((rest) => 0x7f000000 + rest),
  fc.nat(0xffff).map((rest) => 0xc0a80000 + rest),
  fc.nat(0xffff).map((rest) => 0xa9fe0000 + rest),
  fc.nat(0xfffff).map((rest) => 0xac100000 + rest),
  fc.nat(0x3fffff).map((rest) => 0x64400000 + rest),
  fc.nat(0xffffff),
  fc.nat(0x1fffffff).map((rest) => 0xe0000000 + rest)
)
const radix = fc.constantFrom<(value: number) => string>(
  (value) => String(value),
  (value) => `0x${value.toString(16)}`,
  (value) => `0X${value.toString(16).toUpperCase()}`,
  (value) => `0${value.toString(8)}`,
  (value) => `000${value.toString(8)}`
)
const WIDE = '０１２３４５６７８９'

const spelling = fc
  .tuple(
    privateNumber,
    fc.array(radix, { minLength: 4, maxLength: 4 }),
    fc.integer({ min: 1, max: 4 })
  )
  .chain(([value, [a, b, c, d], count]) => {
    const bytes = [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255] as const
    const heads = bytes.slice(0, count - 1).map((byte, index) => [a, b, c][index]?.(byte) ?? '')
    const rest = value % 2 ** (8 * (5 - count))
    const text = [...heads, d?.(rest) ?? ''].join('.')
    return fc.constantFrom(
      text,
      `${text}.`,
      text.replaceAll(/\d/g, (digit) => WIDE[Number(digit)] ?? digit),
      text.replaceAll('.', '。'),
      text.replace(/\d/, (digit) => `%3${digit}`)
    )
  })

test('no private IPv4 address gets through in any textual form', () => {
  fc.assert(
    fc.property(spelling, fc.constantFrom('http', 'https'), (host, scheme) => {
      const url = new URL(`${scheme}://${host}:8080/hook?x=1#y`)
      expect(strict.refusal(url)).toBe('its address is not public')
    }),
    { numRuns: 2000 }
  )
})

test('no IPv6 address outside of what is given out gets through in any textual form', () => {
  const group = fc.nat(0xffff)
  const address = fc
    .tuple(fc.nat(0xffff), fc.array(group, { minLength: 7, maxLength: 7 }), fc.boolean())
    .filter(([first]) => first >>> 13 !== 1)
    .map(([first, rest, wide]) =>
      [first, ...rest].map((part) => part.toString(16).padStart(wide ? 4 : 1, '0')).join(':')
    )
  const mapped = privateNumber.chain((value) => {
    const high = (value >>> 16).toString(16)
    const low = (value & 0xffff).toString(16)
    return fc.constantFrom(
      `::ffff:${high}:${low}`,
      `0:0:0:0:0:ffff:${high}:${low}`,
      `::${high}:${low}`,
      `64:ff9b::${high}:${low}`,
      `2002:${high}:${low}::1`
    )
  })
  fc.assert(
    fc.property(fc.oneof(address, mapped), (text) => {
      expect(literal(`[${text}]`)).toBe('its address is not public')
      expect(resolved(text)).toBe('its address is not public')
    }),
    { numRuns: 2000 }
  )
})

describe('URLs', () => {
  test.for([
    ['ftp://hooks.example.org/', 'it is not http or https'],
    ['file:///etc/passwd', 'it is not http or https'],
    ['https://user:word@hooks.example.org/', 'it carries credentials'],
    ['https://user@hooks.example.org/', 'it carries credentials'],
    ['http://localhost/', 'its address is not public'],
    ['http://LOCALHOST./', 'its address is not public'],
    ['http://a.localhost:8080/', 'its address is not public'],
    ['http://hooks.example.org:25/', 'its port belongs to another protocol than HTTP'],
    ['https://hooks.example.org:1023/', 'its port belongs to another protocol than HTTP']
  ] as const)('%s is refused: %s', ([url, reason]) => {
    expect(strict.refusal(new URL(url))).toBe(reason)
  })

  test.for([
    'https://hooks.example.org/',
    'http://hooks.example.org:8080/a?b=c',
    'https://x.org:80/'
  ])('%s is not', (url) => {
    expect(strict.refusal(new URL(url))).toBeUndefined()
  })
})

describe('the allow-list', () => {
  const lenient = createWebTargets([
    '127.0.0.1',
    '10.1.0.0/16',
    'fd00::/8',
    'Hooks.LAN',
    'localhost'
  ])

  test.for([
    ['http://127.0.0.1:81/', '127.0.0.1'],
    ['http://10.1.2.3/', '10.1.2.3'],
    ['http://[fd12::1]/', 'fd12::1'],
    ['http://hooks.lan/', '192.168.1.1'],
    ['http://hooks.lan.:25/', '192.168.1.1'],
    ['http://localhost:9/', '::1'],
    ['https://hooks.example.org/', '10.1.9.9']
  ] as const)('%s at %s is allowed by it', ([url, address]) => {
    expect(lenient.addressRefusal(new URL(url), address)).toBeUndefined()
  })

  test.for([
    ['http://127.0.0.2/', '127.0.0.2'],
    ['http://10.2.0.1/', '10.2.0.1'],
    ['http://a.hooks.lan/', '192.168.1.1'],
    ['http://hooks.example.org/', '192.168.1.1'],
    ['http://hooks.example.org:25/', '10.1.0.1']
  ] as const)('%s at %s is not', ([url, address]) => {
    expect(lenient.addressRefusal(new URL(url), address)).toBeDefined()
  })

  test.for(['127.0.0.1', '::1', '10.0.0.0/8', 'fd00::/8', 'hooks.lan', 'localhost', '0.0.0.0/0'])(
    '"%s" can stand in it',
    (text) => expect(isWebAllowance(text)).toBe(true)
  )

  test.for([
    '',
    'http://x',
    'x:80',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    'a b',
    '0x7f.1',
    '[::1]',
    'x/8'
  ])('"%s" cannot', (text) => expect(isWebAllowance(text)).toBe(false))
})
