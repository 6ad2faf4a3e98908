import { toHex } from '../bytes/index.js'
import { TrustholdError } from '../errors/index.js'
import type { MeasurementLog } from '../measured-boot/index.js'
import { hashFacts } from '../tpm2/index.js'
import type { BaseImage } from './base-image.js'
import { describeDifference, differingPcrs, firstDifference, type ImageDifference } from './difference.js'

/** PCR values of one bank, from a quote that was verified. */
export interface MeasuredState {
  readonly bank: string
  readonly values: ReadonlyMap<number, Uint8Array>
}

/** The image that comes closest to a state which no image matches. */
export interface ClosestImage {
  readonly name: string
  /** PCRs that differ, ascending. */
  readonly pcrs: readonly number[]
  /** PCRs that the image names and the values do not have, ascending. */
  readonly uncovered: readonly number[]
  /** Where each differing PCR leaves the image, in the order of the log; empty without a log. */
  readonly differences: readonly ImageDifference[]
}

/** Whether some image matches. */
export type ImageMatch =
  | { readonly matched: true; readonly image: BaseImage }
  | {
      readonly matched: false
      /** One sentence for a person. */
      readonly reason: string
      readonly closest?: ClosestImage
    }

/** Images of one bank that name the same PCRs, by the joined values of these. */
interface Group {
  readonly bank: string
  readonly pcrs: readonly number[]
  readonly size: number
  readonly byValues: Map<string, Map<string, BaseImage>>
}

/** PCRs of which a reason tells the first difference, at most. */
const maxReported = 4

/** Images that are looked at, at most, to find the closest. */
const maxCandidates = 64

/**
 * Approved base images, found by what was measured. The time of a match depends on how many different sets of PCRs
 * the images name, and not on how many images there are. An empty index matches nothing.
 */
export class BaseImageIndex {
  readonly #images = new Map<string, BaseImage>()
  readonly #groups = new Map<string, Group>()
  /** Images by bank, PCR and value: what finds the closest one. */
  readonly #postings = new Map<string, Set<BaseImage>>()

  /** How many images there are. */
  get size(): number {
    return this.#images.size
  }

  /**
   * Adds an image, which must be one that {@link decodeBaseImage} or {@link captureBaseImage} returned.
   * @throws ALREADY_EXISTS for a name that is there; BASE_IMAGE_INVALID for an image without PCRs
   */
  add(image: BaseImage): void {
    if (this.#images.has(image.name)) {
      throw new TrustholdError('ALREADY_EXISTS', { kind: 'base image', name: image.name })
    }
    if (image.pcrs.length === 0) {
      throw new TrustholdError('BASE_IMAGE_INVALID', {
        path: 'pcrs',
        expected: 'at least one PCR',
        actual: 'none',
      })
    }
    const group = this.#groupOf(image)
    const key = keyOfImage(image)
    const same = group.byValues.get(key) ?? new Map<string, BaseImage>()
    group.byValues.set(key, same.set(image.name, image))
    for (const { pcr, value } of image.pcrs) {
      const posting = postingKey(image.bank, pcr, value)
      this.#postings.set(posting, (this.#postings.get(posting) ?? new Set()).add(image))
    }
    this.#images.set(image.name, image)
  }

  /** Removes an image; false when there is none of that name. */
  remove(name: string): boolean {
    const image = this.#images.get(name)
    if (image === undefined) return false
    this.#images.delete(name)
    const group = this.#groupOf(image)
    const key = keyOfImage(image)
    const same = group.byValues.get(key)
    same?.delete(name)
    if (same?.size === 0) group.byValues.delete(key)
    if (group.byValues.size === 0) this.#groups.delete(groupKey(image))
    for (const { pcr, value } of image.pcrs) {
      const posting = postingKey(image.bank, pcr, value)
      const images = this.#postings.get(posting)
      images?.delete(image)
      if (images?.size === 0) this.#postings.delete(posting)
    }
    return true
  }

  get(name: string): BaseImage | undefined {
    return this.#images.get(name)
  }

  /** All images, in the order in which they were added. */
  list(): readonly BaseImage[] {
    return [...this.#images.values()]
  }

  /**
   * Finds an image all of whose PCRs have their value in the given ones, which may have more. Of several it is the one
   * that was added first.
   * @param log replays to the values; then the explanation of a mismatch names the event
   */
  match(state: MeasuredState, log?: MeasurementLog): ImageMatch {
    for (const group of this.#groups.values()) {
      const key = group.bank === state.bank ? joinValues(group, state.values) : undefined
      const [image] = (key === undefined ? undefined : group.byValues.get(key)?.values()) ?? []
      if (image !== undefined) return { matched: true, image }
    }
    return this.#explain(state, log)
  }

  #groupOf(image: BaseImage): Group {
    const key = groupKey(image)
    const known = this.#groups.get(key)
    if (known !== undefined) return known
    const pcrs = image.pcrs.map(({ pcr }) => pcr)
    const group = { bank: image.bank, pcrs, size: hashFacts(image.bank).size, byValues: new Map() }
    this.#groups.set(key, group)
    return group
  }

  #explain(state: MeasuredState, log: MeasurementLog | undefined): ImageMatch {
    if (this.#images.size === 0) return { matched: false, reason: 'no base image is approved' }
    const image = this.#closest(state)
    if (image === undefined) {
      return {
        matched: false,
        reason: `no base image has anything in common with these ${state.bank} values`,
      }
    }
    const closest = compare(image, state, log)
    return { matched: false, reason: describe(closest), closest }
  }

  /** The image with the fewest differing PCRs among those that share the rarest values with the state. */
  #closest({ bank, values }: MeasuredState): BaseImage | undefined {
    const shared = [...values]
      .map(([pcr, value]) => this.#postings.get(postingKey(bank, pcr, toHex(value))))
      .filter((images): images is Set<BaseImage> => images !== undefined)
      .sort((a, b) => a.size - b.size)
    const candidates = new Set<BaseImage>()
    for (const images of [...shared, this.#images.values()]) {
      let looked = 0
      for (const image of images) {
        if (candidates.size >= maxCandidates || looked++ >= maxCandidates) break
        if (image.bank === bank) candidates.add(image)
      }
    }
    let best: BaseImage | undefined
    let fewest = Number.POSITIVE_INFINITY
    for (const image of candidates) {
      const differing = differingPcrs(image, values).length
      if (differing < fewest) [best, fewest] = [image, differing]
    }
    return best
  }
}

function compare(image: BaseImage, { values }: MeasuredState, log: MeasurementLog | undefined): ClosestImage {
  const differing = differingPcrs(image, values)
  const covered = differing.filter(({ pcr }) => values.has(pcr))
  const differences =
    log?.algorithms.includes(image.bank) === true
      ? covered.map((reference) => firstDifference(image, reference, log))
      : []
  return {
    name: image.name,
    pcrs: covered.map(({ pcr }) => pcr),
    uncovered: differing.map(({ pcr }) => pcr).filter((pcr) => !values.has(pcr)),
    differences: differences.sort((a, b) => placeOf(a) - placeOf(b)),
  }
}

/** What the log does not place comes last. */
function placeOf({ event }: ImageDifference): number {
  return event ?? Number.MAX_SAFE_INTEGER
}

function describe({ name, pcrs, uncovered, differences }: ClosestImage): string {
  const parts = [
    ...(pcrs.length === 0 ? [] : [`PCR ${pcrs.join(', ')} ${pcrs.length === 1 ? 'differs' : 'differ'}`]),
    ...(uncovered.length === 0 ? [] : [`PCR ${uncovered.join(', ')} is not quoted`]),
    ...differences.slice(0, maxReported).map(describeDifference),
  ]
  return `no base image matches; closest is ${JSON.stringify(name)}: ${parts.join('; ')}`
}

function groupKey({ bank, pcrs }: BaseImage): string {
  return `${bank}:${pcrs.map(({ pcr }) => pcr).join(',')}`
}

function postingKey(bank: string, pcr: number, value: string): string {
  return `${bank}:${pcr}:${value}`
}

function keyOfImage({ pcrs }: BaseImage): string {
  return pcrs.map(({ value }) => value).join('')
}

/** The key of a state in a group; undefined when it lacks a PCR, or has one of another length. */
function joinValues({ pcrs, size }: Group, values: ReadonlyMap<number, Uint8Array>): string | undefined {
  const joined = new Uint8Array(pcrs.length * size)
  let at = 0
  for (const pcr of pcrs) {
    const value = values.get(pcr)
    // Of fixed length, so that no two states have one key.
    if (value?.length !== size) return undefined
    joined.set(value, at)
    at += size
  }
  return toHex(joined)
}
