/** The names by which people call a time zone that the IANA database does not know. */

/** Names after the zone that they belong to; countries only where one zone serves nearly all. */
const NAMES: Readonly<Record<string, string>> = {
  'America/Chicago': 'Austin, Dallas, Houston, Minneapolis, New Orleans, Central Time, CT',
  'America/Denver': 'Salt Lake City, Albuquerque, Mountain Time, MT',
  'America/Los_Angeles':
    'LA, San Francisco, SF, Seattle, San Diego, Portland, Las Vegas, Silicon Valley, Pacific Time, PT',
  'America/Mexico_City': 'Guadalajara',
  'America/New_York':
    'NYC, Boston, Washington, Washington DC, Philadelphia, Miami, Atlanta, Eastern Time, ET',
  'America/Sao_Paulo': 'Rio, Rio de Janeiro, Brasilia',
  'America/Toronto': 'Ottawa, Montreal, Quebec',
  'America/Vancouver': 'Victoria',
  'America/Argentina/Buenos_Aires': 'Buenos Aires, Argentina',
  'America/Bogota': 'Colombia, Medellin',
  'America/Lima': 'Peru',
  'Africa/Cairo': 'Egypt, Alexandria',
  'Africa/Johannesburg': 'Cape Town, Pretoria, Durban, South Africa',
  'Africa/Lagos': 'Nigeria, Abuja',
  'Africa/Nairobi': 'Kenya',
  'Africa/Casablanca': 'Morocco, Rabat, Marrakesh',
  'Asia/Bangkok': 'Thailand, Phuket',
  'Asia/Dhaka': 'Bangladesh',
  'Asia/Dubai': 'Abu Dhabi, UAE, United Arab Emirates',
  'Asia/Ho_Chi_Minh': 'Saigon, Hanoi, Vietnam',
  'Asia/Hong_Kong': 'HK',
  'Asia/Jakarta': 'Bandung',
  'Asia/Jerusalem': 'Tel Aviv, Israel',
  'Asia/Karachi': 'Islamabad, Lahore, Pakistan',
  'Asia/Kathmandu': 'Nepal',
  'Asia/Kolkata':
    'Mumbai, Delhi, New Delhi, Bangalore, Bengaluru, Chennai, Hyderabad, Pune, India, IST',
  'Asia/Kuala_Lumpur': 'Malaysia, KL',
  'Asia/Manila': 'Philippines',
  'Asia/Riyadh': 'Saudi Arabia, Jeddah, Mecca',
  'Asia/Seoul': 'Korea, South Korea, Busan, KST',
  'Asia/Shanghai': 'Beijing, Peking, Shenzhen, Guangzhou, Chengdu, Hangzhou, Nanjing, Wuhan, China',
  'Asia/Singapore': 'SG',
  'Asia/Taipei': 'Taiwan',
  'Asia/Tehran': 'Iran',
  'Asia/Tokyo': 'Japan, Osaka, Kyoto, Yokohama, Sapporo, Nagoya, Fukuoka, JST',
  'Asia/Yangon': 'Myanmar',
  'Atlantic/Reykjavik': 'Iceland',
  'Australia/Sydney': 'Canberra',
  'Australia/Brisbane': 'Gold Coast',
  'Europe/Amsterdam': 'Netherlands, Rotterdam, The Hague',
  'Europe/Athens': 'Greece',
  'Europe/Berlin':
    'Germany, Munich, München, Hamburg, Cologne, Köln, Frankfurt, Stuttgart, Düsseldorf, Leipzig',
  'Europe/Brussels': 'Belgium, Antwerp',
  'Europe/Bucharest': 'Romania',
  'Europe/Budapest': 'Hungary',
  'Europe/Copenhagen': 'Denmark',
  'Europe/Dublin': 'Ireland',
  'Europe/Helsinki': 'Finland',
  'Europe/Istanbul': 'Turkey, Ankara',
  'Europe/Kyiv': 'Kiev, Ukraine, Lviv',
  'Europe/Lisbon': 'Porto',
  'Europe/London': 'UK, England, Scotland, Edinburgh, Manchester, Birmingham, Cambridge, Oxford',
  'Europe/Madrid': 'Barcelona, Valencia, Seville',
  'Europe/Moscow': 'Saint Petersburg, St Petersburg',
  'Europe/Oslo': 'Norway, Bergen',
  'Europe/Paris': 'France, Lyon, Marseille, Toulouse, Nice',
  'Europe/Prague': 'Czechia, Czech Republic, Brno',
  'Europe/Rome': 'Italy, Milan, Naples, Turin, Florence, Venice',
  'Europe/Stockholm': 'Sweden, Gothenburg',
  'Europe/Vienna': 'Austria, Wien, Salzburg, Graz',
  'Europe/Warsaw': 'Poland, Krakow, Gdansk',
  'Europe/Zurich': 'Switzerland, Geneva, Bern, Basel, Lausanne',
  'Pacific/Auckland': 'Wellington, Christchurch, New Zealand',
  'Pacific/Honolulu': 'Hawaii',
  UTC: 'Zulu, Z, Universal Time'
}

export interface Place {
  /** As people read it: `New York`. */
  readonly name: string
  /** What `Intl` takes: an IANA identifier or an offset such as `+05:30`. */
  readonly zone: string
}

export interface Places {
  find(text: string): Place | undefined
  /** Every name that {@link find} knows, for suggestions. */
  readonly names: readonly string[]
}

const IDENTIFIER = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/
const OFFSET = /^(?:utc|gmt)?\s*([+\-−])\s*(\d{1,2})(?::?([0-5]\d))?$/i

export function createPlaces(): Places {
  const known = new Map<string, Place>()
  for (const zone of [...Intl.supportedValuesOf('timeZone'), 'UTC', 'GMT']) {
    const place = { name: nameOf(zone), zone }
    known.set(key(place.name), place)
    known.set(key(zone), place)
  }
  for (const [zone, names] of Object.entries(NAMES)) {
    known.set(key(zone), { name: nameOf(zone), zone })
    if (zone !== 'UTC') known.set(key(nameOf(zone)), { name: nameOf(zone), zone })
    for (const name of names.split(', ')) known.set(key(name), { name, zone })
  }
  return {
    find: (text) => known.get(key(text)) ?? atOffset(text) ?? otherIdentifier(text),
    names: [...new Set(Array.from(known.values(), ({ name }) => name))]
  }
}

/** `America/Argentina/Buenos_Aires` as `Buenos Aires`. */
function nameOf(zone: string): string {
  return zone.slice(zone.lastIndexOf('/') + 1).replaceAll('_', ' ')
}

/** `São Paulo`, `sao_paulo` and `SAO  PAULO` are one. */
function key(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[\s_.]+/g, ' ')
    .trim()
    .toLowerCase()
}

function atOffset(text: string): Place | undefined {
  const [, sign, hours = '', minutes = '00'] = OFFSET.exec(text.trim()) ?? []
  if (sign === undefined || Number(hours) > 23) return undefined
  const zone = `${sign === '+' ? '+' : '-'}${hours.padStart(2, '0')}:${minutes}`
  return { name: `UTC${zone}`, zone }
}

/** Old and alternative identifiers (`US/Pacific`, `EST5EDT`), which `Intl` takes but does not list. */
function otherIdentifier(text: string): Place | undefined {
  const zone = text.trim().replaceAll(' ', '_')
  if (!IDENTIFIER.test(zone)) return undefined
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone }).format(0)
  } catch {
    return undefined
  }
  return { name: nameOf(zone), zone }
}
