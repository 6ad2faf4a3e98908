import type { HashAlgorithm } from '../../tpm2/index.js'
import type { EsxiBoot, EsxiModule } from './boot.js'
import type { ImageName, PayloadIndex, PayloadReference } from './payload-table.js'
import { coreModules, esxiPcrs, isUnreferenced, moduleName, placementOf } from './placement.js'

/** A module, and what the approved images know of it. */
export interface ModuleMatch {
  readonly module: EsxiModule
  /**
   * - `found`: the image that was booted has it, and it is measured where it belongs.
   * - `other-image`: only another image has it.
   * - `misplaced`: an image has it, but it is measured into the PCR of another kind of module.
   * - `other-bank`: no image has its digest for this bank, but one has the log's for another. That one is not proved: the
   *   table needs this bank's, from the payload itself.
   * - `empty`: it is an empty file, which says nothing.
   * - `no-reference`: no image has it, and the log calls it a file that is different on each host. It may be anything.
   * - `unknown`: no image has it.
   * - `unproved`: the quote does not prove its PCR.
   */
  readonly status:
    | 'found'
    | 'other-image'
    | 'misplaced'
    | 'other-bank'
    | 'empty'
    | 'no-reference'
    | 'unknown'
    | 'unproved'
  /** What has its digest; of the image that was booted when that has it, else of any. */
  readonly references: readonly PayloadReference[]
  /** The status in words. */
  readonly reason: string
}

/** What was booted, by the approved images. */
export interface ModuleMatches {
  /** The image that all core modules are of, when each of them was measured once and an image has them all. */
  readonly image: ImageName | undefined
  /** Why there is no such image; empty when there is. */
  readonly problems: readonly string[]
  /** Every module and file of options, in the order of the log. */
  readonly modules: readonly ModuleMatch[]
}

/**
 * Looks each module's digest up in the approved images. Names in the log play no part, but to tell files that cannot
 * have a reference. All core modules must be of one image: of several that have them, that with the most others.
 * @param index a table, or {@link payloadIndex} over many
 */
export function matchModules(boot: EsxiBoot, index: PayloadIndex): ModuleMatches {
  const all = [...boot.modules, ...boot.options].toSorted((a, b) => a.event - b.event)
  const looked = all.map((module): Lookup => ({ module, references: lookUp(module, boot.bank, index) }))
  const { candidates, problems } = findImages(looked)
  const image = candidates.toSorted((a, b) => countOf(looked, b) - countOf(looked, a))[0]
  return {
    image,
    problems,
    modules: looked.map((one) => judgeModule(one, boot.bank, index, image)),
  }
}

interface Lookup {
  readonly module: EsxiModule
  readonly references: readonly PayloadReference[]
}

function lookUp(
  { digest }: EsxiModule,
  bank: HashAlgorithm,
  index: PayloadIndex,
): readonly PayloadReference[] {
  return digest.verified ? index.find(bank, digest.value) : []
}

/** Images that have each of the core modules, and in which each of those measured has its own place. */
function findImages(looked: readonly Lookup[]): {
  candidates: readonly ImageName[]
  problems: readonly string[]
} {
  const core = looked.filter(({ module }) => module.pcr === esxiPcrs.core)
  const lost = core.filter(({ references }) => references.length === 0)
  if (lost.length > 0 || core.length === 0) {
    const reasons = lost.map(({ module }) => `event ${module.event} in PCR ${module.pcr} is of no image`)
    return { candidates: [], problems: core.length === 0 ? ['no core module was measured'] : reasons }
  }
  const images = [...new Set(core.flatMap(({ references }) => references.map(({ image }) => image)))]
  const judged = images.map((image) => ({ image, problem: findGap(core, image) }))
  const candidates = judged.filter(({ problem }) => problem === undefined).map(({ image }) => image)
  const problems = judged.flatMap(({ problem }) => (problem === undefined ? [] : [problem]))
  return { candidates, problems: candidates.length === 0 ? problems : [] }
}

function rolesIn(references: readonly PayloadReference[], image: ImageName): readonly string[] {
  return references.filter((one) => one.image === image).map(({ file }) => moduleName(file))
}

/** Why an image is not what the core modules are of; undefined when it is. */
function findGap(core: readonly Lookup[], image: ImageName): string | undefined {
  const roles = core.map(({ module, references }) => ({
    module,
    role: rolesIn(references, image).find((name) => coreModules.includes(name)),
  }))
  const foreign = roles.find(({ role }) => role === undefined)
  if (foreign !== undefined) return `event ${foreign.module.event} is no core module of ${nameOf(image)}`
  const odd = coreModules.find((name) => roles.filter(({ role }) => role === name).length !== 1)
  if (odd === undefined) return undefined
  const count = roles.filter(({ role }) => role === odd).length
  return `the module ${odd} of ${nameOf(image)} was measured ${count} times`
}

function countOf(looked: readonly Lookup[], image: ImageName): number {
  return looked.filter(({ references }) => references.some((one) => one.image === image)).length
}

function judgeModule(
  { module, references }: Lookup,
  bank: HashAlgorithm,
  index: PayloadIndex,
  image: ImageName | undefined,
): ModuleMatch {
  const say = (status: ModuleMatch['status'], reason: string, found = references): ModuleMatch => ({
    module,
    status,
    references: found,
    reason: `event ${module.event}: ${reason}`,
  })
  if (!module.digest.verified) return say('unproved', module.digest.reason)
  const own = references.filter((one) => one.image === image)
  const [reference] = own.length > 0 ? own : references
  if (reference === undefined) return judgeUnfound(module, bank, index, say)
  const placed = (own.length > 0 ? own : references).filter(
    ({ file }) => placementOf(file).pcr === module.pcr,
  )
  if (placed.length === 0)
    return say('misplaced', `${describe(reference)} does not belong in PCR ${module.pcr}`)
  return own.length > 0
    ? say('found', describe(placed[0] ?? reference), placed)
    : say('other-image', `only another image has ${describe(reference)}`, placed)
}

function judgeUnfound(
  module: EsxiModule,
  bank: HashAlgorithm,
  index: PayloadIndex,
  say: (status: ModuleMatch['status'], reason: string, found?: readonly PayloadReference[]) => ModuleMatch,
): ModuleMatch {
  if (module.empty) return say('empty', 'an empty file')
  for (const [other, digest] of module.digests) {
    const references = index.find(other, digest)
    const [reference] = references
    if (reference === undefined) continue
    const reason = `would be ${describe(reference)} by ${other}, but no image has a digest for ${bank}`
    return say('other-bank', reason, references)
  }
  const { name } = module
  if (name !== undefined && isUnreferenced(name))
    return say('no-reference', `'${name}', which no package has`)
  return say(
    'unknown',
    name === undefined ? 'no image has it' : `no image has it; the log calls it '${name}'`,
  )
}

function describe({ file, vib, image }: PayloadReference): string {
  return `${file} of ${vib === undefined ? '' : `${vib.name} ${vib.version}, `}${nameOf(image)}`
}

function nameOf({ name }: ImageName): string {
  return `image '${name}'`
}
