import { doubtedFact, type Fact, mapFact, provedFact } from '../fact.js'
import type { KernelCommandLine } from './command-line.js'
import type { GrubText } from './measured-text.js'

/** GRUB's commands that load a Linux kernel; what follows is the kernel's command line. */
const linuxCommands: ReadonlySet<string> = new Set(['linux', 'linuxefi', 'linux16'])
/** GRUB's commands that load something else in place of a Linux kernel. */
const otherLoaders: ReadonlySet<string> = new Set([
  ...['chainloader', 'multiboot', 'multiboot2', 'xen_hypervisor', 'xen_module', 'module', 'module2'],
  ...['kfreebsd', 'knetbsd', 'kopenbsd', 'ntldr', 'freedos', 'plan9', 'truecrypt', 'pxechainloader'],
  ...['appleloader', 'xnu_kernel', 'xnu_kernel64', 'xnu_resume', 'legacy_kernel', 'i386_xen', 'bsd'],
])
/** Words that GRUB lets stand before a command: it then inverts the result or measures the time. */
const commandPrefixes: ReadonlySet<string> = new Set(['!', 'time'])
/** How the name of a file that GRUB opens begins; no command and no assignment does. */
const fileName = /^(\/|\(|\d+\+)/

/**
 * The kernel's command line among the texts that GRUB measured into PCR 8.
 *
 * That a text is a command line, only its label says, and labels are not measured. So it is told by what was measured:
 * GRUB measures `linux IMAGE PARAMETERS` when it runs the command, and then `IMAGE PARAMETERS`. Every text that could be
 * a command line, under whatever label, is looked at: one that follows such a command, one that begins with the name of
 * a file, and one that says that it is a command line. When they are all the same, that one is it, and a liar who adds
 * another gains nothing. That it was GRUB that measured, PCR 4 must tell.
 * @param texts all of PCR 8; verified only when each of its events is such a text
 */
export function grubCommandLine(texts: Fact<readonly GrubText[]>): Fact<KernelCommandLine> {
  const all = texts.verified ? texts.value : (texts.hint ?? [])
  const candidates = findCandidates(all)
  const [first] = candidates.found
  const doubt = (reason: string): Fact<KernelCommandLine> =>
    doubtedFact(reason, first === undefined ? undefined : toCommandLine(first))
  if (!texts.verified) return doubt(texts.reason)
  if (first === undefined) return doubt('GRUB measured no command line of a kernel')
  if (candidates.unfollowed !== undefined) {
    return doubt(
      `GRUB was told to load a kernel by event ${candidates.unfollowed}, but no command line follows`,
    )
  }
  const other = candidates.found.find(({ text }) => plainText(text) !== plainText(first.text))
  if (other !== undefined) {
    return doubt(`events ${first.event} and ${other.event} could both be the command line`)
  }
  const loader = all.find(({ text }) => otherLoaders.has(commandOf(text).name))
  if (loader !== undefined)
    return doubt(`event ${loader.event} has GRUB load something other than a Linux kernel`)
  return mapFact(provedFact(first, first.event), toCommandLine)
}

/** Whether GRUB measured anything that could be a kernel's command line. */
export function hasGrubCommandLine(texts: readonly GrubText[]): boolean {
  return findCandidates(texts).found.length > 0
}

interface Candidates {
  readonly found: readonly GrubText[]
  /** Event of a command to load a kernel that no command line follows. */
  readonly unfollowed: number | undefined
}

function findCandidates(texts: readonly GrubText[]): Candidates {
  const plain = texts.map(({ text }) => plainText(text))
  const lastPlace = new Map(plain.map((text, place) => [text, place]))
  const wanted = new Set<string>()
  let unfollowed: number | undefined
  texts.forEach(({ event, text }, place) => {
    const { name, rest } = commandOf(text)
    if (!linuxCommands.has(name)) return
    if ((lastPlace.get(rest) ?? -1) > place) wanted.add(rest)
    else unfollowed ??= event
  })
  const found = texts.filter(
    ({ label, text }, place) =>
      label !== 'command' || fileName.test(text) || wanted.has(plain[place] as string),
  )
  return { found, unfollowed }
}

/** The command of a text and what stands behind it. GRUB joins the words of a command with one space. */
function commandOf(text: string): { name: string; rest: string } {
  // No recursion: a text may be all prefixes.
  for (let rest = text; ; ) {
    const space = rest.indexOf(' ')
    const name = space === -1 ? rest : rest.slice(0, space)
    rest = space === -1 ? '' : rest.slice(space + 1)
    if (!commandPrefixes.has(name)) return { name, rest }
  }
}

/**
 * A command line as the words that it was made of, joined with spaces, as commands are measured. For a command line GRUB
 * puts quotes around words with spaces, and a backslash before quotes and backslashes, except before `\xNN`.
 * GRUB, `grub_create_loader_cmdline`.
 */
function plainText(text: string): string {
  return text.replaceAll(/\\(?:x[0-9a-fA-F]{2}|([\\'"]))|"/g, (whole, escaped: string | undefined) =>
    whole.startsWith('\\x') ? whole : (escaped ?? ''),
  )
}

function toCommandLine({ text }: GrubText): KernelCommandLine {
  const space = text.indexOf(' ')
  const image = space === -1 ? text : text.slice(0, space)
  return { source: 'grub', text, image, parameters: space === -1 ? '' : text.slice(space + 1) }
}
