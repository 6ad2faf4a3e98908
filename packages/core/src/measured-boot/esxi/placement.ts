/** PCRs of the boot loader: the updater, the core of the system, what does not change, and what does. */
export const esxiPcrs = { update: 11, core: 12, static: 13, variable: 14 } as const

/** The PCRs that ESXi's boot loader measures into. */
export const esxiPcrNumbers: readonly number[] = Object.values(esxiPcrs)

/** Modules that the system consists of, by file name without extension. ESXi boot loader, `tpm.c`. */
export const coreModules: readonly string[] = ['b', 'k', 's', 'sb']
const updateModule = 'esxupdt'
/** Modules that have a version record of their own. */
export const versionedModules: readonly string[] = ['b', 'k']

/**
 * Files of the boot bank that no package has: state and settings of the host, lists and left-overs of its installer.
 * So no image has a digest for them.
 */
const unreferenced: ReadonlySet<string> = new Set([
  'state.tgz',
  'local.tgz',
  'onetime.tgz',
  'jumpstrt.gz',
  'useropts.gz',
  'features.gz',
  'imgdb.tgz',
  'imgpayld.tgz',
  'basemisc.tgz',
  'resvibs.tgz',
  'esxiodpt.tgz',
])

/** How the boot loader measures a module of some name. */
export interface ModulePlacement {
  readonly pcr: number
  readonly kind: 'module' | 'boot-option'
}

/** A file's name without its folders. */
function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** A file's name without folders and extension, by which the boot loader tells its core modules. */
export function moduleName(path: string): string {
  const name = baseName(path)
  const dot = name.lastIndexOf('.')
  return dot === -1 ? name : name.slice(0, dot)
}

/** Where the boot loader measures a file of this name, by its own rules: names first, then the extension. */
export function placementOf(path: string): ModulePlacement {
  const name = moduleName(path)
  if (coreModules.includes(name)) return { pcr: esxiPcrs.core, kind: 'module' }
  if (name === updateModule) return { pcr: esxiPcrs.update, kind: 'module' }
  return path.endsWith('.gz')
    ? { pcr: esxiPcrs.variable, kind: 'boot-option' }
    : { pcr: esxiPcrs.static, kind: 'module' }
}

/**
 * Whether files of this name differ from host to host, or come from no package. The name is only what the log says:
 * whoever writes the log can call anything `state.tgz`.
 */
export function isUnreferenced(path: string): boolean {
  return unreferenced.has(baseName(path))
}
