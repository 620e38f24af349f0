/** The places of what is told for as long as somebody listens, as over `/v1/live`: how many are connected, who of them is a stranger still, and how many are one owner's. */

export interface PlacesInit {
  readonly most: number
  /** Of them, those that have not said yet who they are. */
  readonly strangers: number
}

export interface Place {
  /** Whose it is: the first one who says so. @returns false when that one has no room for another */
  claim(owner: string): boolean
  leave(): void
}

export interface Places {
  /** For that owner; without one, for a stranger. */
  hasRoom(owner: string | undefined): boolean
  take(owner: string | undefined): Place
}

/** Else one credential, once lost, could keep out everybody else. */
const OWNER_SHARE = 1 / 4

export function createPlaces({ most, strangers: mostStrangers }: PlacesInit): Places {
  const byOwner = new Map<string, number>()
  let taken = 0
  let strangers = 0

  const isFull = (owner: string): boolean => (byOwner.get(owner) ?? 0) >= most * OWNER_SHARE

  function count(owner: string | undefined, difference: 1 | -1): void {
    if (owner === undefined) {
      strangers += difference
      return
    }
    const places = (byOwner.get(owner) ?? 0) + difference
    if (places === 0) byOwner.delete(owner)
    else byOwner.set(owner, places)
  }

  return {
    hasRoom: (owner) =>
      taken < most && (owner === undefined ? strangers < mostStrangers : !isFull(owner)),
    take(first) {
      let owner = first
      let isLeft = false
      taken += 1
      count(owner, 1)
      return {
        claim(claimant) {
          // Its credential may have been looked at until now.
          if (isLeft || owner !== undefined) return true
          if (isFull(claimant)) return false
          count(owner, -1)
          owner = claimant
          count(owner, 1)
          return true
        },
        leave() {
          if (isLeft) return
          isLeft = true
          taken -= 1
          count(owner, -1)
        }
      }
    }
  }
}
